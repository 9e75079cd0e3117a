#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""The test machine: QEMU with a newer kernel than the host's, over the host's own files.

Usage: machine.py FOLDER [--timeout SECONDS] -- COMMAND…
Boots with what fetch-machine put into FOLDER, runs COMMAND there as root in the folder that this was
called in, and ends with what it wrote and its exit status; 125 when the machine itself failed. All
files are those of the host, and what is written to them is forgotten. Needs neither root nor KVM.
"""
import argparse
import lzma
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent

# For the host's files, and /dev/dri; udmabuf and the dma-heap are built into the kernel.
MODULES = ["9p", "9pnet_virtio", "overlay", "vgem"]

MACHINE_FAILED = 125
POLL_SECONDS = 0.05
CONSOLE_LINES = 30


class MachineError(Exception):
    """The machine did not get as far as the end of its command."""


class Archive:
    """An initial file system for the kernel, as cpio's format "newc"."""

    def __init__(self):
        self.data = bytearray()
        self.count = 0

    def _add(self, name, mode, content=b""):
        self.count += 1
        encoded = name.encode() + b"\0"
        fields = (self.count, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(encoded), 0)
        self.data += b"070701" + b"".join(b"%08x" % field for field in fields)
        for part in (encoded, content):
            self.data += part
            self.data += bytes(-len(self.data) % 4)

    def add_folder(self, name):
        self._add(name, 0o040755)

    def add_file(self, name, content):
        self._add(name, 0o100755, content)

    def finish(self):
        self._add("TRAILER!!!", 0)
        return bytes(self.data)


class KernelModules:
    """Modules with what they depend on, each after that."""

    def __init__(self, root):
        self.paths = {
            path.name.split(".")[0].replace("-", "_"): path for path in root.rglob("*.ko.xz")
        }
        self.contents = {}

    def load(self, name):
        if name in self.contents:
            return
        content = lzma.decompress(self.paths[name].read_bytes())
        needs = re.search(rb"\0depends=([^\0]*)", content)[1].decode()
        for need in filter(None, needs.split(",")):
            self.load(need.replace("-", "_"))
        self.contents[name] = content


def initial_files(folder):
    root = folder / "root"
    modules = KernelModules(root / "lib/modules")
    for name in MODULES:
        modules.load(name)
    archive = Archive()
    archive.add_folder("bin")
    archive.add_file("bin/busybox", (root / "bin/busybox").read_bytes())
    for name in ("init", "run-command"):
        archive.add_file(name, (HERE / name).read_bytes())
    archive.add_folder("modules")
    archive.add_file("modules/order", "".join(f"{each}\n" for each in modules.contents).encode())
    for name, content in modules.contents.items():
        archive.add_file(f"modules/{name}", content)
    return archive.finish()


def qemu_command(kernel, initrd, share, console):
    def files(tag, path):
        path = str(path).replace(",", ",,")
        return f"local,path={path},mount_tag={tag},security_model=none,multidevs=remap"

    # KVM is not asked for: where it is there it may fail, and this must be the same everywhere.
    return [
        *("setpriv", "--pdeathsig", "KILL"),
        *("qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot"),
        *("-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "4096"),
        *("-display", "none", "-vga", "none", "-serial", f"file:{console}"),
        *("-kernel", kernel, "-initrd", initrd),
        *("-append", "console=ttyS0 quiet panic=-1"),
        *("-virtfs", files("root", "/") + ",readonly=on"),
        *("-virtfs", files("share", share)),
    ]


class Stream:
    """Passes on what the command writes into a file."""

    def __init__(self, path, output):
        self.file = open(path, "x+b")
        self.output = output

    def pass_on(self):
        data = self.file.read()
        if data:
            self.output.write(data)
            self.output.flush()


def wait_for_qemu(qemu, deadline, streams):
    """Returns when it ended or the time is over; it is gone then."""
    try:
        while qemu.poll() is None and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
            for stream in streams:
                stream.pass_on()
    finally:
        qemu.kill()
        qemu.wait()
    for stream in streams:
        stream.pass_on()


def run(folder, command, timeout_seconds):
    """Returns the exit status of @command."""
    kernel = folder / "vmlinuz"
    if not kernel.exists():
        raise MachineError(f"there is no test machine in {folder}; ./dev vm fetches it.")
    with tempfile.TemporaryDirectory(prefix="vitrine-vm-") as name:
        own = pathlib.Path(name)
        share, initrd, console = own / "share", own / "initrd", own / "console"
        share.mkdir()
        (share / "command").write_text(f"cd {shlex.quote(os.getcwd())} && exec {shlex.join(command)}\n")
        initrd.write_bytes(initial_files(folder))
        streams = [
            Stream(share / "stdout", sys.stdout.buffer),
            Stream(share / "stderr", sys.stderr.buffer),
        ]
        deadline = time.monotonic() + timeout_seconds
        qemu = subprocess.Popen(
            qemu_command(kernel, initrd, share, console), stdin=subprocess.DEVNULL
        )
        wait_for_qemu(qemu, deadline, streams)
        try:
            return int((share / "status").read_text())
        except (FileNotFoundError, ValueError):
            tail = console.read_text(errors="replace").splitlines()[-CONSOLE_LINES:]
            how = "ended" if time.monotonic() < deadline else f"was ended after {timeout_seconds} s"
            lines = "".join(f"\n  | {line}" for line in tail)
            raise MachineError(f"it {how} before its command did. Its console:{lines}") from None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--timeout", type=int, default=600)
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    # An exit, unlike a death, takes everything down with it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    try:
        return run(arguments.folder, arguments.command, arguments.timeout)
    except MachineError as error:
        print(f"The test machine: {error}", file=sys.stderr)
        return MACHINE_FAILED


if __name__ == "__main__":
    sys.exit(main())
