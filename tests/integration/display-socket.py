#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""The built daemon on a display socket, between a producer and VNC viewers of our own.

Usage: display-socket.py VITRINE VITRINE-RENDER [NAME-OF-TEST…]
"""
import contextlib
import functools
import os
import pathlib
import signal
import struct
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent / "clients")]

import display_producer as display  # noqa: E402
import rfb_client as rfb  # noqa: E402
from daemon import PATIENCE_SECONDS, Vitrine  # noqa: E402
from display_producer import Memory, Producer, stamped  # noqa: E402
from PIL import Image, ImageChops  # noqa: E402
from rfb_client import RfbClient  # noqa: E402
from tap import comment, run_tests  # noqa: E402
from wait import wait_until  # noqa: E402
from watcher import Watcher  # noqa: E402

SIZE = (320, 200)
KEY_A, XK_A, QNUM_A = 30, 0x61, 0x1E
BTN_LEFT = 0x110
GROWTH_KIB = 4096  # of memory: noise of an allocator, and far less than what is sent


def assert_same(got, expected, what):
    assert got.size == expected.size, f"{what}: {got.size} instead of {expected.size}"
    area = ImageChops.difference(got, expected).getbbox()
    assert area is None, f"{what}: pixels differ within {area}"


def wait_for_picture(client, expected, what):
    """Until the viewer has this picture, pixel for pixel; the last one tells what is wrong."""
    try:
        wait_until(
            what,
            PATIENCE_SECONDS,
            lambda: client.refresh().size == expected.size
            and not ImageChops.difference(client.picture, expected).getbbox(),
        )
    except TimeoutError:
        assert_same(client.picture, expected, what)
        raise


class Stage:
    """A producer, the daemon that dialled it, and a viewer."""

    def __init__(self, start, stack, settings=None):
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="vitrine-display-"))
        self.producer = stack.enter_context(Producer(os.path.join(folder, "display")))
        self.daemon = stack.enter_context(
            start(
                {
                    "source.type": "gpu-socket",
                    "gpu-socket.path": self.producer.path,
                    **(settings or {}),
                }
            )
        )
        self.stack = stack
        self.producer.accept()

    def viewer(self, *encodings):
        client = self.stack.enter_context(RfbClient(self.daemon.socket))
        client.set_encodings(
            rfb.RAW, rfb.CURSOR_WITH_ALPHA, rfb.EXTENDED_DESKTOP_SIZE, *encodings
        )
        return client

    def memory(self, *arguments, **options):
        memory = Memory(*arguments, **options)
        self.stack.callback(memory.close)
        return memory

    def wait_log(self, words):
        wait_until(
            f"the log says {words}", PATIENCE_SECONDS, lambda: words in self.daemon.log()
        )


class Tests:
    def __init__(self, vitrine, render):
        self.start = functools.partial(Vitrine, vitrine, render)

    @contextlib.contextmanager
    def stage(self, settings=None):
        with contextlib.ExitStack() as stack:
            yield Stage(self.start, stack, settings)

    def dmabufs(self):
        """Pictures in turn in two buffers; a frame is acknowledged, once, and seen."""
        with self.stage() as stage:
            producer, viewer = stage.producer, stage.viewer()
            producer.agree(display.EDID | display.DMABUF2)
            buffers = [stage.memory(SIZE, padding=64), stage.memory(SIZE)]
            for number in range(1, 11):
                picture = stamped(SIZE, number)
                memory = buffers[number % 2]
                memory.paint(picture)
                producer.share(memory, modifier=display.LINEAR)
                producer.update_shared((0, 0, *SIZE))
                producer.acknowledged()
                wait_for_picture(viewer, picture, f"picture {number}")
                assert viewer.stamp() == (number, 0)
            # Nothing is acknowledged twice: the next answer is one to this question.
            producer.offered()

    def one_buffer(self):
        """Only what the damage names is looked at, and it is enough."""
        with self.stage() as stage:
            producer, viewer = stage.producer, stage.viewer()
            memory = stage.memory(SIZE)
            picture = stamped(SIZE, 1)
            memory.paint(picture)
            producer.share(memory)
            producer.update_shared((0, 0, *SIZE))
            producer.acknowledged()
            wait_for_picture(viewer, picture, "the first picture")
            for step in range(5):
                patch = Image.new("RGB", (33, 17), (10 * step, 200, 30))
                at = (170 + 7 * step, 130 + 5 * step)
                memory.paint(patch, at)
                picture.paste(patch, at)
                producer.update_shared((*at, *patch.size))
                producer.acknowledged()
                wait_for_picture(viewer, picture, f"step {step}")

    def pixels(self):
        with self.stage() as stage:
            producer, viewer = stage.producer, stage.viewer()
            for number, size in enumerate((SIZE, (500, 401), (161, 129)), 1):
                picture = stamped(size, number)
                producer.scanout(size)
                producer.update(picture)
                wait_for_picture(viewer, picture, f"a picture of {size}")
                patch = Image.new("RGB", (20, 9), (1, 2, 3))
                producer.update(patch, (141, 120))
                picture.paste(patch, (141, 120))
                wait_for_picture(viewer, picture, f"an update of {size}")

    def formats_and_cut_outs(self):
        """A picture in the middle of memory, top down and bottom up, by all three messages."""
        inner = (200, 140)
        visible = (24, 31, *inner)
        picture = stamped(inner, 7)
        with self.stage() as stage:
            producer, viewer = stage.producer, stage.viewer()
            producer.agree(display.DMABUF2 | display.PLANES)
            for name in display.PIXEL_BYTES:
                expected = picture
                if name == "RG16":
                    # Black and white is the same in five bits as in eight.
                    expected = picture.point(lambda value: 255 if value & 0x80 else 0)
                for flags in (0, display.BOTTOM_UP):
                    memory = stage.memory(SIZE, name, padding=12, offset=4096)
                    rows = expected.transpose(Image.FLIP_TOP_BOTTOM) if flags else expected
                    memory.paint(rows, visible[:2])
                    what = f"{name}, flags {flags}"
                    producer.share_planes(memory, visible, flags)
                    producer.update_shared((0, 0, *inner))
                    producer.acknowledged()
                    wait_for_picture(viewer, expected, f"{what}, planes")
                    # The older messages have no offset.
                    plain = stage.memory(SIZE, name, padding=12)
                    plain.paint(rows, visible[:2])
                    for modifier in (display.LINEAR, display.INVALID, None):
                        producer.share(plain, visible, flags, modifier)
                        producer.update_shared((0, 0, 1, 1))
                        producer.acknowledged()
                        wait_for_picture(viewer, expected, f"{what}, modifier {modifier}")

    def heads(self):
        with self.stage({"gpu-socket.heads": 2, "gpu-socket.size": "400x300"}) as stage:
            producer = stage.producer
            info = producer.display_info()
            assert info[:3] == [(0, 0, 400, 300, 1), (400, 0, 400, 300, 1), (0,) * 5], info
            for head in range(2):
                path = f"{stage.daemon.socket}.{head}" if head else stage.daemon.socket
                picture = stamped((200 + head, 150), head + 1)
                memory = stage.memory(picture.size)
                memory.paint(picture)
                producer.share(memory, head=head)
                producer.update_shared((0, 0, *picture.size), head)
                producer.acknowledged()
                with RfbClient(path) as viewer:
                    viewer.set_encodings(rfb.RAW, rfb.EXTENDED_DESKTOP_SIZE)
                    wait_for_picture(viewer, picture, f"head {head}")

    def resize(self):
        """A viewer's wish reaches the guest, which grants it."""
        with self.stage() as stage:
            producer, viewer = stage.producer, stage.viewer()
            producer.agree(display.EDID | display.DISPLAY_CHANGED)
            assert producer.display_info()[0] == (0, 0, 1280, 800, 1)
            viewer.refresh()
            viewer.set_desktop_size(1000, 700)
            assert producer.push().request == display.INFO_CHANGED
            assert producer.display_info()[0] == (0, 0, 1000, 700, 1)
            # The preferred mode: 12 bits of width and of height.
            edid = producer.edid()
            width = edid[56] | edid[58] >> 4 << 8
            height = edid[59] | edid[61] >> 4 << 8
            assert (width, height) == (1000, 700) and sum(edid) % 256 == 0
            picture = stamped((1000, 700), 1)
            producer.scanout(picture.size)
            producer.update(picture)
            wait_for_picture(viewer, picture, "the new size")

    def typed_and_clicked(self):
        with self.stage() as stage:
            producer = stage.producer
            viewer = stage.viewer(rfb.QEMU_EXTENDED_KEY, rfb.QEMU_LED, rfb.QEMU_POINTER_MOTION)
            producer.agree(display.INPUT)
            producer.scanout(SIZE)
            producer.update(stamped(SIZE, 1))
            wait_for_picture(viewer, stamped(SIZE, 1), "the picture")
            viewer.extended_key(XK_A, QNUM_A, True)
            assert producer.next_input() == (0, display.KEY, KEY_A, 1, 0, 0)
            viewer.extended_key(XK_A, QNUM_A, False)
            assert producer.next_input() == (0, display.KEY, KEY_A, 0, 0, 0)
            viewer.point(17, 23, 1)
            assert producer.next_input() == (0, display.ABSOLUTE, 0, 0, 17, 23)
            assert producer.next_input() == (0, display.BUTTON, BTN_LEFT, 1, 0, 0)
            viewer.point(17, 23, 0)
            came = producer.next_input(display.ABSOLUTE)
            assert came == (0, display.BUTTON, BTN_LEFT, 0, 0, 0), came
            viewer.point(17, 23, 8)  # the wheel, upwards
            came = producer.next_input(display.ABSOLUTE)
            assert came == (0, display.WHEEL, 0, 0, 0, -1), came
            producer.input_state(False, 4)
            viewer.refresh()
            viewer.receive_until(lambda: viewer.leds == 4 and viewer.relative_pointer)

    def cursor(self):
        with self.stage() as stage:
            producer, viewer = stage.producer, stage.viewer()
            shape = Image.new("RGBA", (64, 64))
            shape.paste((255, 128, 64, 255), (3, 4, 20, 30))
            producer.scanout(SIZE)
            producer.update(stamped(SIZE, 1))
            producer.cursor(shape, (3, 4), (100, 50))
            wait_until(
                "the cursor has its shape",
                PATIENCE_SECONDS,
                lambda: viewer.refresh()
                and viewer.cursor
                and viewer.cursor[2]
                and viewer.cursor[2].getpixel((10, 10)) == (255, 128, 64, 255),
            )
            assert viewer.cursor[:2] == (3, 4)

    # What goes wrong.

    def restart(self):
        """The producer goes and comes back; the viewer stays."""
        with self.stage() as stage:
            producer, viewer = stage.producer, stage.viewer()
            for number in range(1, 4):
                picture = stamped(SIZE, number)
                producer.scanout(SIZE)
                producer.update(picture)
                wait_for_picture(viewer, picture, f"life {number}")
                producer.vanish()
                wait_until(
                    "the viewer has another picture",
                    PATIENCE_SECONDS,
                    lambda: viewer.refresh().tobytes() != picture.tobytes(),
                )
                producer.listen()
                producer.accept()
            stage.wait_log("the producer closed it")

    def wrong_user(self):
        with contextlib.ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="vitrine-display-"))
            producer = stack.enter_context(Producer(os.path.join(folder, "display")))
            settings = {
                "source.type": "gpu-socket",
                "gpu-socket.path": producer.path,
                "gpu-socket.uid": os.geteuid() + 1,
            }
            daemon = stack.enter_context(self.start(settings))
            producer.accept()
            producer.wait_closed()
            words = f"set [gpu-socket] uid to {os.geteuid()}"
            wait_until("the log says why", PATIENCE_SECONDS, lambda: words in daemon.log())

    def refused(self):
        """What cannot be shown is said; the producer stays, frames are acknowledged."""
        with self.stage() as stage, contextlib.ExitStack() as stack:
            producer, viewer = stage.producer, stage.viewer()
            producer.agree(display.DMABUF2 | display.PLANES)
            memory = stage.memory(SIZE)
            reader, writer = os.pipe()
            stack.callback(os.close, reader)
            stack.callback(os.close, writer)
            good = (0, 0, 0, *SIZE, *SIZE, memory.stride, 0, display.fourcc("XR24"))
            cases = [
                ("a pipe", good, [reader]),
                ("a socket", good, [producer.socket.fileno()]),
                ("with 0 file descriptors", good, []),
                ("visible rectangle", (*good[:3], 321, *good[4:]), [memory.fd]),
                ("needs", (*good[:5], 320, 4000, *good[7:]), [memory.fd]),
                ("stride of 4294967292", (*good[:7], (1 << 32) - 4, *good[8:]), [memory.fd]),
                ("stride of 3 bytes", (*good[:7], 3, *good[8:]), [memory.fd]),
                ("pixel format YUYV", (*good[:9], display.fourcc("YUYV")), [memory.fd]),
            ]
            # Of the second round nothing may stay; of the first, some buffers are kept.
            for rounds in range(2):
                before = stage.daemon.count_fds()
                for number, (words, numbers, fds) in enumerate(cases, rounds * len(cases) + 1):
                    producer.send(display.DMABUF_SCANOUT, struct.pack("=10I", *numbers), fds)
                    producer.update_shared((0, 0, *SIZE))
                    producer.acknowledged()
                    if number < 5:  # those after it are only logged for debugging
                        stage.wait_log(words)
                    memory.paint(stamped(SIZE, number))
                    producer.share(memory)
                    producer.update_shared((0, 0, *SIZE))
                    producer.acknowledged()
                    wait_for_picture(viewer, stamped(SIZE, number), f"what came after {words}")
            assert stage.daemon.count_fds() < before + 3, "fds of refused buffers are left open"

    def broken(self):
        """A producer that breaks the rules is left and dialled again; the viewer stays.

        Few of the rules, as it waits longer each time: the unit tests break them all.
        """
        memory = Memory(SIZE)
        cases = [
            ("request 99", struct.pack("=III", 99, 0, 0), []),
            ("SCANOUT of 4294967295 bytes", struct.pack("=III", 7, 0, (1 << 32) - 1), []),
            ("scanout 16", struct.pack("=6I", 7, 0, 12, 16, 1, 1), []),
            (
                "2 file descriptors: it has at most 1",
                struct.pack("=III", 9, 0, 40) + bytes(40),
                [memory.fd] * 2,
            ),
            ("more than 4 file", struct.pack("=III", 9, 0, 40) + bytes(40), [memory.fd] * 99),
            ("in the middle of CURSOR_UPDATE", struct.pack("=III", 6, 0, 16404) + b"x", None),
        ]
        with self.stage() as stage:
            producer, viewer = stage.producer, stage.viewer()
            before = None
            for number, (words, data, fds) in enumerate(cases, 1):
                producer.send_bytes(data, fds or [])
                if fds is None:
                    producer.hang_up()
                else:
                    producer.wait_closed()
                stage.wait_log(words)
                producer.accept()
                picture = stamped(SIZE, number)
                producer.scanout(SIZE)
                producer.update(picture)
                wait_for_picture(viewer, picture, f"the picture after {words}")
                before = before or stage.daemon.count_fds()
            assert stage.daemon.count_fds() <= before, "fds are left open"
        memory.close()

    def deaf(self):
        """A producer that asks and asks, and never listens, is no burden; nor is one that types."""
        with self.stage() as stage:
            producer, viewer = stage.producer, stage.viewer()
            producer.scanout(SIZE)
            producer.update(stamped(SIZE, 1))
            wait_for_picture(viewer, stamped(SIZE, 1), "the picture")
            before = stage.daemon.memory_kib()
            producer.socket.settimeout(0.5)
            asked = 0
            question = struct.pack("=IIII", display.GET_EDID, 0, 4, 0)
            with contextlib.suppress(TimeoutError):
                while True:
                    producer.socket.sendall(question * 64)
                    asked += 64
            comment(f"{asked} questions were taken")
            assert stage.daemon.memory_kib() < before + GROWTH_KIB
            viewer.refresh()
            producer.hang_up()
            producer.accept()
            producer.scanout(SIZE)
            producer.update(stamped(SIZE, 2))
            wait_for_picture(viewer, stamped(SIZE, 2), "the picture of a producer that listens")

    def stalled_viewer(self):
        """A viewer that has stopped in its tracks does not keep a frame from being answered."""
        with self.stage() as stage:
            producer = stage.producer
            memory = stage.memory(SIZE)
            memory.paint(stamped(SIZE, 1))
            producer.share(memory)
            with Watcher(stage.daemon.socket, rfb.RAW) as watcher:
                wait_until("the viewer has a picture", PATIENCE_SECONDS, watcher.updates)
                watcher.stop()
                for number in range(2, 42):
                    memory.paint(stamped(SIZE, number))
                    producer.update_shared((0, 0, *SIZE))
                    producer.acknowledged()
                viewer = stage.viewer()
                wait_for_picture(viewer, stamped(SIZE, 41), "the newest picture")

    def render_killed(self):
        """What reads the pixels dies: frames are answered all the same, and seen later."""
        with self.stage() as stage:
            producer, viewer = stage.producer, stage.viewer()
            memory = stage.memory(SIZE)
            producer.share(memory)
            for number in range(1, 6):
                memory.paint(stamped(SIZE, number))
                viewer.request()
                os.kill(stage.daemon.render_pid() or 0, signal.SIGKILL)
                producer.update_shared((0, 0, *SIZE))
                producer.acknowledged()
                wait_for_picture(viewer, stamped(SIZE, number), f"picture {number}")


def main():
    vitrine, render, *names = sys.argv[1:]
    tests = Tests(vitrine, render)
    sentences = {
        "dmabufs": "pictures in dmabufs are acknowledged and seen",
        "one_buffer": "damage of one buffer is enough",
        "pixels": "pictures that come as pixels are seen",
        "formats_and_cut_outs": "formats, offsets, cut-outs and bottom-up memory are right",
        "heads": "two heads are two pictures",
        "resize": "a viewer's wish for a size reaches the guest",
        "typed_and_clicked": "keys, pointer and lights go both ways",
        "cursor": "the cursor has its shape",
        "restart": "a viewer outlives the producer",
        "wrong_user": "a producer of another user is not trusted",
        "refused": "what cannot be shown is said and nothing else happens",
        "broken": "a producer that breaks the rules is left and dialled again",
        "deaf": "a producer that never reads is no burden",
        "stalled_viewer": "a stalled viewer keeps no frame",
        "render_killed": "frames are acknowledged while nobody can read them",
    }
    wanted = names or list(sentences)
    return run_tests([(sentences[name], getattr(tests, name)) for name in wanted])


if __name__ == "__main__":
    sys.exit(main())
