#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""The daemon on real dmabufs, seen by a VNC viewer of our own, in the test machine.

Usage: vnc-dmabuf.py VITRINE VITRINE-RENDER
"""
import collections
import functools
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent / "clients")]

import rfb_client as rfb  # noqa: E402
from daemon import PATIENCE_SECONDS, Vitrine, count_fds  # noqa: E402
from PIL import ImageChops  # noqa: E402
from rfb_client import RfbClient  # noqa: E402
from tap import run_tests  # noqa: E402
from wait import wait_until  # noqa: E402

MEMORIES = ("udmabuf", "dma-heap")
BUFFERINGS = ("single", "ring", "fresh")
# Bits of red, green and blue, where they are fewer than in the picture that is drawn.
FORMATS = {
    **dict.fromkeys(("XR24", "AR24", "XB24", "AB24", "RX24", "RA24", "BX24", "BA24", "RG24")),
    **dict.fromkeys(("XR30", "XB30", "AR30", "AB30")),
    "RG16": (5, 6, 5),
    "XR15": (5, 5, 5),
}
LOSSLESS = (rfb.RAW, rfb.HEXTILE, rfb.ZLIB, rfb.ZRLE, rfb.TIGHT)
STAMP = (0, 0, rfb.STAMP_COLUMNS * rfb.STAMP_CELL_PX, rfb.STAMP_ROWS * rfb.STAMP_CELL_PX)

TRACING = pathlib.Path("/sys/kernel/tracing")
TRACE_LINE = re.compile(r"^.*-\d+ +\( *(\d+)\) .*sys_ioctl", re.M)
DMA_BUF_IOCTL_SYNC = 0x40086200


def viewer(daemon, *encodings):
    client = RfbClient(daemon.socket)
    client.set_encodings(*encodings, rfb.CURSOR_WITH_ALPHA)
    return client


def without_stamp(picture):
    """The stamp has the time in it."""
    picture = picture.copy()
    picture.paste((0, 0, 0), STAMP)
    return picture


def with_depth(picture, bits):
    """What is left of a picture in channels of so many bits, widened again by repetition."""
    if not bits:
        return picture
    widen = [
        [value >> 8 - n << 8 - n | value >> 8 - n >> 2 * n - 8 for value in range(256)]
        for n in bits
    ]
    return picture.point([value for table in widen for value in table])


class Tests:
    def __init__(self, vitrine, render):
        self.vitrine, self.render = vitrine, render
        self.expected = None

    def start(self, **settings):
        pattern = {f"pattern.{key.replace('_', '-')}": value for key, value in settings.items()}
        return Vitrine(self.vitrine, self.render, pattern)

    def still(self, encoding, **settings):
        with self.start(script="still", size="400x300", **settings) as daemon:
            with viewer(daemon, encoding) as client:
                picture = client.refresh().copy()
                assert client.stamp() and client.stamp()[0] == 1, client.stamp()
                assert encoding in client.rectangles, client.rectangles
                if settings["memory"] != "memfd":
                    assert_shows_dmabufs(daemon)
        return picture

    def format(self, number, memory, name):
        """Encodings and the ways to use buffers take turns."""
        if not self.expected:
            self.expected = without_stamp(self.still(rfb.RAW, memory="memfd"))
        got = self.still(
            LOSSLESS[number % len(LOSSLESS)],
            memory=memory,
            format=name,
            buffering=BUFFERINGS[number % len(BUFFERINGS)],
            bottom_up=("no", "yes")[number % 2],
            padding_bytes=number % 4 * 12,
        )
        expected = with_depth(self.expected, FORMATS[name])
        area = ImageChops.difference(without_stamp(got), expected).getbbox()
        assert area is None, f"pixels differ within {area}"

    def resize(self, memory):
        """New buffers all the time: whoever does not close them has more fds after a while."""
        settings = {"script": "resize", "size": "400x300", "buffering": "fresh", "rate_hz": 20}
        with self.start(memory=memory, **settings) as daemon:
            with viewer(daemon, rfb.TIGHT, rfb.EXTENDED_DESKTOP_SIZE) as client:
                # What is kept of earlier buffers is complete after the first of these rounds.
                self._watch_sizes(client, 3)
                before = [count_fds(pid) for pid in (daemon.pid, daemon.render_pid())]
                self._watch_sizes(client, 3)
                after = [count_fds(pid) for pid in (daemon.pid, daemon.render_pid())]
                assert all(a <= b + 5 for a, b in zip(after, before)), (before, after)

    @staticmethod
    def _watch_sizes(client, changes):
        """A second each."""
        sizes = []

        def saw_sizes():
            client.request(incremental=False)
            client.receive()
            if client.stamp() and sizes[-1:] != [client.picture.size]:
                sizes.append(client.picture.size)
            return len(sizes) > changes

        wait_until("sizes were shown", PATIENCE_SECONDS, saw_sizes)

    def sync(self, memory):
        with SyncCalls() as calls, self.start(memory=memory, script="typing") as daemon:
            render = daemon.render_pid()
            with viewer(daemon, rfb.TIGHT) as client:
                for _ in range(5):
                    client.refresh(incremental=True)
            counts = calls.count()
            assert counts[daemon.pid] >= 10, counts
            assert counts[render] >= 10, counts

            def is_quiet():
                before = calls.count()
                enough = before[daemon.pid] + 20
                wait_until("pictures", PATIENCE_SECONDS, lambda: calls.count()[daemon.pid] > enough)
                return calls.count()[render] == before[render]

            wait_until("nothing is read for nobody", PATIENCE_SECONDS, is_quiet)

    def missing(self):
        command = [self.vitrine, "--set", "pattern.memory=udmabuf", "--set", "vnc.enabled=no"]
        os.rename("/dev/udmabuf", "/dev/udmabuf.away")
        try:
            end = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        finally:
            os.rename("/dev/udmabuf.away", "/dev/udmabuf")
        assert end.returncode != 0 and "/dev/udmabuf" in end.stderr, end


class SyncCalls:
    """The calls of DMA_BUF_IOCTL_SYNC in this machine, counted by process."""

    def __enter__(self):
        if not (TRACING / "trace").exists():
            subprocess.run(["mount", "-t", "tracefs", "tracefs", TRACING], check=True)
        self._tell("options/record-tgid", 1)
        self._tell("events/syscalls/sys_enter_ioctl/filter", f"cmd == {DMA_BUF_IOCTL_SYNC}")
        self._tell("trace", "")
        self._tell("events/syscalls/sys_enter_ioctl/enable", 1)
        return self

    def __exit__(self, *_):
        self._tell("events/syscalls/sys_enter_ioctl/enable", 0)

    @staticmethod
    def _tell(file, value):
        (TRACING / file).write_text(f"{value}\n")

    @staticmethod
    def count():
        """A line of the trace is "comm-thread (process) […"."""
        trace = (TRACING / "trace").read_text()
        return collections.Counter(int(pid) for pid in TRACE_LINE.findall(trace))


def assert_shows_dmabufs(daemon):
    fds = pathlib.Path(f"/proc/{daemon.pid}/fd")
    links = [os.readlink(link) for link in fds.iterdir()]
    assert any(link.startswith("/dmabuf:") for link in links), links
    maps = pathlib.Path(f"/proc/{daemon.render_pid()}/maps").read_text()
    assert "/dmabuf:" in maps, maps


def main():
    tests = Tests(*sys.argv[1:3])
    pairs = [
        (f"{name} in {memory}", functools.partial(tests.format, number, memory, name))
        for memory in MEMORIES
        for number, name in enumerate(FORMATS)
    ]
    for memory in MEMORIES:
        pairs += [
            (f"sizes change in {memory}", functools.partial(tests.resize, memory)),
            (f"{memory} is synchronised, and read for viewers only", functools.partial(tests.sync, memory)),
        ]
    pairs.append(("memory that is not there is a start-up error", tests.missing))
    return run_tests(pairs)


if __name__ == "__main__":
    sys.exit(main())
