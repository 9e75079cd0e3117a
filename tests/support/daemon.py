# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""The built daemon, started for one test: on the pattern source unless told otherwise."""
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile

from wait import wait_until

# Two slow cores under a sanitizer: it only bounds how long a failure takes.
PATIENCE_SECONDS = 60


def free_port(host):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def count_fds(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def memory_kib(pid):
    """Resident memory that is the process's own: shared pictures are not counted."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1])
    raise RuntimeError("the kernel does not tell RssAnon")


def children(pid):
    path = pathlib.Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in path.read_text().split()]


class Vitrine:
    """Listens on a unix socket in a folder of its own, and on TCP only where a setting says so."""

    def __init__(self, vitrine, render, settings=None):
        self.cleanup = contextlib.ExitStack()
        self.folder = pathlib.Path(
            self.cleanup.enter_context(tempfile.TemporaryDirectory(prefix="vitrine-"))
        )
        self.socket = self.folder / "vnc"
        self.log_path = self.folder / "log"
        everything = {
            "render.program": os.path.abspath(render),
            "vnc.listen": "none",
            "vnc.unix": self.socket,
        }
        everything.update(settings or {})
        assignments = [f"{key}={value}" for key, value in everything.items()]
        arguments = [part for each in assignments for part in ("--set", each)]
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen([vitrine, *arguments], stderr=log)
        self.pid = self.process.pid

    def __enter__(self):
        try:
            wait_until("the daemon listens", PATIENCE_SECONDS, self._is_listening)
        except BaseException:
            self.process.kill()
            self.process.wait()
            self.cleanup.close()
            raise
        return self

    def _is_listening(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"the daemon ended with {self.process.returncode}:\n{self.log()}")
        return self.socket.exists()

    def __exit__(self, kind, *_):
        """Ends it, and insists that it ends well: a sanitizer's report is a failure."""
        try:
            if kind is not None:
                print(self.log(), file=sys.stderr, flush=True)
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGTERM)
            status = self.process.wait(PATIENCE_SECONDS)
            assert kind is not None or status == 0, f"the daemon ended with {status}:\n{self.log()}"
        finally:
            self.process.kill()
            self.process.wait()
            self.cleanup.close()

    def log(self):
        return self.log_path.read_text(errors="replace")

    def log_lines(self):
        return self.log().splitlines()

    def render_pid(self):
        """vitrine-render's, or None while there is none."""
        for pid in children(self.pid):
            with contextlib.suppress(OSError):
                command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
                if b"vitrine-render" in command.split(b"\0")[0]:
                    return pid
        return None

    def count_fds(self):
        return count_fds(self.pid)

    def memory_kib(self):
        return memory_kib(self.pid)
