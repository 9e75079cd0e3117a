#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""format.py ROOT: what clang-format 14 would leave as it is, with the two lines that open a file.

Other versions of clang-format disagree in details; without this one the check is skipped."""

import os
import re
import shutil
import subprocess
import sys

from tree import files, finish, lines

VERSION = "14"
SKIPPED = 77
OPENING = [
    "/* SPDX-License-Identifier: GPL-2.0-or-later */",
    "/* Copyright 2026 The Vitrine authors */",
]


def find_clang_format():
    for name in (f"clang-format-{VERSION}", "clang-format"):
        program = shutil.which(name)
        if program:
            version = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
            if re.search(rf"version {VERSION}\.", version):
                return program
    return None


def main():
    root = sys.argv[1]
    sources = files(root, ".c", ".h")
    program = find_clang_format()
    if not program:
        print(f"clang-format {VERSION} is not installed")
        sys.exit(SKIPPED)
    result = subprocess.run(
        [program, "--dry-run", "-Werror", *sources],
        cwd=root,
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        text=True,
    )
    found = re.findall(r"^(.*?):(\d+):\d+: error: ", result.stderr, re.MULTILINE)
    first_lines = {path: line for path, line in reversed(found)}
    offences = [
        f"{path}:{line}: clang-format would change it, from here on"
        for path, line in sorted(first_lines.items())
    ]
    if result.returncode and not offences:
        offences = [result.stderr]
    offences += [
        f"{path}:1: does not open with the licence and the copyright, as {sources[0]} does"
        for path in sources
        if lines(root, path)[:2] != OPENING
    ]
    finish(offences, "clang-format -i FILE puts its part right.")


main()
