# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""Viewers in processes of their own: one that counts, and one that can be stopped."""
import multiprocessing
import os
import signal
import time

import rfb_client as rfb
from rfb_client import RfbClient

PROCESSES = multiprocessing.get_context("fork")


class Watcher:
    """Receives continuous updates and counts them in memory that both processes see."""

    def __init__(self, address, *encodings):
        # Updates; number and time of the newest stamp; microseconds when it came.
        self.counts = PROCESSES.Array("Q", 4)
        self.process = PROCESSES.Process(target=self._run, args=(address, encodings), daemon=True)
        self.process.start()

    def _run(self, address, encodings):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        client = RfbClient(address)
        client.set_encodings(*encodings, rfb.FENCE, rfb.CONTINUOUS_UPDATES)
        client.request(incremental=False)
        client.receive_until(lambda: client.ended_continuous_updates)
        client.continuous_updates(True)
        while True:
            client.receive()
            stamp = client.stamp()
            with self.counts.get_lock():
                self.counts[0] = client.updates
                if stamp:
                    self.counts[1:] = [*stamp, time.monotonic_ns() // 1000]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.join()

    def is_alive(self):
        return self.process.is_alive()

    def updates(self):
        return self.counts[0]

    def stamp(self):
        """(number, microseconds) of the newest picture it got."""
        with self.counts.get_lock():
            return tuple(self.counts[1:3])

    def stop(self):
        """Stops the process in its tracks: it reads no more, and its socket stays open."""
        os.kill(self.process.pid, signal.SIGSTOP)


class Rates:
    """Updates and pictures a second since it was made."""

    def __init__(self, watcher):
        self.watcher = watcher
        self.begin = self._now()

    def _now(self):
        return (time.monotonic(), self.watcher.updates(), self.watcher.stamp()[0])

    def read(self):
        seconds, updates, pictures = (b - a for a, b in zip(self.begin, self._now()))
        return updates / seconds, pictures / seconds
