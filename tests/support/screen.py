# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""Real viewers on a real, if virtual, X screen: started, looked at and steered from outside."""
import io
import os
import pathlib
import subprocess

from PIL import Image, ImageChops

CURSOR_MAX_PX = 64


def open_picture(data):
    with Image.open(io.BytesIO(data)) as picture:
        return picture.convert("RGB")


def same_pixels(one, other):
    return one.size == other.size and one.tobytes() == other.tobytes()


def same_but_for_cursor(captured, screendump):
    """gvnccapture knows no cursor, so it gets one in the picture; QEMU's picture has none."""
    if captured.size != screendump.size:
        return False
    different = ImageChops.difference(captured, screendump).getbbox()
    if different is None:
        return True
    left, top, right, bottom = different
    return max(right - left, bottom - top) <= CURSOR_MAX_PX


def capture_by_vnc(port, folder):
    """What a viewer that connects anew gets; None if it gets nothing."""
    path = pathlib.Path(folder) / "capture.png"
    path.unlink(missing_ok=True)
    command = ["gvnccapture", "-q", f"127.0.0.1:{port - 5900}", path]
    subprocess.run(command, check=False, timeout=60)
    return open_picture(path.read_bytes()) if path.exists() else None


class XScreen:
    """An X server without a monitor and without a window manager."""

    def __init__(self, width, height):
        reader, writer = os.pipe()
        with open(reader, encoding="ascii") as numbers:
            self.process = subprocess.Popen(
                ["Xvfb", "-displayfd", str(writer), "-nolisten", "tcp", "-noreset"]
                + ["-screen", "0", f"{width}x{height}x24"],
                pass_fds=[writer],
                stderr=subprocess.DEVNULL,
            )
            os.close(writer)
            number = numbers.readline().strip()
        if not number:
            raise RuntimeError("Xvfb did not start")
        self.environment = dict(os.environ, DISPLAY=f":{number}")

    def run(self, *command):
        return subprocess.run(
            command, env=self.environment, check=True, stdout=subprocess.PIPE, timeout=60
        ).stdout

    def spawn(self, *command):
        return subprocess.Popen(command, env=self.environment)

    def picture(self):
        return open_picture(self.run("import", "-window", "root", "png:-"))

    def close(self):
        self.process.terminate()
        self.process.wait()


class TigerVnc:
    """TigerVNC's viewer, told to ask for exact pixels and never to connect again by itself."""

    def __init__(self, screen, port, *options):
        self.screen = screen
        self.port = port
        self.process = screen.spawn(
            "vncviewer",
            "-Shared",
            "-RemoteResize=0",
            "-AutoSelect=0",
            "-NoJPEG=1",
            "-ReconnectOnError=0",
            "-AlertOnFatalError=0",
            *options,
            f"127.0.0.1::{port}",
        )

    def window(self):
        """The number of its window, or None before it has one."""
        if self.process.poll() is not None:
            raise RuntimeError(f"vncviewer ended with status {self.process.returncode}")
        found = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--name", "TigerVNC"],
            env=self.screen.environment,
            check=False,
            stdout=subprocess.PIPE,
        )
        return found.stdout.split()[0].decode() if found.stdout else None

    def picture(self):
        window = self.window()
        if window is None:
            return None
        return open_picture(self.screen.run("import", "-window", window, "png:-"))

    def press_key(self, name):
        self.screen.run("xdotool", "windowfocus", "--sync", self.window(), "key", name)

    def click(self, x, y):
        place = ["mousemove", "--window", self.window(), str(x), str(y)]
        self.screen.run("xdotool", *place, "click", "1")

    def connections(self):
        """The local ports of its connections to the server: a new connection has a new one."""
        mine = set()
        for entry in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir():
            target = os.readlink(entry)
            if target.startswith("socket:["):
                mine.add(target[len("socket:[") : -1])
        ports = set()
        for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            local, remote, inode = fields[1], fields[2], fields[9]
            if inode in mine and int(remote.split(":")[1], 16) == self.port:
                ports.add(int(local.split(":")[1], 16))
        return ports

    def close(self):
        self.process.terminate()
        self.process.wait()
