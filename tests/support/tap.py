# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""Subtests, reported by the Test Anything Protocol."""
import sys
import traceback


def comment(text):
    for line in str(text).splitlines():
        print(f"# {line}", flush=True)


def run_tests(tests):
    """Runs (sentence, function) pairs, each for itself. Returns the program's exit status."""
    return _run(tests, needs_former=False)


def run_steps(steps):
    """The same for functions that need what those before did: after a failure none is reached."""
    return _run(steps, needs_former=True)


def _run(pairs, needs_former):
    print(f"1..{len(pairs)}", flush=True)
    failed = False
    for number, (sentence, function) in enumerate(pairs, 1):
        if failed and needs_former:
            print(f"ok {number} {sentence} # SKIP not reached", flush=True)
            continue
        try:
            function()
        except Exception:  # Whatever it is, the tests after it would fail of it too.
            comment(traceback.format_exc())
            print(f"not ok {number} {sentence}", flush=True)
            failed = True
        else:
            print(f"ok {number} {sentence}", flush=True)
    return 1 if failed else 0


def note(text):
    """For what a reader of a failure's log wants to know."""
    print(text, file=sys.stderr, flush=True)
