#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""Checks our shell scripts with shellcheck."""

import os
import subprocess
import sys

import tree


def is_shell_script(path):
    with open(path, "rb") as file:
        first = file.readline()
    return first.startswith(b"#!") and first.rstrip().endswith((b"sh", b"bash"))


def main():
    root = sys.argv[1]
    scripts = ["dev", os.path.join(".ci", "run")]
    scripts += [name for name in tree.files(root, "") if "." not in os.path.basename(name)]
    scripts = [name for name in scripts if is_shell_script(os.path.join(root, name))]
    result = subprocess.run(
        ["shellcheck", "--format=gcc", *scripts], cwd=root, stdout=subprocess.PIPE, text=True
    )
    tree.finish(result.stdout.splitlines(), "shellcheck explains each by its number: SC….")


main()
