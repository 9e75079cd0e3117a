#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""Viewers that people use, on the test picture: each shows what is there, and is understood.

Usage: vnc-viewers.py VITRINE VITRINE-RENDER [NAME-OF-TEST…]
"""
import contextlib
import ctypes
import functools
import os
import pathlib
import pty
import subprocess
import sys
import tempfile
import termios

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent / "clients")]

import rfb_client as rfb  # noqa: E402
from daemon import PATIENCE_SECONDS, Vitrine, free_port  # noqa: E402
from PIL import Image, ImageChops, ImageStat  # noqa: E402
from rfb_client import RfbClient  # noqa: E402
from screen import TigerVnc, XScreen, capture_by_vnc, open_picture, same_pixels  # noqa: E402
from tap import comment, run_tests  # noqa: E402
from wait import wait_until  # noqa: E402

HOST = "127.0.0.1"
PASSWORD = "geheim"
KEY_DOWN, BTN_LEFT = 108, 0x110

# With it viewers keep a password in a file; it is published, and hides nothing.
FILE_KEY = bytes([23, 82, 107, 6, 35, 78, 88, 7])


def hidden_password():
    """What a viewer's own password file holds."""
    nettle = ctypes.CDLL("libnettle.so")
    context = ctypes.create_string_buffer(1024)
    hidden = ctypes.create_string_buffer(8)
    key = bytes(int(f"{byte:08b}"[::-1], 2) for byte in FILE_KEY)
    nettle.nettle_des_set_key(context, key)
    text = PASSWORD.encode().ljust(8, b"\0")
    nettle.nettle_des_encrypt(context, ctypes.c_size_t(8), hidden, text)
    return hidden.raw


def echoes(terminal):
    """What is typed before a program turns this off is lost to it."""
    return termios.tcgetattr(terminal)[3] & termios.ECHO


def key_block(picture, code):
    """The colour of the block that the test picture shows for an evdev code: see desktop.c."""
    return picture.getpixel((8 + code % 16 * 28 + 12, picture.height - 28 + 12))


def key_colour(code):
    colour = code * 0x9E3779B1 % (1 << 32) >> 8 & 0x7F7F7F | 0x808080
    return (colour >> 16, colour >> 8 & 0xFF, colour & 0xFF)


class Tests:
    def __init__(self, vitrine, render):
        self.programs = (vitrine, render)

    @contextlib.contextmanager
    def daemon(self, **settings):
        """With a port, a folder, and the picture as it is."""
        port = free_port(HOST)
        everything = {
            "pattern.script": "still",
            "pattern.size": "640x480",
            "vnc.listen": f"{HOST}:{port}",
            **settings,
        }
        with contextlib.ExitStack() as stack:
            folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
            (folder / "password").write_text(PASSWORD + "\n", encoding="ascii")
            (folder / "password").chmod(0o600)
            (folder / "hidden").write_bytes(hidden_password())
            if settings.pop("with_password", None):
                everything.pop("with_password")
                everything["vnc.password-file"] = folder / "password"
            daemon = stack.enter_context(Vitrine(*self.programs, everything))
            daemon.port, daemon.files = port, folder
            password = PASSWORD.encode() if "vnc.password-file" in everything else None
            client = stack.enter_context(RfbClient(daemon.socket, password=password))
            client.set_encodings(rfb.RAW, rfb.CURSOR_WITH_ALPHA, rfb.EXTENDED_DESKTOP_SIZE)
            daemon.viewer, daemon.picture = client, client.refresh().copy()
            daemon.password = password
            yield daemon

    @staticmethod
    def _with_cursor(daemon):
        """The picture that a viewer gets which knows no cursor encoding."""
        with RfbClient(daemon.socket, password=daemon.password) as client:
            client.set_encodings(rfb.RAW)
            return client.refresh()

    @staticmethod
    @contextlib.contextmanager
    def tiger(daemon, *options):
        with contextlib.ExitStack() as stack:
            screen = XScreen(1024, 768)
            stack.callback(screen.close)
            viewer = TigerVnc(screen, daemon.port, *options)
            stack.callback(viewer.close)
            wait_until("TigerVNC has a window", PATIENCE_SECONDS, viewer.window)
            yield viewer

    # gvnccapture

    def gvnccapture(self):
        with self.daemon() as daemon:
            got = capture_by_vnc(daemon.port, daemon.files)
            assert got and same_pixels(got, self._with_cursor(daemon))

    def gvnccapture_password(self):
        """It reads the password from the terminal that it belongs to."""
        with self.daemon(with_password=True) as daemon:
            path = daemon.files / "capture.png"
            command = ["gvnccapture", "-q", f"{HOST}:{daemon.port - 5900}", str(path)]
            pid, terminal = pty.fork()
            if pid == 0:
                os.execvp(command[0], command)
            wait_until("it asks", PATIENCE_SECONDS, lambda: not echoes(terminal))
            os.write(terminal, PASSWORD.encode() + b"\n")
            # When it has ended its terminal is gone.
            with contextlib.suppress(OSError):
                while said := os.read(terminal, 4096):
                    comment(said.decode(errors="replace").strip())
            os.close(terminal)
            _, status = os.waitpid(pid, 0)
            assert status == 0, f"gvnccapture ended with {status}"
            got = open_picture(path.read_bytes())
            assert same_pixels(got, self._with_cursor(daemon))

    # vncsnapshot, which speaks RFB 3.3

    def _snapshot(self, daemon, *options):
        path = daemon.files / "snapshot.jpg"
        display = f"{HOST}:{daemon.port - 5900}"
        command = ["vncsnapshot", "-quiet", "-quality", "100", *options, display, path]
        subprocess.run(command, check=True, timeout=PATIENCE_SECONDS, stdout=subprocess.DEVNULL)
        with Image.open(path) as picture:
            got = picture.convert("RGB")
        assert rfb.read_stamp(got) == rfb.read_stamp(daemon.picture)
        # It writes JPEG, so pixels are only nearly the same.
        difference = ImageStat.Stat(ImageChops.difference(got, daemon.picture))
        assert max(difference.mean) < 3, difference.mean

    def vncsnapshot(self):
        with self.daemon() as daemon:
            self._snapshot(daemon)

    def vncsnapshot_password(self):
        with self.daemon(with_password=True) as daemon:
            self._snapshot(daemon, "-passwd", daemon.files / "hidden")

    # TigerVNC

    def tigervnc(self):
        with self.daemon() as daemon, self.tiger(daemon) as viewer:

            def shows_it():
                picture = viewer.picture()
                return picture and same_pixels(picture, daemon.picture)

            wait_until("TigerVNC shows the picture", PATIENCE_SECONDS, shows_it)

    def tigervnc_password(self):
        with self.daemon(with_password=True) as daemon:
            with self.tiger(daemon, f"-PasswordFile={daemon.files / 'hidden'}") as viewer:

                def shows_it():
                    picture = viewer.picture()
                    return picture and same_pixels(picture, daemon.picture)

                wait_until("TigerVNC shows the picture", PATIENCE_SECONDS, shows_it)

    def tigervnc_input(self):
        with self.daemon() as daemon, self.tiger(daemon) as viewer:
            seen = set()

            def is_shown(code):
                daemon.viewer.refresh()
                return key_block(daemon.viewer.picture, code) == key_colour(code)

            for code, press, release in (
                (KEY_DOWN, ("keydown", "Down"), ("keyup", "Down")),
                (BTN_LEFT, ("mousedown", "1"), ("mouseup", "1")),
            ):
                viewer.screen.run("xdotool", "windowfocus", "--sync", viewer.window())
                viewer.screen.run("xdotool", "mousemove", "--window", viewer.window(), "200", "99")
                viewer.screen.run("xdotool", *press)
                check = functools.partial(is_shown, code)
                wait_until(f"{press} arrives", PATIENCE_SECONDS, check)
                viewer.screen.run("xdotool", *release)
                wait_until(f"{release} arrives", PATIENCE_SECONDS, lambda f=check: not f())
                seen.add(code)
            assert len(seen) == 2

    def tigervnc_resizes_the_guest(self):
        with self.daemon() as daemon, self.tiger(daemon, "-RemoteResize=1") as viewer:
            wait_until("TigerVNC shows something", PATIENCE_SECONDS, viewer.picture)
            viewer.screen.run("xdotool", "windowsize", viewer.window(), "800", "600")

            def has_size():
                daemon.viewer.refresh()
                return daemon.viewer.picture.size == (800, 600)

            wait_until("the guest has the window's size", PATIENCE_SECONDS, has_size)
            wait_until(
                "TigerVNC shows the guest's picture",
                PATIENCE_SECONDS,
                lambda: same_pixels(viewer.picture(), daemon.viewer.refresh()),
            )

    def tigervnc_follows_the_guest(self):
        settings = {"pattern.script": "resize", "pattern.size": "480x360"}
        with self.daemon(**settings) as daemon, self.tiger(daemon) as viewer:
            sizes = set()

            def saw_sizes():
                with contextlib.suppress(subprocess.CalledProcessError):
                    picture = viewer.picture()
                    if picture and rfb.read_stamp(picture):
                        sizes.add(picture.size)
                return len(sizes) >= 3

            wait_until("TigerVNC showed three sizes", PATIENCE_SECONDS, saw_sizes)

    def all(self):
        return [
            ("gvnccapture gets the picture", self.gvnccapture),
            ("gvnccapture gets it with a password", self.gvnccapture_password),
            ("vncsnapshot gets the picture", self.vncsnapshot),
            ("vncsnapshot gets it with a password", self.vncsnapshot_password),
            ("TigerVNC shows the picture", self.tigervnc),
            ("TigerVNC shows it with a password", self.tigervnc_password),
            ("TigerVNC's keys and buttons arrive", self.tigervnc_input),
            ("TigerVNC's window sets the guest's size", self.tigervnc_resizes_the_guest),
            ("TigerVNC follows the guest's size", self.tigervnc_follows_the_guest),
        ]


def main():
    wanted = sys.argv[3:]
    tests = Tests(*sys.argv[1:3]).all()
    return run_tests([each for each in tests if not wanted or each[1].__name__ in wanted])


if __name__ == "__main__":
    sys.exit(main())
