# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""A VNC viewer for tests: does what it is told, decodes everything, remembers what it was sent.

It shares no code with the server or with the library behind it. Spec: RFC 6143 and rfbproto.
"""
import ctypes
import io
import os
import socket
import struct
import zlib

from PIL import Image

RAW, COPY_RECT, RRE, HEXTILE, ZLIB, TIGHT, ZRLE = 0, 1, 2, 5, 6, 7, 16
DESKTOP_SIZE, LAST_RECT, POINTER_POSITION = -223, -224, -232
CURSOR, X_CURSOR, CURSOR_WITH_ALPHA = -239, -240, -314
QEMU_POINTER_MOTION, QEMU_EXTENDED_KEY, QEMU_LED = -257, -258, -261
DESKTOP_NAME, EXTENDED_DESKTOP_SIZE = -307, -308
FENCE, CONTINUOUS_UPDATES, EXTENDED_MOUSE_BUTTONS = -312, -313, -316
VMWARE_LED = 0x574D5668

FENCE_REQUEST = 0x80000000

STAMP_CELL_PX, STAMP_COLUMNS, STAMP_ROWS = 16, 10, 8

TIMEOUT_SECONDS = 60


def quality(level):
    """The pseudo-encoding for JPEG quality 0 to 9."""
    return -32 + level


def compression(level):
    """The pseudo-encoding for compression 0 to 9."""
    return -256 + level


class PixelLayout:
    """A pixel format of the protocol, and Pillow's name for it."""

    def __init__(self, bits, depth, maxima, shifts, pillow_name):
        self.wire = struct.pack(">BBBBHHHBBB3x", bits, depth, 0, 1, *maxima, *shifts)
        self.pixel_bytes = bits // 8
        self.pillow_name = pillow_name


BGRX = PixelLayout(32, 24, (255, 255, 255), (16, 8, 0), "BGRX")
RGBX = PixelLayout(32, 24, (255, 255, 255), (0, 8, 16), "RGBX")
RGB565 = PixelLayout(16, 16, (31, 63, 31), (11, 5, 0), "BGR;16")
RGB555 = PixelLayout(16, 15, (31, 31, 31), (10, 5, 0), "BGR;15")


class Closed(Exception):
    """The server closed the connection."""


class Refused(Exception):
    """The server said no, and why."""


class Stream:
    """What comes from a socket, read in pieces of the reader's choice."""

    def __init__(self, sock):
        self.socket = sock
        self.pending = bytearray()
        self.received_bytes = 0

    def take(self, size):
        while len(self.pending) < size:
            try:
                data = self.socket.recv(1 << 20)
            except ConnectionError as error:
                raise Closed(str(error)) from error
            if not data:
                raise Closed("end of stream")
            self.received_bytes += len(data)
            self.pending += data
        taken = bytes(memoryview(self.pending)[:size])
        del self.pending[:size]
        return taken

    def unpack(self, layout):
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def byte(self):
        return self.take(1)[0]


class Reader:
    """The same over bytes that are all there."""

    def __init__(self, data):
        self.data = data
        self.position = 0

    def take(self, size):
        taken = self.data[self.position : self.position + size]
        assert len(taken) == size, "a rectangle is longer than its data"
        self.position += size
        return taken

    def byte(self):
        return self.take(1)[0]

    def at_end(self):
        return self.position == len(self.data)


def connect(address):
    """To a unix socket by its path, or to a (host, port)."""
    if isinstance(address, (str, os.PathLike)):
        sock = socket.socket(socket.AF_UNIX)
        # With a time-out it would fail where the backlog is full, instead of waiting.
        sock.connect(str(address))
        sock.settimeout(TIMEOUT_SECONDS)
    else:
        sock = socket.create_connection(address, timeout=TIMEOUT_SECONDS)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def vnc_response(password, challenge):
    """DES with each byte of the key mirrored, by the same library as the server's, so far."""
    nettle = ctypes.CDLL("libnettle.so")
    context = ctypes.create_string_buffer(1024)
    response = ctypes.create_string_buffer(16)
    key = bytes(int(f"{byte:08b}"[::-1], 2) for byte in password[:8].ljust(8, b"\0"))
    nettle.nettle_des_set_key(context, key)
    nettle.nettle_des_encrypt(context, ctypes.c_size_t(16), response, challenge)
    return response.raw


def indexed_pixels(indices, palette, size):
    """An image of @size from one byte a pixel and a palette of RGB triples."""
    picture = Image.frombytes("P", size, bytes(indices))
    picture.putpalette(b"".join(palette).ljust(768, b"\0"))
    return picture.convert("RGB")


def unpack_bits(data, bits, width, height):
    """One byte a pixel from rows of packed pixels; each row begins at a byte."""
    row_bytes = (width * bits + 7) // 8
    per_byte = 8 // bits
    mask = (1 << bits) - 1
    shifts = [8 - bits * (i + 1) for i in range(per_byte)]
    spread = [bytes(value >> shift & mask for shift in shifts) for value in range(256)]
    rows = (data[row * row_bytes : (row + 1) * row_bytes] for row in range(height))
    return b"".join(b"".join(spread[value] for value in row)[:width] for row in rows)


class RfbClient:
    """One connection. Pixels are asked for as 32-bit BGRX and kept as an RGB picture."""

    def __init__(self, address, version=8, password=None, shared=True):
        self.socket = connect(address)
        self.stream = Stream(self.socket)
        self.picture = None
        self.name = ""
        self.leds = None
        self.cursor = None  # (hot_x, hot_y, RGBA picture); the picture None: hidden
        self.pointer = None
        self.screens = []
        self.size_results = []  # (reason, result) of each ExtendedDesktopSize
        self.fences = []  # (flags, payload) of the server's answers
        self.server_fences = 0
        self.relative_pointer = None
        self.extensions = set()  # markers of what the server understands
        self.ended_continuous_updates = 0
        self.answers = 0  # updates that came
        self.updates = 0  # of these, those that had pixels in them
        self.rectangles = {}  # encoding: how many came
        self.tight_kinds = {}  # "fill", "jpeg", …: how many came
        self.zlib = zlib.decompressobj()
        self.zrle = zlib.decompressobj()
        self.tight = [zlib.decompressobj() for _ in range(4)]
        self._shake_hands(version, password, shared)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # What a viewer says.

    def _shake_hands(self, version, password, shared):
        greeting = self.stream.take(12)
        assert greeting == b"RFB 003.008\n", greeting
        self.socket.sendall(b"RFB 003.%03d\n" % version)
        if version < 7:
            (security,) = self.stream.unpack(">I")
            if security == 0:
                raise Refused(self._reason())
        else:
            offered = self.stream.take(self.stream.byte())
            if not offered:
                raise Refused(self._reason())
            security = offered[0]
            self.socket.sendall(bytes([security]))
        if security == 2:
            self.socket.sendall(vnc_response(password or b"", self.stream.take(16)))
        if (security == 2 or version >= 8) and self.stream.unpack(">I") != (0,):
            raise Refused(self._reason() if version >= 8 else "")
        self.security = security
        self.socket.sendall(bytes([shared]))
        width, height, pixel_format = self.stream.unpack(">HH16s")
        self.native_format = pixel_format
        self.name = self.stream.take(self.stream.unpack(">I")[0]).decode()
        self.picture = Image.new("RGB", (width, height))
        self.set_pixel_format()

    def _reason(self):
        return self.stream.take(self.stream.unpack(">I")[0]).decode()

    def set_pixel_format(self, layout=BGRX):
        """Anything but BGRX is for the encodings Raw and CopyRect only."""
        self.layout = layout
        self.socket.sendall(b"\0\0\0\0" + layout.wire)

    def set_encodings(self, *encodings):
        head = struct.pack(">BxH", 2, len(encodings))
        self.socket.sendall(head + struct.pack(f">{len(encodings)}i", *encodings))

    def request(self, incremental=True, area=None):
        area = area or (0, 0, *self.picture.size)
        self.socket.sendall(struct.pack(">BBHHHH", 3, incremental, *area))

    def key(self, keysym, down):
        self.socket.sendall(struct.pack(">BBxxI", 4, down, keysym))

    def extended_key(self, keysym, qnum, down):
        self.socket.sendall(struct.pack(">BBHII", 255, 0, down, keysym, qnum))

    def point(self, x, y, buttons=0):
        self.socket.sendall(struct.pack(">BBHH", 5, buttons, x, y))

    def fence(self, payload=b"", flags=FENCE_REQUEST):
        self.socket.sendall(struct.pack(">BxxxIB", 248, flags, len(payload)) + payload)

    def continuous_updates(self, enable, area=None):
        area = area or (0, 0, *self.picture.size)
        self.socket.sendall(struct.pack(">BBHHHH", 150, enable, *area))

    def set_desktop_size(self, width, height):
        screen = struct.pack(">IHHHHI", 1, 0, 0, width, height, 0)
        self.socket.sendall(struct.pack(">BxHHBx", 251, width, height, 1) + screen)

    # What the server says.

    def receive(self):
        """One message. Returns its number."""
        kind = self.stream.byte()
        if kind == 0:
            self._receive_update()
        elif kind == 1:
            _, count = self.stream.unpack(">xHH")
            self.stream.take(6 * count)
        elif kind == 3:
            self.stream.take(self.stream.unpack(">3xI")[0])
        elif kind == 150:
            self.ended_continuous_updates += 1
        elif kind == 248:
            flags, length = self.stream.unpack(">3xIB")
            payload = self.stream.take(length)
            if flags & FENCE_REQUEST:
                self.server_fences += 1
                self.fence(payload, flags & 0x7)
            else:
                self.fences.append((flags, payload))
        elif kind != 2:
            raise AssertionError(f"the server sent message {kind}")
        return kind

    def receive_until(self, condition):
        """Receives until @condition() is true, and returns what it returned."""
        while True:
            found = condition()
            if found:
                return found
            self.receive()

    def refresh(self, incremental=False):
        """Asks for the picture, and returns it when an update with pixels came."""
        before = self.updates
        while self.updates == before:
            self.request(incremental)
            answered = self.answers
            self.receive_until(lambda count=answered: self.answers > count)
            # An answer without pixels says something else, of a new size of the picture above all.
            incremental = False
        return self.picture

    def _receive_update(self):
        (count,) = self.stream.unpack(">xH")
        had_pixels = False
        while count > 0:
            x, y, width, height, encoding = self.stream.unpack(">HHHHi")
            self.rectangles[encoding] = self.rectangles.get(encoding, 0) + 1
            if encoding == LAST_RECT:
                break
            decode = self._pixel_decoders().get(encoding)
            if decode:
                had_pixels = True
                assert x + width <= self.picture.width and y + height <= self.picture.height
                if width and height:
                    decode(x, y, width, height)
            else:
                self._receive_pseudo_rectangle(encoding, (x, y, width, height))
            count -= 1
        self.answers += 1
        self.updates += had_pixels

    # Pseudo-encodings.

    def _receive_pseudo_rectangle(self, encoding, area):
        x, y, width, height = area
        if encoding in (DESKTOP_SIZE, EXTENDED_DESKTOP_SIZE):
            if encoding == EXTENDED_DESKTOP_SIZE:
                count = self.stream.unpack(">B3x")[0]
                self.screens = [self.stream.unpack(">IHHHHI") for _ in range(count)]
                self.size_results.append((x, y))
            if self.picture.size != (width, height):
                self.picture = Image.new("RGB", (width, height))
        elif encoding == CURSOR:
            self._receive_cursor(x, y, width, height)
        elif encoding == X_CURSOR:
            mask_bytes = (width + 7) // 8 * height
            self.stream.take(6 + 2 * mask_bytes if mask_bytes else 0)
            self.cursor = (x, y, None)
        elif encoding == CURSOR_WITH_ALPHA:
            (inner,) = self.stream.unpack(">i")
            assert inner == RAW, f"the pixels of a cursor have encoding {inner}"
            pixels = self.stream.take(width * height * 4)
            shape = Image.frombytes("RGBA", (width, height), pixels) if pixels else None
            self.cursor = (x, y, shape)
        elif encoding == POINTER_POSITION:
            self.pointer = (x, y)
        elif encoding == QEMU_POINTER_MOTION:
            self.relative_pointer = x == 0
        elif encoding in (QEMU_EXTENDED_KEY, EXTENDED_MOUSE_BUTTONS):
            self.extensions.add(encoding)
        elif encoding == QEMU_LED:
            self.leds = self.stream.byte()
        elif encoding == VMWARE_LED:
            (self.leds,) = self.stream.unpack(">I")
        elif encoding == DESKTOP_NAME:
            self.name = self.stream.take(self.stream.unpack(">I")[0]).decode()
        else:
            raise AssertionError(f"the server sent a rectangle of encoding {encoding}")

    def _receive_cursor(self, hot_x, hot_y, width, height):
        pixels = self.stream.take(width * height * 4)
        row_bytes = (width + 7) // 8
        mask = self.stream.take(row_bytes * height)
        if not pixels:
            self.cursor = (hot_x, hot_y, None)
            return
        shape = Image.frombytes("RGB", (width, height), pixels, "raw", "BGRX")
        shape.putalpha(Image.frombytes("1", (width, height), mask).convert("L"))
        self.cursor = (hot_x, hot_y, shape)

    # Encodings.

    def _pixel_decoders(self):
        return {
            RAW: self._decode_raw,
            COPY_RECT: self._decode_copy_rect,
            RRE: self._decode_rre,
            HEXTILE: self._decode_hextile,
            ZLIB: self._decode_zlib,
            TIGHT: self._decode_tight,
            ZRLE: self._decode_zrle,
        }

    def _put_bgrx(self, x, y, size, pixels):
        self.picture.paste(Image.frombytes("RGB", size, pixels, "raw", "BGRX"), (x, y))

    def _fill(self, area, bgrx):
        x, y, width, height = area
        self.picture.paste((bgrx[2], bgrx[1], bgrx[0]), (x, y, x + width, y + height))

    def _decode_raw(self, x, y, width, height):
        pixels = self.stream.take(width * height * self.layout.pixel_bytes)
        name = self.layout.pillow_name
        self.picture.paste(Image.frombytes("RGB", (width, height), pixels, "raw", name), (x, y))

    def _decode_copy_rect(self, x, y, width, height):
        left, top = self.stream.unpack(">HH")
        self.picture.paste(self.picture.crop((left, top, left + width, top + height)), (x, y))

    def _decode_rre(self, x, y, width, height):
        count, background = self.stream.unpack(">I4s")
        self._fill((x, y, width, height), background)
        for _ in range(count):
            colour, left, top, across, down = self.stream.unpack(">4sHHHH")
            self._fill((x + left, y + top, across, down), colour)

    def _decode_hextile(self, x, y, width, height):
        background = foreground = b"\0\0\0\0"
        for top in range(y, y + height, 16):
            for left in range(x, x + width, 16):
                across, down = min(16, x + width - left), min(16, y + height - top)
                kind = self.stream.byte()
                if kind & 1:
                    self._decode_raw(left, top, across, down)
                    continue
                if kind & 2:
                    background = self.stream.take(4)
                if kind & 4:
                    foreground = self.stream.take(4)
                self._fill((left, top, across, down), background)
                for _ in range(self.stream.byte() if kind & 8 else 0):
                    colour = self.stream.take(4) if kind & 16 else foreground
                    place, size = self.stream.take(2)
                    area = (left + (place >> 4), top + (place & 15))
                    self._fill((*area, (size >> 4) + 1, (size & 15) + 1), colour)

    def _decode_zlib(self, x, y, width, height):
        data = self.zlib.decompress(self.stream.take(self.stream.unpack(">I")[0]))
        assert len(data) == width * height * 4, "a Zlib rectangle has another size than its data"
        self._put_bgrx(x, y, (width, height), data)

    def _decode_zrle(self, x, y, width, height):
        reader = Reader(self.zrle.decompress(self.stream.take(self.stream.unpack(">I")[0])))
        for top in range(y, y + height, 64):
            for left in range(x, x + width, 64):
                size = (min(64, x + width - left), min(64, y + height - top))
                self.picture.paste(zrle_tile(reader, size), (left, top))
        assert reader.at_end(), "a ZRLE rectangle has data left over"

    def _decode_tight(self, x, y, width, height):
        control = self.stream.byte()
        for number in range(4):
            if control >> number & 1:
                self.tight[number] = zlib.decompressobj()
        kind = control >> 4
        if kind == 8:
            self._count_tight("fill")
            self.picture.paste(tuple(self.stream.take(3)), (x, y, x + width, y + height))
        elif kind == 9:
            self._count_tight("jpeg")
            with Image.open(io.BytesIO(self.stream.take(self._compact_length()))) as picture:
                assert picture.size == (width, height)
                self.picture.paste(picture.convert("RGB"), (x, y))
        else:
            assert kind < 8, f"Tight control byte {control:#x}"
            filtering = self.stream.byte() if kind & 4 else 0
            decode = (self._tight_copy, self._tight_palette, self._tight_gradient)[filtering]
            self._count_tight(("copy", "palette", "gradient")[filtering])
            self.picture.paste(decode(kind & 3, (width, height)), (x, y))

    def _count_tight(self, kind):
        self.tight_kinds[kind] = self.tight_kinds.get(kind, 0) + 1

    def _compact_length(self):
        length = 0
        for shift in (0, 7, 14):
            byte = self.stream.byte()
            length |= (byte & 0x7F if shift < 14 else byte) << shift
            if not byte & 0x80:
                break
        return length

    def _tight_data(self, stream_number, size):
        if size < 12:
            return self.stream.take(size)
        data = self.tight[stream_number].decompress(self.stream.take(self._compact_length()))
        assert len(data) == size, "a Tight rectangle has another size than its data"
        return data

    def _tight_copy(self, stream_number, size):
        return Image.frombytes("RGB", size, self._tight_data(stream_number, size[0] * size[1] * 3))

    def _tight_palette(self, stream_number, size):
        palette = [self.stream.take(3) for _ in range(self.stream.byte() + 1)]
        if len(palette) > 2:
            return indexed_pixels(self._tight_data(stream_number, size[0] * size[1]), palette, size)
        data = self._tight_data(stream_number, (size[0] + 7) // 8 * size[1])
        return indexed_pixels(unpack_bits(data, 1, *size), palette, size)

    def _tight_gradient(self, stream_number, size):
        width, height = size
        data = self._tight_data(stream_number, width * height * 3)
        above, pixels = [0] * (3 * width), bytearray()
        for row in range(height):
            line = []
            for i in range(3 * width):
                left, corner = (line[i - 3], above[i - 3]) if i >= 3 else (0, 0)
                guess = min(max(left + above[i] - corner, 0), 255)
                line.append(guess + data[row * 3 * width + i] & 0xFF)
            pixels += bytes(line)
            above = line
        return Image.frombytes("RGB", size, bytes(pixels))

    # What is in the picture.

    def stamp(self):
        """(number, microseconds) of the pattern source's stamp, or None where there is none."""
        return read_stamp(self.picture)


def zrle_run_length(reader):
    length = 1
    while True:
        byte = reader.byte()
        length += byte
        if byte != 255:
            return length


def zrle_tile(reader, size):
    """One tile of ZRLE, whose pixels are three bytes: blue, green, red."""
    width, height = size
    count = width * height
    kind = reader.byte()
    if kind == 0:
        return Image.frombytes("RGB", size, reader.take(3 * count), "raw", "BGR")
    if kind == 1:
        return Image.new("RGB", size, tuple(reversed(reader.take(3))))
    if kind <= 16:
        palette = [reader.take(3)[::-1] for _ in range(kind)]
        bits = 1 if kind == 2 else 2 if kind <= 4 else 4
        data = reader.take((width * bits + 7) // 8 * height)
        return indexed_pixels(unpack_bits(data, bits, width, height), palette, size)
    pixels = bytearray()
    if kind == 128:
        while len(pixels) < 3 * count:
            colour = reader.take(3)
            pixels += colour * zrle_run_length(reader)
    else:
        assert kind >= 130, f"ZRLE tile of kind {kind}"
        palette = [reader.take(3) for _ in range(kind - 128)]
        while len(pixels) < 3 * count:
            index = reader.byte()
            length = zrle_run_length(reader) if index & 0x80 else 1
            pixels += palette[index & 0x7F] * length
    assert len(pixels) == 3 * count, "a run goes over the end of its tile"
    return Image.frombytes("RGB", size, bytes(pixels), "raw", "BGR")


def crc16(data):
    """CRC-16/CCITT-FALSE, as in sources/pattern/stamp.c."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def read_stamp(picture):
    """The stamp at the top left: squares of STAMP_CELL_PX, of which only the luma counts."""
    width, height = STAMP_COLUMNS * STAMP_CELL_PX, STAMP_ROWS * STAMP_CELL_PX
    if picture.width < width or picture.height < height:
        return None
    # Only the inside of a square is looked at: filters bleed over its edges.
    luma = picture.crop((0, 0, width, height)).convert("L")
    bits = 0
    for row in range(STAMP_ROWS):
        for column in range(STAMP_COLUMNS):
            left, top = column * STAMP_CELL_PX + 4, row * STAMP_CELL_PX + 4
            inside = luma.crop((left, top, left + 8, top + 8)).tobytes()
            mean = sum(inside) // len(inside)
            if 96 < mean < 160:
                return None
            bits = bits << 1 | (mean >= 160)
    data = bits.to_bytes(10, "big")
    if crc16(data[:8]) != int.from_bytes(data[8:], "big"):
        return None
    return struct.unpack(">II", data[:8])
