#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""Prints a benchmark's JSON lines as a small table, columns in the order in which they come."""
import json
import sys


def cell(value):
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def print_table(rows):
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = [columns] + [[cell(row.get(key, "")) for key in columns] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())


def main():
    rows = []
    for line in sys.stdin:
        if line.startswith("{"):
            rows.append(json.loads(line))
        else:
            print(line, end="")
    print_table(rows)


main()
