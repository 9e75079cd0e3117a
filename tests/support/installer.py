#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""Debian's graphical installer in a VM: starting it, asking QEMU what it shows, knowing its screens.

As a program, `installer.py wait FOLDER` returns when the VM whose sockets are in FOLDER shows the
installer's first screen, the choice of a language.
"""
import json
import pathlib
import signal
import socket
import subprocess
import sys

from PIL import Image

from wait import wait_until

BOOT_SECONDS = 400


class QmpError(Exception):
    """QEMU refused a command, or is gone."""


class Qmp:
    """One connection to a QMP socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.stream = self.socket.makefile("rw", encoding="utf-8")
        self._read()
        self.command("qmp_capabilities")

    def _read(self):
        line = self.stream.readline()
        if not line:
            raise QmpError("QEMU closed its QMP socket")
        return json.loads(line)

    def command(self, name, **arguments):
        try:
            self.stream.write(json.dumps({"execute": name, "arguments": arguments}) + "\n")
            self.stream.flush()
            while True:
                answer = self._read()
                if "error" in answer:
                    raise QmpError(f"{name}: {answer['error']['desc']}")
                if "return" in answer:
                    return answer["return"]
        except OSError as error:
            raise QmpError(f"{name}: {error}") from error

    def screendump(self, folder):
        """What QEMU itself says that the guest shows, as an RGB image."""
        path = pathlib.Path(folder) / "screendump.ppm"
        self.command("screendump", filename=str(path))
        with Image.open(path) as picture:
            return picture.convert("RGB")

    def close(self):
        self.stream.close()
        self.socket.close()


class Installer:
    """The VM, in a folder of its own that the caller makes and removes."""

    def __init__(self, folder, *qemu_options):
        self.folder = pathlib.Path(folder)
        self.qmp_path = self.folder / "qmp.sock"
        self.qemu_options = qemu_options
        self.process = self.monitor = None

    def start(self):
        script = pathlib.Path(__file__).with_name("start-installer")
        self.process = subprocess.Popen([script, self.folder, *self.qemu_options])
        self.monitor = wait_until("QEMU opens its QMP socket", 30, self._connect)

    def _connect(self):
        if self.process.poll() is not None:
            raise QmpError(f"QEMU ended with status {self.process.returncode}")
        try:
            return Qmp(self.folder / "monitor.sock")
        except (FileNotFoundError, ConnectionRefusedError):
            return None

    def screendump(self):
        return self.monitor.screendump(self.folder)

    def kill(self):
        """As a crash would end it: the sockets stay behind."""
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.monitor.close()
            self.process = self.monitor = None


def is_selection(colour):
    red, green, blue = colour
    return red < 60 and 120 < green < 150 and 110 < blue < 145


def selected_row(picture):
    """(top, bottom) in pixels of the list entry that the installer highlights, or None."""
    x = picture.width * 5 // 9
    rows = [y for y in range(100, picture.height) if is_selection(picture.getpixel((x, y)))]
    return (rows[0], rows[-1]) if rows else None


def wait_for_language_screen(screendump, seconds=BOOT_SECONDS):
    def shows_it():
        picture = screendump()
        return picture if selected_row(picture) else None

    return wait_until("the installer shows its language screen", seconds, shows_it)


def main():
    if len(sys.argv) != 3 or sys.argv[1] != "wait":
        sys.exit("Usage: installer.py wait FOLDER")
    folder = pathlib.Path(sys.argv[2])
    try:
        monitor = Qmp(folder / "monitor.sock")
        wait_for_language_screen(lambda: monitor.screendump(folder))
    except (OSError, QmpError, TimeoutError) as error:
        sys.exit(f"installer.py: {error}")


if __name__ == "__main__":
    main()
