#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""The main job on real parts: QEMU boots Debian's installer, Vitrine shows it, viewers steer it.

What viewers get is compared, pixel for pixel, with what QEMU itself says that the guest shows. The
QEMU is $VIT_TEST_QEMU. The VM takes a minute to boot without KVM, so one boot serves all steps.

Usage: installer-by-vnc.py VITRINE VITRINE-RENDER OUTPUT-FOLDER
"""
import contextlib
import pathlib
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))

from daemon import Vitrine, free_port  # noqa: E402
from installer import Installer, selected_row, wait_for_language_screen  # noqa: E402
from screen import (  # noqa: E402
    TigerVnc,
    XScreen,
    capture_by_vnc,
    same_but_for_cursor,
    same_pixels,
)
from tap import note, run_steps  # noqa: E402
from wait import wait_until  # noqa: E402

# Where the installer has its button "Continue", from the lower right corner.
CONTINUE_FROM_RIGHT_PX = 62
CONTINUE_FROM_BOTTOM_PX = 26
# Its headline: (left, top, right, bottom).
HEADLINE_PX = (0, 80, 640, 110)
STEP_SECONDS = 60


class InstallerByVnc:
    def __init__(self, vitrine, render, output):
        self.programs = vitrine, render
        self.output = pathlib.Path(output)
        self.output.mkdir(parents=True, exist_ok=True)
        self.port = free_port("127.0.0.1")
        self.cleanup = contextlib.ExitStack()
        self.folder = self.cleanup.enter_context(tempfile.TemporaryDirectory(prefix="vitrine-"))
        self.vm = Installer(self.folder, "-nic", "none")
        self.daemon = self.viewer = self.connections = self.slate = None

    def save(self, name, picture):
        picture.save(self.output / f"{name}.png", optimize=True)

    def wait_for_agreement(self, name, get_picture, agree_on=same_pixels, differs_from=None):
        """Until a viewer and QEMU show the same; the picture changes under both, so ask again."""
        pair = {}

        def agree():
            pair["expected"] = self.vm.screendump()
            pair["got"] = get_picture()
            if pair["got"] is None or not agree_on(pair["got"], pair["expected"]):
                return None
            if differs_from and same_pixels(pair["got"], differs_from):
                return None
            return pair["got"]

        try:
            picture = wait_until(f"{name} is what QEMU shows", STEP_SECONDS, agree)
        except TimeoutError:
            for kind, picture in pair.items():
                if picture:
                    self.save(f"{name}-{kind}", picture)
            raise
        self.save(name, picture)
        return picture

    def capture(self):
        return capture_by_vnc(self.port, self.folder)

    # The steps.

    def start(self):
        self.vm.start()
        self.cleanup.callback(self.vm.kill)
        settings = {
            "source.type": "qemu",
            "qemu.qmp": self.vm.qmp_path,
            "vnc.listen": f"127.0.0.1:{self.port}",
            "vnc.share": "shared",  # gvnccapture asks to be alone
        }
        self.daemon = self.cleanup.enter_context(Vitrine(*self.programs, settings))
        wait_until("a viewer gets a picture", STEP_SECONDS, self.capture)

        screen = XScreen(1400, 900)
        self.cleanup.callback(screen.close)
        self.viewer = TigerVnc(screen, self.port)
        self.cleanup.callback(self.viewer.close)
        wait_until("TigerVNC opens its window", STEP_SECONDS, self.viewer.window)
        self.connections = self.viewer.connections()
        assert len(self.connections) == 1, self.connections

    def language_screen(self):
        wait_for_language_screen(self.vm.screendump)
        self.wait_for_agreement("language-gvnccapture", self.capture, same_but_for_cursor)
        self.wait_for_agreement("language-tigervnc", self.viewer.picture)

    def key_moves_selection(self):
        before = selected_row(self.viewer.picture())
        self.viewer.press_key("Down")

        def moved_down():
            row = selected_row(self.viewer.picture())
            return row and row[0] > before[0]

        wait_until("the selection moves down", STEP_SECONDS, moved_down)
        self.wait_for_agreement("after-key", self.viewer.picture)

    def click_continues(self):
        before = self.viewer.picture()
        self.viewer.click(
            before.width - CONTINUE_FROM_RIGHT_PX, before.height - CONTINUE_FROM_BOTTOM_PX
        )

        def is_next_screen():
            picture = self.viewer.picture()
            headlines = [each.crop(HEADLINE_PX) for each in (picture, before)]
            return selected_row(picture) and not same_pixels(*headlines)

        wait_until("the installer shows its next screen", STEP_SECONDS, is_next_screen)
        self.wait_for_agreement("after-click", self.viewer.picture)

    def slate_when_vm_is_killed(self):
        last = self.viewer.picture()
        self.vm.kill()

        def is_slate():
            picture = self.viewer.picture()
            if not picture or same_pixels(picture, last):
                return None
            # Nobody can say what it should be, but a new viewer must get the same.
            other = self.capture()
            return picture if other and same_but_for_cursor(other, picture) else None

        self.slate = wait_until("both viewers show the slate", STEP_SECONDS, is_slate)
        self.save("slate", self.slate)
        assert self.viewer.connections() == self.connections

    def picture_when_vm_is_back(self):
        self.vm.start()
        self.wait_for_agreement("vm-is-back", self.viewer.picture, differs_from=self.slate)
        assert self.viewer.connections() == self.connections

    def steps(self):
        return [
            ("Vitrine and its viewers start", self.start),
            ("viewers show the language screen, pixel for pixel", self.language_screen),
            ("the Down key moves the selection", self.key_moves_selection),
            ("a click on Continue shows the next screen", self.click_continues),
            ("a killed VM shows as the slate", self.slate_when_vm_is_killed),
            ("the VM's return shows on the same connection", self.picture_when_vm_is_back),
        ]


def main():
    test = InstallerByVnc(*sys.argv[1:4])
    with test.cleanup:
        status = run_steps(test.steps())
        if status and test.daemon:
            note(test.daemon.log())
        return status


if __name__ == "__main__":
    sys.exit(main())
