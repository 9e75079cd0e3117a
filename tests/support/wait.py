# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""Waiting for something to become true, never for a time to pass."""
import time

POLL_SECONDS = 0.05


def wait_until(what, seconds, condition):
    """Returns the first true result of the condition; after the time given, fails saying what."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {seconds} s: {what}")
        time.sleep(POLL_SECONDS)
