# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""A graphics device for tests: shows on a display socket what it is told, well or badly.

It shares no code with the viewer that it talks to. Spec: docs/protocols.md and QEMU's
vhost-user-gpu. Memory is a memfd, which stands in for a dmabuf.
"""
import collections
import mmap
import os
import socket
import struct

from PIL import Image, ImageDraw
from rfb_client import STAMP_CELL_PX, STAMP_COLUMNS, STAMP_ROWS, crc16

(
    GET_PROTOCOL_FEATURES,
    SET_PROTOCOL_FEATURES,
    GET_DISPLAY_INFO,
    CURSOR_POS,
    CURSOR_POS_HIDE,
    CURSOR_UPDATE,
    SCANOUT,
    UPDATE,
    DMABUF_SCANOUT,
    DMABUF_UPDATE,
    GET_EDID,
    DMABUF_SCANOUT2,
) = range(1, 13)
DMABUF_SCANOUT_PLANES, INPUT_STATE = 0x5601, 0x5602
INFO_CHANGED, SEND_INPUT = 0x5681, 0x5682

EDID, DMABUF2 = 1 << 0, 1 << 1
PLANES, DISPLAY_CHANGED, INPUT = 1 << 48, 1 << 49, 1 << 50

KEY, ABSOLUTE, RELATIVE, BUTTON, WHEEL, TOUCH = range(6)

REPLY = 4
BOTTOM_UP = 1

LINEAR, INVALID = 0, (1 << 56) - 1

# What Pillow calls the same bytes; that of RG16 it can only read.
PILLOW_NAMES = {"XR24": "BGRX", "XB24": "RGBX", "RG24": "BGR"}
PIXEL_BYTES = {"XR24": 4, "XB24": 4, "RG24": 3, "RG16": 2}

TIMEOUT_SECONDS = 60

Message = collections.namedtuple("Message", "request flags payload")
Input = collections.namedtuple("Input", "head type code value x y")


def fourcc(name):
    return int.from_bytes(name.encode(), "little")


class Closed(Exception):
    """The viewer closed the connection."""


def draw_stamp(picture, number, time_us=0):
    """The stamp of the pattern source, at 0, 0: see sources/pattern/stamp.h."""
    data = struct.pack(">II", number, time_us)
    bits = int.from_bytes(data + struct.pack(">H", crc16(data)), "big")
    draw = ImageDraw.Draw(picture)
    count = STAMP_COLUMNS * STAMP_ROWS
    for cell in range(count):
        x, y = cell % STAMP_COLUMNS * STAMP_CELL_PX, cell // STAMP_COLUMNS * STAMP_CELL_PX
        colour = (255,) * 3 if bits >> (count - 1 - cell) & 1 else (0,) * 3
        draw.rectangle((x, y, x + STAMP_CELL_PX - 1, y + STAMP_CELL_PX - 1), colour)


def stamped(size, number):
    """A picture of which no two pixels of a row are the same, and no two of these are."""
    picture = Image.new("RGB", size)
    data = bytearray()
    for y in range(size[1]):
        for x in range(size[0]):
            data += bytes((x & 255, y & 255, (x // 256 * 16 + number) & 255))
    picture.frombytes(bytes(data))
    draw_stamp(picture, number)
    return picture


def pack_rg16(picture):
    """Five bits of red in front, six of green, five of blue."""
    rgb = picture.tobytes()
    words = (r >> 3 << 11 | g >> 2 << 5 | b >> 3 for r, g, b in zip(rgb[::3], rgb[1::3], rgb[2::3]))
    return struct.pack(f"={len(rgb) // 3}H", *words)


class Memory:
    """Pixels in a memfd: a picture of `size`, that many bytes from its beginning."""

    def __init__(self, size, name="XR24", padding=0, offset=0):
        self.size, self.name, self.offset = size, name, offset
        self.stride = size[0] * PIXEL_BYTES[name] + padding
        self.fd = os.memfd_create("display", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        self.length = offset + self.stride * size[1]
        os.ftruncate(self.fd, self.length)
        self.bytes = mmap.mmap(self.fd, self.length)

    def close(self):
        self.bytes.close()
        os.close(self.fd)

    def paint(self, picture, at=(0, 0)):
        """Rows as they come: a bottom-up picture is turned before."""
        if self.name == "RG16":
            data = pack_rg16(picture)
        else:
            data = picture.tobytes("raw", PILLOW_NAMES[self.name])
        row_bytes = picture.width * PIXEL_BYTES[self.name]
        for row in range(picture.height):
            begin = self.offset + (at[1] + row) * self.stride + at[0] * PIXEL_BYTES[self.name]
            self.bytes[begin : begin + row_bytes] = data[row * row_bytes : (row + 1) * row_bytes]


class Producer:
    """Listens on a path for one viewer at a time."""

    def __init__(self, path):
        self.path = path
        self.listener = None
        self.socket = None
        self.pushed = collections.deque()  # messages that are no answers
        self.listen()

    def listen(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.settimeout(TIMEOUT_SECONDS)
        self.listener.bind(str(self.path))
        self.listener.listen(1)

    def vanish(self):
        """As a process that ends."""
        self.hang_up()
        if self.listener:
            self.listener.close()
            self.listener = None
            os.unlink(self.path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.vanish()

    def accept(self):
        self.hang_up()
        self.socket, _ = self.listener.accept()
        self.socket.settimeout(TIMEOUT_SECONDS)
        self.pushed.clear()
        return self

    def hang_up(self):
        if self.socket:
            self.socket.close()
            self.socket = None

    # Saying.

    def send_bytes(self, data, fds=()):
        rest = data[socket.send_fds(self.socket, [data], fds) :] if fds else data
        if rest:
            self.socket.sendall(rest)

    def send(self, request, payload=b"", fds=(), flags=0):
        self.send_bytes(struct.pack("=III", request, flags, len(payload)) + payload, fds)

    def scanout(self, size, head=0):
        self.send(SCANOUT, struct.pack("=III", head, *size))

    def update(self, picture, at=(0, 0), head=0):
        pixels = picture.tobytes("raw", "BGRX")
        self.send(UPDATE, struct.pack("=5I", head, *at, *picture.size) + pixels)

    def share(self, memory, visible=None, flags=0, modifier=None, head=0):
        """Shows memory. Without a modifier, by the message that has none."""
        payload = struct.pack(
            "=10I",
            *(head, *(visible or (0, 0, *memory.size))),
            *(*memory.size, memory.stride, flags, fourcc(memory.name)),
        )
        if modifier is None:
            self.send(DMABUF_SCANOUT, payload, [memory.fd])
        else:
            self.send(DMABUF_SCANOUT2, payload + struct.pack("=Q", modifier), [memory.fd])

    def share_planes(self, memory, visible=None, flags=0, modifier=LINEAR, head=0):
        payload = struct.pack(
            "=10IQ8I",
            *(head, *(visible or (0, 0, *memory.size))),
            *(*memory.size, fourcc(memory.name), flags, 1, modifier),
            *(memory.offset, 0, 0, 0, memory.stride, 0, 0, 0),
        )
        self.send(DMABUF_SCANOUT_PLANES, payload, [memory.fd])

    def update_shared(self, area, head=0):
        self.send(DMABUF_UPDATE, struct.pack("=5I", head, *area))

    def cursor(self, shape, hot, at, head=0):
        """A shape of 64x64 RGBA pixels, whose colours are multiplied by their alpha."""
        pixels = shape.tobytes("raw", "BGRA")
        self.send(CURSOR_UPDATE, struct.pack("=5I", head, *at, *hot) + pixels)

    def input_state(self, absolute, leds, head=0):
        self.send(INPUT_STATE, struct.pack("=3I", head, absolute, leds))

    # Hearing.

    def _take(self, size):
        data = bytearray()
        while len(data) < size:
            try:
                piece = self.socket.recv(size - len(data))
            except ConnectionError as error:
                raise Closed(str(error)) from error
            if not piece:
                raise Closed("end of stream")
            data += piece
        return bytes(data)

    def receive(self):
        request, flags, size = struct.unpack("=III", self._take(12))
        assert size <= 4096, f"a message of {size} bytes"
        return Message(request, flags, self._take(size))

    def answer(self, request):
        """The next answer, which must be one to this; what is pushed meanwhile is kept."""
        while True:
            message = self.receive()
            if message.flags & REPLY:
                assert message.request == request, message
                return message.payload
            self.pushed.append(message)

    def push(self):
        """The next message that is no answer."""
        return self.pushed.popleft() if self.pushed else self.receive()

    def next_input(self, *but_not):
        """The next input that is not of one of these types."""
        while True:
            message = self.push()
            assert message.request == SEND_INPUT, message
            came = Input(*struct.unpack("=IIIIii", message.payload))
            if came.type not in but_not:
                return came

    def acknowledged(self):
        assert self.answer(DMABUF_UPDATE) == b""

    def wait_closed(self):
        try:
            while True:
                self.receive()
        except Closed:
            pass

    # Asking.

    def offered(self):
        self.send(GET_PROTOCOL_FEATURES)
        return struct.unpack("=Q", self.answer(GET_PROTOCOL_FEATURES))[0]

    def agree(self, features):
        assert self.offered() & features == features
        self.send(SET_PROTOCOL_FEATURES, struct.pack("=Q", features))

    def display_info(self):
        """(x, y, width, height, enabled) of each head."""
        self.send(GET_DISPLAY_INFO)
        reply = self.answer(GET_DISPLAY_INFO)
        assert len(reply) == 24 + 16 * 24 and struct.unpack_from("<I", reply) == (0x1101,)
        return [struct.unpack_from("<5I", reply, 24 + 24 * head) for head in range(16)]

    def edid(self, head=0):
        self.send(GET_EDID, struct.pack("=I", head))
        reply = self.answer(GET_EDID)
        kind, size = struct.unpack_from("<I20xI", reply)
        assert len(reply) == 1056 and kind == 0x1104 and size <= 1024
        return reply[32 : 32 + size]
