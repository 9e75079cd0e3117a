#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""layers.py ROOT: includes go down the floors only. The rules are in `judge()`."""

import os
import re
import sys

from tree import FLOORS, files, finish, lines

# All that the encoders may know of the sources.
FRAME_MODEL = {f"sources/{name}.h" for name in ("buffer", "cursor", "format", "frame", "shm-image")}

# These two put the program together, so they know what there is to choose from.
ASSEMBLERS = {"server/bridge.c", "server/main.c"}

# Folders of one floor that are one program: (who includes, what).
SAME_PROGRAM = {("encoders/render", "encoders/surface"), ("encoders/surface", "encoders/render")}

# Generated, in the root of the build folder.
GENERATED = {"build-config.h"}

INCLUDE = re.compile(r'\s*#\s*include\s+"([^"]+)"')


def is_within(path, folder):
    return path.startswith(folder + "/")


def judge(path, target):
    """Why `path` may not include `target`, or None."""
    folder, target_folder = os.path.dirname(path), os.path.dirname(target)
    floor, target_floor = path.split("/")[0], target.split("/")[0]
    if target in GENERATED:
        return None
    if target_floor not in FLOORS + ["tests"]:
        return "write the path from the root"
    if floor == "tests":
        return None
    if target_floor == "tests":
        return "the product does not know its tests"
    if FLOORS.index(target_floor) > FLOORS.index(floor):
        return f"{target_floor}/ is above {floor}/"
    if target.endswith("-private.h") and folder != target_folder:
        return f"it is private to {target_folder}/"
    if floor == "encoders" and target_floor == "sources" and target not in FRAME_MODEL:
        return "the encoders know only the frame model of sources/"
    if target_folder == target_floor or path in ASSEMBLERS:
        return None
    if target_floor != floor:
        return f"only the bridge knows what is in {target_folder}/"
    if is_within(path, target_folder) or (folder, target_folder) in SAME_PROGRAM:
        return None
    return f"neighbours share only the root of {floor}/"


def main():
    root = sys.argv[1]
    offences = []
    for path in files(root, ".c", ".h"):
        for number, line in enumerate(lines(root, path), 1):
            include = INCLUDE.match(line)
            reason = judge(path, include[1]) if include else None
            if reason:
                offences.append(f'{path}:{number}: includes "{include[1]}": {reason}')
    finish(offences, "The floors are config < sources < encoders < server; see docs/architecture.md.")


main()
