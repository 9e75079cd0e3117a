#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright 2026 The Vitrine authors
"""What the VNC front says and does, pixel by pixel, to a viewer of our own on the test picture.

Usage: vnc-protocol.py VITRINE VITRINE-RENDER [NAME-OF-TEST…]
"""
import contextlib
import functools
import pathlib
import socket
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "support"), str(HERE.parent / "clients")]

import rfb_client as rfb  # noqa: E402
from daemon import PATIENCE_SECONDS, Vitrine, free_port  # noqa: E402
from PIL import ImageChops  # noqa: E402
from rfb_client import RfbClient  # noqa: E402
from tap import run_tests  # noqa: E402
from wait import wait_until  # noqa: E402

# Shown in blocks that do not lie on each other.
KEY_DOWN, XK_DOWN, QNUM_DOWN = 108, 0xFF54, 0xD0
KEY_D, XK_D = 32, 0x64
BTN_RIGHT, RIGHT_MASK = 0x111, 4

STILL = {"pattern.script": "still", "pattern.size": "400x300"}
TYPING = {"pattern.script": "typing", "pattern.size": "400x300"}


def key_block(picture, code):
    """The colour of the block that the test picture shows for an evdev code: see desktop.c."""
    return picture.getpixel((8 + code % 16 * 28 + 12, picture.height - 28 + 12))


def is_shown(client, code):
    colour = code * 0x9E3779B1 % (1 << 32) >> 8 & 0x7F7F7F | 0x808080
    client.refresh()
    return key_block(client.picture, code) == (colour >> 16, colour >> 8 & 0xFF, colour & 0xFF)


def wait_for_key(client, code, shown=True):
    state = "shown" if shown else "hidden"
    wait_until(f"key {code} is {state}", PATIENCE_SECONDS, lambda: is_shown(client, code) == shown)


def viewer(daemon, *encodings, **options):
    client = RfbClient(daemon.socket, **options)
    client.set_encodings(*(encodings or (rfb.RAW,)))
    return client


def reference(daemon):
    """The picture as it is, and never under a cursor."""
    with viewer(daemon, rfb.RAW, rfb.CURSOR_WITH_ALPHA) as client:
        return client.refresh().copy()


def assert_same(got, expected, what):
    assert got.size == expected.size, f"{what}: {got.size} instead of {expected.size}"
    area = ImageChops.difference(got, expected).getbbox()
    assert area is None, f"{what}: pixels differ within {area}"


class Tests:
    def __init__(self, vitrine, render):
        self.start = functools.partial(Vitrine, vitrine, render)
        self.vitrine = vitrine

    def versions(self):
        with self.start(STILL) as daemon:
            expected = reference(daemon)
            for version in (3, 7, 8, 5, 889):
                with viewer(daemon, rfb.RAW, rfb.CURSOR_WITH_ALPHA, version=version) as client:
                    assert client.security == 1
                    assert_same(client.refresh(), expected, f"RFB 3.{version}")

    def stamp(self):
        with self.start(STILL) as daemon:
            number, _ = rfb.read_stamp(reference(daemon))
            assert number == 1, number

    def encodings(self):
        cases = {
            "Hextile": (rfb.HEXTILE,),
            "Zlib": (rfb.ZLIB,),
            "ZRLE": (rfb.ZRLE,),
            "Tight, compression 1": (rfb.TIGHT, rfb.compression(1)),
            "Tight, compression 9": (rfb.TIGHT, rfb.compression(9)),
            "Tight, unknown encodings in front": (50, 0x12345678, rfb.TIGHT),
        }
        with self.start(STILL) as daemon:
            expected = reference(daemon)
            for name, encodings in cases.items():
                with viewer(daemon, *encodings, rfb.CURSOR_WITH_ALPHA) as client:
                    assert_same(client.refresh(), expected, name)
                    # Again: the compressors' streams go on.
                    assert_same(client.refresh(), expected, f"{name}, second time")
                    assert set(encodings) & set(client.rectangles), f"{name} was not used"
                    assert rfb.RAW not in client.rectangles, f"{name} was not used"

    def encodings_agree_in_motion(self):
        """Incremental updates leave no trace: after a script's pictures everyone has the same."""
        names = [(rfb.RAW,), (rfb.HEXTILE,), (rfb.ZRLE, rfb.COPY_RECT), (rfb.TIGHT,), (rfb.ZLIB,)]
        names.append((rfb.TIGHT, rfb.COPY_RECT, rfb.LAST_RECT))
        for script in ("typing", "scroll", "motion"):
            settings = {"pattern.script": script, "pattern.size": "480x400", "pattern.rate-hz": 2}
            with self.start(settings) as daemon, contextlib.ExitStack() as stack:
                clients = [
                    stack.enter_context(viewer(daemon, *each, rfb.CURSOR_WITH_ALPHA))
                    for each in names
                ]
                self._wait_for_same_picture(script, clients)
                copies = [client.rectangles.get(rfb.COPY_RECT) for client in clients]
                assert script != "scroll" or any(copies), "nothing was copied"

    @staticmethod
    def _wait_for_same_picture(script, clients):
        pictures = [{} for _ in clients]
        for client in clients:
            client.refresh()

        def one_seen_by_all():
            # All ask before the next picture comes, so that it is the answer to each.
            for client in clients:
                client.request()
            for client, seen in zip(clients, pictures):
                updates = client.updates
                client.receive_until(lambda: client.updates > updates)
                seen[client.stamp()] = client.picture.copy()
            common = set.intersection(*(set(seen) for seen in pictures)) - {None}
            return common if len(common) >= 3 else None

        for stamp in wait_until("all got one picture", PATIENCE_SECONDS, one_seen_by_all):
            for seen in pictures[1:]:
                assert_same(seen[stamp], pictures[0][stamp], f"{script}, picture {stamp}")

    def pixel_formats(self):
        with self.start(STILL) as daemon:
            expected = reference(daemon)
            for layout in (rfb.RGBX, rfb.RGB565, rfb.RGB555):
                with viewer(daemon, rfb.RAW, rfb.CURSOR_WITH_ALPHA) as client:
                    client.set_pixel_format(layout)
                    difference = ImageChops.difference(client.refresh(), expected)
                    worst = max(high for _, high in difference.getextrema())
                    allowed = 0 if layout is rfb.RGBX else 8
                    assert worst <= allowed, f"{layout.pillow_name}: off by {worst}"

    def jpeg(self):
        motion = {"pattern.script": "motion", "pattern.size": "400x300"}
        encodings = (rfb.TIGHT, rfb.quality(5), rfb.CURSOR_WITH_ALPHA)
        with self.start(motion) as daemon, viewer(daemon, *encodings) as client:
            client.refresh()
            client.receive_until(lambda: client.request() or client.tight_kinds.get("jpeg"))
            assert client.stamp(), "the stamp cannot be read after JPEG"
        with self.start({**motion, "vnc.jpeg": "no"}) as daemon:
            with viewer(daemon, *encodings) as client:
                for _ in range(5):
                    client.refresh(incremental=True)
                assert "jpeg" not in client.tight_kinds

    def updates_only_on_request(self):
        with self.start(TYPING) as daemon, viewer(daemon, rfb.RAW, rfb.FENCE) as client:
            client.refresh()
            client.receive_until(lambda: client.server_fences)
            before = client.updates
            for _ in range(3):
                client.fence(b"echo")
                answers = len(client.fences) + 1
                client.receive_until(lambda count=answers: len(client.fences) >= count)
            assert client.updates == before

    def fences(self):
        with self.start(STILL) as daemon, viewer(daemon, rfb.RAW, rfb.FENCE) as client:
            client.request()
            client.receive_until(lambda: client.server_fences)
            for payload in (b"", b"x", bytes(range(64))):
                client.fence(payload, rfb.FENCE_REQUEST | 0x3)
                client.receive_until(lambda: client.fences)
                assert client.fences.pop() == (0x3, payload)

    def continuous_updates(self):
        encodings = (rfb.RAW, rfb.FENCE, rfb.CONTINUOUS_UPDATES)
        with self.start(TYPING) as daemon, viewer(daemon, *encodings) as client:
            client.request()
            client.receive_until(lambda: client.ended_continuous_updates)
            client.continuous_updates(True)
            before = client.updates
            client.receive_until(lambda: client.updates >= before + 10)
            client.continuous_updates(False)
            client.receive_until(lambda: client.ended_continuous_updates == 2)
            after = client.updates
            client.fence(b"end")
            client.receive_until(lambda: client.fences)
            assert client.updates == after, "an update came although nobody asked"
            client.refresh()

    def size_from_the_guest(self):
        settings = {"pattern.script": "resize", "pattern.size": "400x300"}
        for announce in (rfb.DESKTOP_SIZE, rfb.EXTENDED_DESKTOP_SIZE):
            with self.start(settings) as daemon, viewer(daemon, rfb.TIGHT, announce) as client:
                sizes = set()

                def saw_sizes(client=client, sizes=sizes):
                    client.refresh(incremental=True)
                    if client.stamp():
                        sizes.add(client.picture.size)
                    return len(sizes) >= 3

                wait_until("three sizes were shown", PATIENCE_SECONDS, saw_sizes)

    def size_unknown_to_the_viewer(self):
        """It gets what fits; the client's own checks fail if anything lies outside."""
        settings = {"pattern.script": "resize", "pattern.size": "400x300"}
        with self.start(settings) as daemon:
            encodings = (rfb.RAW, rfb.EXTENDED_DESKTOP_SIZE)
            with viewer(daemon, rfb.RAW) as client, viewer(daemon, *encodings) as observer:
                size, sizes = client.picture.size, set()

                def saw_sizes():
                    sizes.add(observer.refresh(incremental=True).size)
                    client.refresh()
                    return len(sizes) >= 4

                wait_until("four sizes were shown", PATIENCE_SECONDS, saw_sizes)
                assert client.picture.size == size

    def size_from_the_viewer(self):
        encodings = (rfb.RAW, rfb.EXTENDED_DESKTOP_SIZE)
        with self.start(STILL) as daemon:
            with viewer(daemon, *encodings) as client, viewer(daemon, *encodings) as other:
                client.refresh()
                other.refresh()
                assert client.screens, "the server does not announce ExtendedDesktopSize"
                client.size_results.clear()
                client.set_desktop_size(640, 360)
                for each in (client, other):
                    self._wait_for_size(each, (640, 360))
                    assert each.stamp()
                reasons = [reason for reason, result in client.size_results if reason == 1]
                assert reasons, f"no answer to the wish: {client.size_results}"
                client.size_results.clear()
                client.set_desktop_size(0, 0)
                client.request()
                client.receive_until(lambda: client.size_results)
                reason, result = client.size_results[0]
                assert reason == 1 and result != 0, (reason, result)
                assert client.picture.size == (640, 360)

    @staticmethod
    def _wait_for_size(client, size):
        def has_size():
            client.refresh(incremental=False)
            return client.picture.size == size

        wait_until(f"the picture is {size}", PATIENCE_SECONDS, has_size)

    def cursor_shapes(self):
        for encoding in (rfb.CURSOR_WITH_ALPHA, rfb.CURSOR):
            with self.start(STILL) as daemon, viewer(daemon, rfb.RAW, encoding) as client:
                client.refresh()
                client.receive_until(lambda client=client: client.request() or client.cursor)
                assert client.cursor[2] is not None
                alpha = client.cursor[2].getchannel("A").getextrema()
                assert alpha[1] == 255, alpha

    def cursor_changes(self):
        """The script shows one shape after the other: a large one, and none."""
        settings = {"pattern.script": "everything", "pattern.size": "640x480"}
        for encoding in (rfb.CURSOR_WITH_ALPHA, rfb.CURSOR):
            seen = set()
            with self.start(settings) as daemon:
                announce = (rfb.TIGHT, encoding, rfb.EXTENDED_DESKTOP_SIZE)
                with viewer(daemon, *announce) as client:

                    def saw_both(client=client, seen=seen):
                        client.refresh(incremental=True)
                        if client.cursor:
                            seen.add(client.cursor[2] and client.cursor[2].size)
                        return None in seen and (192, 192) in seen

                    wait_until("both were shown", PATIENCE_SECONDS, saw_both)

    def cursor_in_the_picture(self):
        """For a viewer that knows no cursor encoding, it is drawn where the pointer is."""
        with self.start(STILL) as daemon, viewer(daemon, rfb.RAW) as client:
            expected = reference(daemon)
            client.point(200, 100)

            def area():
                return ImageChops.difference(client.refresh(), expected).getbbox()

            box = wait_until("the cursor is in the picture", PATIENCE_SECONDS, area)
            assert box[0] > 100 and box[1] > 20 and box[2] < 300 and box[3] < 180, box
            assert_same(reference(daemon), expected, "a viewer that draws its cursor itself")

    def pointer_position(self):
        encodings = (rfb.RAW, rfb.CURSOR_WITH_ALPHA, rfb.POINTER_POSITION)
        with self.start(STILL) as daemon, viewer(daemon, *encodings) as client:
            client.refresh()
            with viewer(daemon) as other:
                other.point(123, 45)
                client.request()
                client.receive_until(lambda: client.pointer == (123, 45))

    def leds(self):
        with self.start(STILL) as daemon, viewer(daemon, rfb.RAW, rfb.QEMU_LED) as client:
            client.refresh()
            client.receive_until(lambda: client.request() or client.leds == 0)

    def extended_keys(self):
        with self.start(STILL) as daemon:
            with viewer(daemon, rfb.RAW, rfb.QEMU_EXTENDED_KEY) as client:
                client.refresh()
                assert rfb.QEMU_EXTENDED_KEY in client.extensions
                client.extended_key(XK_DOWN, QNUM_DOWN, True)
                wait_for_key(client, KEY_DOWN)
                client.extended_key(XK_DOWN, QNUM_DOWN, False)
                wait_for_key(client, KEY_DOWN, shown=False)

    def keysyms(self):
        with self.start(STILL) as daemon, viewer(daemon) as client:
            client.key(XK_D, True)
            wait_for_key(client, KEY_D)
            client.key(XK_D, False)
            wait_for_key(client, KEY_D, shown=False)

    def buttons(self):
        with self.start(STILL) as daemon, viewer(daemon) as client:
            client.point(200, 100, RIGHT_MASK)
            wait_for_key(client, BTN_RIGHT)
            client.point(200, 100, 0)
            wait_for_key(client, BTN_RIGHT, shown=False)

    def released_on_disconnect(self):
        with self.start(STILL) as daemon, viewer(daemon) as observer:
            with viewer(daemon) as client:
                client.key(XK_D, True)
                client.point(200, 100, RIGHT_MASK)
                wait_for_key(observer, KEY_D)
                wait_for_key(observer, BTN_RIGHT)
            wait_for_key(observer, KEY_D, shown=False)
            wait_for_key(observer, BTN_RIGHT, shown=False)

    # Who is let in.

    def passwords(self):
        with contextlib.ExitStack() as stack:
            full, view_only = (self._password_file(stack, each) for each in ("geheim", "gucken"))
            daemon = stack.enter_context(
                self.start(
                    {**STILL, "vnc.password-file": full, "vnc.view-only-password-file": view_only}
                )
            )
            for version in (3, 7, 8):
                with viewer(daemon, version=version, password=b"geheim") as client:
                    assert client.security == 2
                    client.refresh()
                try:
                    viewer(daemon, version=version, password=b"Geheim").close()
                except (rfb.Refused, rfb.Closed) as error:
                    assert version < 8 or "password" in str(error), error
                else:
                    raise AssertionError("a wrong password was taken")
            with viewer(daemon, password=b"geheim") as client:
                with viewer(daemon, rfb.RAW, rfb.FENCE, password=b"gucken") as watcher:
                    watcher.refresh()
                    watcher.key(XK_D, True)
                    watcher.set_desktop_size(640, 480)
                    watcher.fence()
                    watcher.receive_until(lambda: watcher.fences)
                    client.key(XK_DOWN, True)
                    wait_for_key(client, KEY_DOWN)
                    assert not is_shown(client, KEY_D), "a view-only viewer's key arrived"
                    assert client.picture.size == (400, 300)

    @staticmethod
    def _password_file(stack, password):
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path = folder / "password"
        path.write_text(password + "\n", encoding="ascii")
        path.chmod(0o600)
        return path

    def sharing(self):
        cases = [("client", True, True), ("client", False, False), ("exclusive", True, False)]
        for policy, shared, stays in cases + [("shared", False, True)]:
            with self.start({**STILL, "vnc.share": policy}) as daemon, viewer(daemon) as first:
                first.refresh()
                with viewer(daemon, shared=shared) as second:
                    second.refresh()
                    try:
                        first.refresh()
                    except (rfb.Closed, OSError):
                        assert not stays, f"{policy}, shared {shared}: the first was closed"
                    else:
                        assert stays, f"{policy}, shared {shared}: the first stayed"

    def client_limit(self):
        with self.start({**STILL, "vnc.max-clients": 2}) as daemon:
            with viewer(daemon) as first, viewer(daemon) as second:
                try:
                    viewer(daemon).close()
                except rfb.Refused as error:
                    assert str(error), "no reason was given"
                else:
                    raise AssertionError("a third viewer was let in")
                first.refresh()
                second.refresh()
            wait_until("there is room again", PATIENCE_SECONDS, lambda: self._is_let_in(daemon))

    @staticmethod
    def _is_let_in(daemon):
        try:
            viewer(daemon).close()
        except rfb.Refused:
            return False
        return True

    def handshake_timeout(self):
        with self.start({**STILL, "vnc.handshake-timeout-s": 1}) as daemon:
            for said in (b"", b"RFB 003", b"RFB 003.008\n", b"RFB 003.008\n\1"):
                with rfb.connect(daemon.socket) as peer:
                    peer.sendall(said)
                    while peer.recv(4096):
                        pass
            with viewer(daemon) as client:
                client.refresh()

    def tcp(self):
        for host, written in (("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")):
            port = free_port(host)
            with self.start({**STILL, "vnc.listen": f"{written}:{port}"}) as daemon:
                expected = reference(daemon)
                with RfbClient((host, port)) as client:
                    client.set_encodings(rfb.ZRLE, rfb.CURSOR_WITH_ALPHA)
                    assert_same(client.refresh(), expected, written)

    def tcp_beyond_this_machine(self):
        port = free_port("127.0.0.1")
        listen = f"0.0.0.0:{port}"
        command = [self.vitrine, "--set", f"vnc.listen={listen}"]
        end = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert end.returncode != 0 and "insecure" in end.stderr, end.stderr
        with self.start({**STILL, "vnc.listen": listen, "vnc.insecure": "yes"}):
            with RfbClient(("127.0.0.1", port)) as client:
                client.set_encodings(rfb.RAW)
                client.refresh()

    def port_in_use(self):
        with socket.socket() as other:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            command = [self.vitrine, "--set", f"vnc.listen=127.0.0.1:{port}"]
            end = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            assert end.returncode != 0 and str(port) in end.stderr, end.stderr

    def heads(self):
        with self.start({**STILL, "pattern.heads": 2}) as daemon:
            first = reference(daemon)
            with RfbClient(f"{daemon.socket}.1") as client:
                client.set_encodings(rfb.RAW, rfb.CURSOR_WITH_ALPHA)
                assert client.refresh().tobytes() != first.tobytes()

    def name(self):
        with self.start({**STILL, "vitrine.name": "Prüfstand"}) as daemon:
            with viewer(daemon) as client:
                assert "Prüfstand" in client.name, client.name

    def all(self):
        return [
            ("RFB 3.3, 3.7, 3.8 and others show the same", self.versions),
            ("the picture carries its stamp", self.stamp),
            ("lossless encodings agree with Raw", self.encodings),
            ("lossless encodings agree while the picture changes", self.encodings_agree_in_motion),
            ("other pixel formats show the same colours", self.pixel_formats),
            ("JPEG only for viewers that ask and where it is allowed", self.jpeg),
            ("nothing comes that was not asked for", self.updates_only_on_request),
            ("fences come back as they are", self.fences),
            ("continuous updates start and end", self.continuous_updates),
            ("the guest's new size reaches viewers", self.size_from_the_guest),
            ("a viewer that cannot resize keeps its size", self.size_unknown_to_the_viewer),
            ("a viewer's wish for a size reaches the guest", self.size_from_the_viewer),
            ("the cursor's shape comes in either encoding", self.cursor_shapes),
            ("large cursors and none at all are shown", self.cursor_changes),
            ("the cursor is drawn for viewers that cannot", self.cursor_in_the_picture),
            ("the pointer's position is told to others", self.pointer_position),
            ("lock lights are told", self.leds),
            ("QEMU extended keys reach the guest", self.extended_keys),
            ("keysyms reach the guest", self.keysyms),
            ("buttons reach the guest", self.buttons),
            ("what a viewer held is released when it goes", self.released_on_disconnect),
            ("passwords let in, keep out, or only let watch", self.passwords),
            ("sharing follows the configuration", self.sharing),
            ("one viewer too many is told so", self.client_limit),
            ("half-open peers are closed", self.handshake_timeout),
            ("TCP over IPv4 and IPv6", self.tcp),
            ("TCP beyond this machine needs a word", self.tcp_beyond_this_machine),
            ("a port in use is a start-up error", self.port_in_use),
            ("each head has its socket", self.heads),
            ("the VM's name is the desktop's", self.name),
        ]


def main():
    wanted = sys.argv[3:]
    tests = Tests(*sys.argv[1:3]).all()
    return run_tests([each for each in tests if not wanted or each[1].__name__ in wanted])


if __name__ == "__main__":
    sys.exit(main())
