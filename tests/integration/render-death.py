#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""vitrine-render killed, and stopped: viewers stay connected and have a picture again.

Usage: render-death.py VITRINE VITRINE-RENDER [NAME-OF-TEST…]
"""
import functools
import os
import pathlib
import signal
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent / "clients")]

import rfb_client as rfb  # noqa: E402
from daemon import PATIENCE_SECONDS, Vitrine  # noqa: E402
from rfb_client import RfbClient  # noqa: E402
from tap import comment, run_tests  # noqa: E402
from wait import wait_until  # noqa: E402
from watcher import Watcher  # noqa: E402

SETTINGS = {"pattern.size": "640x400", "pattern.rate-hz": 60, "pattern.script": "typing"}


class Tests:
    def __init__(self, vitrine, render):
        self.start = functools.partial(Vitrine, vitrine, render)

    def _survives(self, number):
        with self.start(SETTINGS) as daemon, Watcher(daemon.socket, rfb.TIGHT) as watcher:
            wait_until("the viewer gets updates", PATIENCE_SECONDS, lambda: watcher.updates() > 3)
            for _ in range(3):
                old = daemon.render_pid()
                began = time.monotonic()
                os.kill(old, number)
                wait_until(
                    "there is another vitrine-render",
                    PATIENCE_SECONDS,
                    lambda old=old: daemon.render_pid() not in (None, old),
                )
                shown = watcher.stamp()[0]
                wait_until(
                    "the viewer has a new picture",
                    PATIENCE_SECONDS,
                    lambda shown=shown: watcher.stamp()[0] > shown,
                )
                comment(f"a picture again after {time.monotonic() - began:.3f} s")
                assert watcher.is_alive()

    def killed(self):
        self._survives(signal.SIGKILL)

    def stopped(self):
        self._survives(signal.SIGSTOP)

    def still_picture_is_complete(self):
        """What was shown before is shown again, whole, to old viewers and new ones."""
        settings = {**SETTINGS, "pattern.script": "still"}
        with self.start(settings) as daemon, RfbClient(daemon.socket) as client:
            client.set_encodings(rfb.ZRLE, rfb.CURSOR_WITH_ALPHA)
            expected = client.refresh().copy()
            os.kill(daemon.render_pid(), signal.SIGKILL)
            assert client.refresh().tobytes() == expected.tobytes()
            with RfbClient(daemon.socket) as other:
                other.set_encodings(rfb.ZRLE, rfb.CURSOR_WITH_ALPHA)
                wait_until(
                    "a new viewer gets the picture",
                    PATIENCE_SECONDS,
                    lambda: other.refresh().tobytes() == expected.tobytes(),
                )

    def leaves_no_fd(self):
        """A slate or another buffer may be kept, of which there is one; not one a death."""
        deaths, kept = 20, 5
        with self.start(SETTINGS) as daemon, Watcher(daemon.socket, rfb.TIGHT) as watcher:
            wait_until("the viewer gets updates", PATIENCE_SECONDS, lambda: watcher.updates() > 3)
            before = daemon.count_fds()
            for _ in range(deaths):
                old = daemon.render_pid()
                os.kill(old, signal.SIGKILL)
                wait_until(
                    "there is another vitrine-render",
                    PATIENCE_SECONDS,
                    lambda old=old: daemon.render_pid() not in (None, old),
                )
            wait_until(
                f"there are {before} fds again",
                PATIENCE_SECONDS,
                lambda: daemon.count_fds() <= before + kept,
            )

    def all(self):
        return [
            ("killed, it is started again", self.killed),
            ("stopped, it is replaced", self.stopped),
            ("a still picture is whole again", self.still_picture_is_complete),
            ("its deaths leave no fd", self.leaves_no_fd),
        ]


def main():
    wanted = sys.argv[3:]
    tests = Tests(*sys.argv[1:3]).all()
    return run_tests([each for each in tests if not wanted or each[1].__name__ in wanted])


if __name__ == "__main__":
    sys.exit(main())
