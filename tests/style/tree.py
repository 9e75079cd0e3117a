# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""What the checks share: which files are ours, and how a check ends."""

import os
import sys

FLOORS = ["config", "sources", "encoders", "server"]  # lowest first
FOLDERS = FLOORS + ["tests"]


def files(root, *endings):
    """The paths, from the root, of our files with one of these endings; sorted."""
    found = []
    for folder in FOLDERS:
        for path, folders, names in os.walk(os.path.join(root, folder)):
            folders[:] = [name for name in folders if name != "__pycache__"]
            found += [
                os.path.relpath(os.path.join(path, name), root)
                for name in names
                if name.endswith(endings)
            ]
    return sorted(found)


def lines(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read().splitlines()


def finish(offences, rule):
    """Prints the offences with the rule that they break, and ends with 1 if there are any."""
    for offence in offences:
        print(offence)
    if offences:
        print(f"\nOffences: {len(offences)}. {rule}")
    sys.exit(1 if offences else 0)
