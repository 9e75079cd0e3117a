#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""keys.py ROOT PRINT-KEYS [--update]: the sample file and vitrine.conf(5) say what the table says.

The table of config/config-keys.c is written out as both documents have it, and compared; with
--update the documents are rewritten instead."""

import difflib
import itertools
import os
import subprocess
import sys
import tempfile
import textwrap

from tree import finish

SAMPLE = "config/vitrine.conf"
MAN_PAGE = "docs/man/vitrine.conf.5.scd"
# In the man page, the keys stand between these comments.
BEGIN = "; Keys, written by tests/style/keys.py --update\n"
END = "; End of keys\n"

SAMPLE_HEAD = """\
# A sample of vitrine.conf(5), the configuration of Vitrine for one VM.
# Each key is shown with its default, or with nothing where it has none. Remove the # to change one.
"""


def read_groups(print_keys):
    """[(group, [(key, allowed, default, doc)])], in the table's order."""
    table = subprocess.run([print_keys], capture_output=True, text=True, check=True).stdout
    rows = [line.split("\t") for line in table.splitlines()]
    return [
        (group, [tuple(row[1:]) for row in members])
        for group, members in itertools.groupby(rows, key=lambda row: row[0])
    ]


def describe(allowed, default):
    sentence = allowed[0].upper() + allowed[1:]
    return f"{sentence}. " + (f"Default: {default}." if default else "Default: not set.")


def write_sample(groups):
    text = SAMPLE_HEAD
    for group, keys in groups:
        text += f"\n[{group}]\n"
        for key, allowed, default, doc in keys:
            for paragraph in (doc, describe(allowed, default)):
                text += textwrap.fill(paragraph, 98, initial_indent="# ", subsequent_indent="# ")
                text += "\n"
            text += f"#{key} = {default}".rstrip() + "\n"
    return text


def escape(text):
    """For scdoc."""
    for special in "\\*_":
        text = text.replace(special, "\\" + special)
    return text


def write_man_keys(groups):
    text = ""
    for group, keys in groups:
        text += f"\n## [{group}]\n"
        for key, allowed, default, doc in keys:
            paragraph = escape(f"{doc} {describe(allowed, default)}")
            text += f"\n*{escape(key)}* =\n"
            text += textwrap.indent(textwrap.fill(paragraph, 90), "\t") + "\n"
    return text + "\n"


def split_man_page(page):
    """The page before, in and after the keys."""
    before, _, rest = page.partition(BEGIN)
    keys, _, after = rest.partition(END)
    return before, keys, after


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read()


def update(root, groups):
    before, _, after = split_man_page(read(root, MAN_PAGE))
    for path, text in (
        (SAMPLE, write_sample(groups)),
        (MAN_PAGE, before + BEGIN + write_man_keys(groups) + END + after),
    ):
        with open(os.path.join(root, path), "w", encoding="utf-8") as file:
            file.write(text)


def compare(path, actual, expected):
    if actual == expected:
        return []
    differences = difflib.unified_diff(
        actual.splitlines(), expected.splitlines(), path, "the table of keys", lineterm=""
    )
    return ["\n".join(differences)]


def load(print_keys, path):
    result = subprocess.run([print_keys, path], capture_output=True, text=True)
    return [result.stderr] if result.returncode else []


def load_defaults(print_keys, groups):
    """What is wrong with the sample once every # before a key with a default is gone."""
    text = "\n".join(
        f"[{group}]\n" + "\n".join(f"{key} = {default}" for key, _, default, _ in keys if default)
        for group, keys in groups
    )
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(text)
        file.flush()
        return load(print_keys, file.name)


def main():
    root, print_keys, *options = sys.argv[1:]
    groups = read_groups(print_keys)
    if options == ["--update"]:
        update(root, groups)
    offences = compare(SAMPLE, read(root, SAMPLE), write_sample(groups))
    offences += compare(MAN_PAGE, split_man_page(read(root, MAN_PAGE))[1], write_man_keys(groups))
    offences += load(print_keys, os.path.join(root, SAMPLE))
    offences += load_defaults(print_keys, groups)
    finish(offences, f"Rewrite both: tests/style/keys.py . {print_keys} --update")


main()
