#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""Runs programs that report their tests by TAP, one after the other, and reports as one program.

Usage: suite.py --test NAME PROGRAM [ARGUMENT…] [--test …]
So a boot of the test machine serves a whole suite. A program's trouble that no test of it reports
(it crashed, hung, or ended too early) counts as one more failed test.
"""
import re
import subprocess
import sys

# The test machine emulates each instruction; this only bounds how long a failure takes.
PATIENCE_SECONDS = 300

RESULT = re.compile(r"(?P<result>ok|not ok)\b[ \t]*\d*[ \t-]*(?P<what>.*)")
PLAN = re.compile(r"1\.\.(?P<count>\d+)")


class Suite:
    def __init__(self):
        self.results = 0
        self.failures = 0

    def report(self, result, what):
        self.results += 1
        self.failures += result != "ok"
        print(f"{result} {self.results} {what}", flush=True)

    def run(self, name, command):
        """Passes on the program's results under its name, and all that it says as comments."""
        results, failures, plan = self.results, self.failures, None
        with subprocess.Popen(
            ["timeout", "--kill-after=5", str(PATIENCE_SECONDS), *command],
            stdout=subprocess.PIPE,
            text=True,
            errors="replace",
        ) as program:
            for line in program.stdout:
                line = line.rstrip("\n")
                if match := RESULT.match(line):
                    self.report(match["result"], f"{name}: {match['what']}")
                elif match := PLAN.match(line):
                    plan = int(match["count"])
                else:
                    print(f"# {line.removeprefix('# ')}", flush=True)
        if self.results - results != plan:
            self.report("not ok", f"{name}: ended with status {program.returncode} in mid-test")
        elif program.returncode != 0 and self.failures == failures:
            self.report("not ok", f"{name}: ended with status {program.returncode}")


def parse(arguments):
    """[[name, program, argument…]]"""
    tests = []
    for argument in arguments:
        if argument == "--test":
            tests.append([])
        else:
            tests[-1].append(argument)
    return tests


def main():
    suite = Suite()
    for name, *command in parse(sys.argv[1:]):
        suite.run(name, command)
    print(f"1..{suite.results}")
    return 1 if suite.failures else 0


sys.exit(main())
