#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""headers.py ROOT BUILD: every header compiles alone, and twice in a row."""

import json
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from tree import files, finish

# What takes an argument of its own and concerns the output.
DROPPED_WITH_ARGUMENT = {"-o", "-MF", "-MQ", "-MT"}
DROPPED = {"-c", "-MD", "-MMD"}


def read_compiler(build):
    """(folder to run in, compiler and flags): any source's, with the include folders of all."""
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        entries = json.load(file)
    command = []
    for entry in entries:
        words = iter(shlex.split(entry["command"]))
        for word in words:
            if word in DROPPED_WITH_ARGUMENT:
                next(words)
            elif word in DROPPED or word == entry["file"] or word in command:
                continue
            elif entry is entries[0] or word.startswith("-I"):
                command.append(word)
    return entries[0]["directory"], command


def compile_alone(folder, command, header):
    result = subprocess.run(
        command + ["-fdiagnostics-color=never", "-fsyntax-only", "-x", "c", "-"],
        cwd=folder,
        input=f'#include "{header}"\n' * 2,
        capture_output=True,
        text=True,
    )
    return f"{header}:\n{result.stderr}" if result.returncode else None


def main():
    root, build = sys.argv[1:]
    compiler = read_compiler(build)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        outcomes = pool.map(lambda header: compile_alone(*compiler, header), files(root, ".h"))
    finish(
        [outcome for outcome in outcomes if outcome],
        "A header includes what its own declarations need.",
    )


main()
