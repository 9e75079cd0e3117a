#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""Sums up meson's test logs: shows what failed, and counts subtests.

Usage: summary.py [--trouble SENTENCE]… TESTLOG.json…
Each trouble (a build that failed, say) counts as one failed test. The last line is
"N passed, N failed, N skipped"; the exit status tells whether anything failed.
"""
import argparse
import json
import pathlib
import re
import sys

SHOWN_LINES = 60
SUBTEST = re.compile(r"^(not )?ok\b[ \t]*\d*(?P<name>[^#]*)(?P<directive>#[ \t]*(skip|todo))?", re.I)


class Count:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add_subtests(self, output):
        """Counts the lines of the Test Anything Protocol; false where there is none."""
        found = False
        for line in output.splitlines():
            match = SUBTEST.match(line)
            if not match:
                continue
            found = True
            if match["directive"]:
                self.skipped += 1
            elif match[1]:
                self.failed += 1
            else:
                self.passed += 1
        return found

    def add_test(self, test):
        failed_before = self.failed
        result = test["result"]
        has_subtests = self.add_subtests(test.get("stdout", ""))
        if result in ("OK", "EXPECTEDFAIL"):
            self.passed += not has_subtests
        elif result == "SKIP":
            self.skipped += not has_subtests
        elif self.failed == failed_before:
            # It crashed, timed out or broke its plan: no subtest of it says so.
            self.failed += 1


def report_failure(log_folder, test):
    """Writes the failed test's whole output to a file of its own, shows its end, names the file."""
    name = test["name"].split(" / ")[-1]
    log = log_folder / (re.sub(r"[^A-Za-z0-9._-]+", "-", name) + ".failed.txt")
    text = "\n".join(
        [
            "$ " + " ".join(test["command"]),
            test.get("stdout", ""),
            test.get("stderr", ""),
            f"result: {test['result']}, exit status {test.get('returncode')}",
        ]
    )
    log.write_text(text + "\n")
    print(f"\n=== {test['name']}: {test['result']}")
    lines = text.splitlines()
    if len(lines) > SHOWN_LINES:
        print(f"… ({len(lines) - SHOWN_LINES} lines before these)")
    print("\n".join(lines[-SHOWN_LINES:]))
    print(f"Its whole log: {log}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--trouble", action="append", default=[])
    parser.add_argument("logs", nargs="*", type=pathlib.Path)
    arguments = parser.parse_args()

    count = Count()
    for log in arguments.logs:
        for line in log.read_text().splitlines():
            test = json.loads(line)
            count.add_test(test)
            if test["result"] not in ("OK", "SKIP", "EXPECTEDFAIL"):
                report_failure(log.parent, test)
    for trouble in arguments.trouble:
        count.failed += 1
        print(f"\n=== {trouble}")
    print(f"\n{count.passed} passed, {count.failed} failed, {count.skipped} skipped")
    return 1 if count.failed else 0


sys.exit(main())
