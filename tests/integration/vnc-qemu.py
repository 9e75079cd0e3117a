#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""A real QEMU's firmware screen through VNC: what QEMU's own screendump says, pixel by pixel.

The QEMU is $VIT_TEST_QEMU, or the installed one.

Usage: vnc-qemu.py VITRINE VITRINE-RENDER
"""
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent / "clients")]

import rfb_client as rfb  # noqa: E402
from daemon import PATIENCE_SECONDS, Vitrine  # noqa: E402
from installer import Qmp  # noqa: E402
from rfb_client import RfbClient  # noqa: E402
from tap import run_steps  # noqa: E402
from wait import wait_until  # noqa: E402

LOSSLESS = {
    "Raw": (rfb.RAW,),
    "Hextile": (rfb.HEXTILE,),
    "Zlib": (rfb.ZLIB,),
    "ZRLE": (rfb.ZRLE,),
    "Tight": (rfb.TIGHT, rfb.compression(1)),
}
EXTENSIONS = (rfb.EXTENDED_DESKTOP_SIZE, rfb.CURSOR_WITH_ALPHA, rfb.QEMU_EXTENDED_KEY)


class Machine:
    """QEMU with nothing to boot. One QMP socket is Vitrine's, one is the test's."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.qmp_path = self.folder / "qmp.sock"
        self.process = self.monitor = None

    def start(self):
        for name in ("qmp.sock", "monitor.sock"):
            (self.folder / name).unlink(missing_ok=True)
        sockets = [
            part
            for name in ("qmp.sock", "monitor.sock")
            for part in ("-qmp", f"unix:{self.folder / name},server=on,wait=off")
        ]
        self.process = subprocess.Popen(
            [os.environ.get("VIT_TEST_QEMU", "qemu-system-x86_64"), "-accel", "tcg", "-m", "64"]
            + ["-vga", "std", "-nic", "none", "-display", "dbus,p2p=yes", *sockets]
        )
        self.monitor = wait_until("QEMU listens", PATIENCE_SECONDS, self._connect)

    def _connect(self):
        assert self.process.poll() is None, f"QEMU ended with {self.process.returncode}"
        try:
            return Qmp(self.folder / "monitor.sock")
        except (FileNotFoundError, ConnectionRefusedError):
            return None

    def screendump(self):
        return self.monitor.screendump(self.folder)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.monitor.close()
            self.process = self.monitor = None


class Tests:
    def __init__(self, vitrine, render):
        self.programs = (vitrine, render)
        self.cleanup = contextlib.ExitStack()
        self.machine = Machine(self.cleanup.enter_context(tempfile.TemporaryDirectory()))
        self.cleanup.callback(self.machine.kill)
        self.daemon = self.viewer = self.slate = None

    def _agrees(self, client):
        return client.refresh().tobytes() == self.machine.screendump().tobytes()

    def start(self):
        self.machine.start()
        settings = {"source.type": "qemu", "qemu.qmp": self.machine.qmp_path}
        self.daemon = self.cleanup.enter_context(Vitrine(*self.programs, settings))
        self.viewer = self.cleanup.enter_context(RfbClient(self.daemon.socket))
        self.viewer.set_encodings(rfb.TIGHT, *EXTENSIONS)
        self.viewer.refresh()

    def firmware_has_finished(self):
        """SeaBIOS says that there is nothing to boot; then only the text cursor blinks."""
        seen = []

        def is_still():
            seen.append(self.machine.screendump().tobytes())
            return len(seen) > 40 and len(set(seen[-40:])) <= 2 and any(seen[-1])

        wait_until("only the cursor blinks", PATIENCE_SECONDS, is_still)
        self.machine.monitor.command("stop")
        wait_until("the viewer shows it", PATIENCE_SECONDS, lambda: self._agrees(self.viewer))

    def encodings(self):
        expected = self.machine.screendump().tobytes()
        for name, encodings in LOSSLESS.items():
            with RfbClient(self.daemon.socket) as client:
                client.set_encodings(*encodings, *EXTENSIONS)
                got = client.refresh().tobytes()
                assert got == expected, f"{name} is not what QEMU shows"

    def slate_when_killed(self):
        before = self.viewer.picture.copy()
        self.machine.kill()

        def is_slate():
            picture = self.viewer.refresh()
            return picture.tobytes() != before.tobytes() and any(picture.tobytes())

        wait_until("the viewer shows the slate", PATIENCE_SECONDS, is_slate)
        self.slate = self.viewer.picture.copy()

    def picture_when_back(self):
        self.machine.start()

        def is_back():
            return self.viewer.refresh().tobytes() != self.slate.tobytes() and self._agrees(
                self.viewer
            )

        wait_until("the viewer shows the VM again", PATIENCE_SECONDS, is_back)

    def many_restarts_leave_no_fd(self):
        """One or the other picture may be kept; not one a restart."""
        restarts, kept = 6, 3
        before = self.daemon.count_fds()
        for _ in range(restarts):
            self.slate_when_killed()
            self.picture_when_back()
        wait_until(
            f"there are {before} fds again",
            PATIENCE_SECONDS,
            lambda: self.daemon.count_fds() <= before + kept,
        )

    def steps(self):
        return [
            ("Vitrine attaches to QEMU", self.start),
            ("the viewer shows what QEMU shows", self.firmware_has_finished),
            ("each lossless encoding is exactly that", self.encodings),
            ("a killed VM shows as the slate", self.slate_when_killed),
            ("its return shows on the same connection", self.picture_when_back),
            ("more restarts leave no fd", self.many_restarts_leave_no_fd),
        ]


def main():
    tests = Tests(*sys.argv[1:3])
    with tests.cleanup:
        return run_steps(tests.steps())


if __name__ == "__main__":
    sys.exit(main())
