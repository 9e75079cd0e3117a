#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""The test machine has the devices that the tests in it need, and can write nothing of the host's."""
import os
import pathlib
import stat
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from tap import run_tests  # noqa: E402


def has_devices():
    for path in ("/dev/udmabuf", "/dev/dma_heap/system", "/dev/dri/card0", "/dev/dri/renderD128"):
        assert stat.S_ISCHR(os.stat(path).st_mode), path


def forgets_writes():
    mounts = pathlib.Path("/proc/self/mounts").read_text().splitlines()
    assert "overlay" in [line.split()[2] for line in mounts if line.split()[1] == "/"], mounts
    (HERE / "written").write_text("into memory only")


sys.exit(
    run_tests(
        [
            ("udmabuf, dma-heap and vgem are there", has_devices),
            ("the host's files are under a layer of memory", forgets_writes),
        ]
    )
)
