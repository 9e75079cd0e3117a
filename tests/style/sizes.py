#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""sizes.py ROOT: no file and no function grows beyond what one can hold in mind."""

import subprocess
import sys

from tree import files, finish, lines

MAX_FILE_LINES = 800
MAX_FUNCTION_LINES = 80
MAX_MAIN_LINES = 60

# "path" or "path:function" → why its size is right.
EXCEPTIONS = {
    "config/config-keys.c": "the one table of keys",
}


def is_exempt(path, function=None):
    name = f"{path}:{function}" if function else path
    return name in EXCEPTIONS or path.endswith("-table.c")


def functions(root, paths):
    """(path, name, first line, number of lines) of every C function."""
    listing = subprocess.run(
        ["ctags", "--languages=C", "--c-kinds=f", "--fields=ne", "--excmd=number", "-f", "-", "-L", "-"],
        cwd=root,
        input="\n".join(paths),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for tag in listing.splitlines():
        name, path, _, *fields = tag.split("\t")
        numbers = dict(field.split(":", 1) for field in fields)
        if "end" in numbers:
            first = int(numbers["line"])
            yield path, name, first, int(numbers["end"]) - first + 1


def main():
    root = sys.argv[1]
    offences = [
        f"{path}: {len(lines(root, path))} lines, at most {MAX_FILE_LINES}"
        for path in files(root, ".c", ".h", ".py")
        if len(lines(root, path)) > MAX_FILE_LINES and not is_exempt(path)
    ]
    n_functions = 0
    for path, name, first, length in functions(root, files(root, ".c", ".h")):
        n_functions += 1
        limit = MAX_MAIN_LINES if name == "main" else MAX_FUNCTION_LINES
        if length > limit and not is_exempt(path, name):
            offences.append(f"{path}:{first}: {name}() has {length} lines, at most {limit}")
    if not n_functions:
        offences.append("ctags found no function at all; it must be universal-ctags")
    finish(offences, "Split by noun; an exception is a line in tests/style/sizes.py with its reason.")


main()
