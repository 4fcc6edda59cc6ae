"""Truncated and hostile HTTP/2 before lateen-proxy: the connection ends with the reason that the RFC has for it."""

import random
import struct
import unittest

from lab import Proxy, connect, rest_of

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 5, 6, 7, 8, 9
END_STREAM, END_HEADERS = 1, 4
PROTOCOL_ERROR, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, COMPRESSION_ERROR, ENHANCE_YOUR_CALM = 1, 3, 6, 9, 11

# :method GET, :scheme http, :path /, :authority a
HEAD = b"\x82\x86\x84\x41\x01a"
# The same with :method POST and :path /upload
POST = b"\x83\x86\x44\x07/upload\x41\x01a"


def frame(kind: int, flags: int = 0, stream: int = 0, payload: bytes = b"", length: int | None = None) -> bytes:
    size = len(payload) if length is None else length
    return struct.pack(">I", size)[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


HELLO = PREFACE + frame(SETTINGS)
GET = frame(HEADERS, END_STREAM | END_HEADERS, 1, HEAD)


def frames_of(answer: bytes) -> list[tuple[int, int, bytes]]:
    out = []
    while len(answer) >= 9:
        length = int.from_bytes(answer[:3], "big")
        out.append((answer[3], int.from_bytes(answer[5:9], "big"), answer[9:9 + length]))
        answer = answer[9 + length:]
    return out


def goaway_of(answer: bytes) -> int | None:
    codes = [int.from_bytes(payload[4:8], "big") for kind, _, payload in frames_of(answer) if kind == GOAWAY]
    return codes[-1] if codes else None


# Connection errors, with the code of RFC 9113 (or one of several).
BROKEN = {
    "a frame larger than agreed": (frame(DATA, 0, 1, length=1 << 20) + b"x" * 20_000, {FRAME_SIZE_ERROR, PROTOCOL_ERROR}),
    "a head on stream 0": (frame(HEADERS, END_HEADERS, 0, HEAD), {PROTOCOL_ERROR}),
    "a head on an even stream": (frame(HEADERS, END_HEADERS, 2, HEAD), {PROTOCOL_ERROR}),
    "data before a head": (frame(DATA, 0, 1, b"x"), {PROTOCOL_ERROR}),
    "a continuation of nothing": (frame(CONTINUATION, END_HEADERS, 1, HEAD), {PROTOCOL_ERROR}),
    "something else inside of a head": (frame(HEADERS, 0, 1, HEAD) + frame(PING, 0, 0, b"12345678"), {PROTOCOL_ERROR}),
    "a push": (frame(PUSH_PROMISE, END_HEADERS, 1, b"\0\0\0\2" + HEAD), {PROTOCOL_ERROR}),
    "fields no table has": (frame(HEADERS, END_HEADERS, 1, b"\xff\xff\xff\xff\x0f"), {COMPRESSION_ERROR}),
    "a half setting": (frame(SETTINGS, 0, 0, b"\0\1\0"), {FRAME_SIZE_ERROR}),
    "a short ping": (frame(PING, 0, 0, b"123"), {FRAME_SIZE_ERROR}),
    "a window of nothing": (frame(WINDOW_UPDATE, 0, 0, b"\0\0\0\0"), {PROTOCOL_ERROR}),
    "a window without end": (frame(WINDOW_UPDATE, 0, 0, b"\x7f\xff\xff\xff") * 2, {FLOW_CONTROL_ERROR}),
    "a window setting too large": (frame(SETTINGS, 0, 0, b"\0\4\xff\xff\xff\xff"), {FLOW_CONTROL_ERROR}),
}


class Http2Bytes(Proxy):
    def send(self, payload: bytes) -> bytes:
        with connect(self.plain) as connection:
            try:
                connection.sendall(payload)
            except ConnectionError:
                pass
            return rest_of(connection)

    def test_what_is_right_is_served(self):
        with connect(self.plain) as connection:
            connection.sendall(HELLO + GET)
            answer = b""
            while b"fine" not in answer and (piece := connection.recv(65536)):
                answer += piece
        self.assertIn((DATA, 1, b"fine"), frames_of(answer))

    def test_frames_that_are_wrong_end_the_connection(self):
        for name, (payload, codes) in BROKEN.items():
            with self.subTest(name):
                self.assertIn(goaway_of(self.send(HELLO + payload)), codes)
        self.unharmed()

    def test_a_preface_that_turns_out_to_be_none(self):
        for payload in (b"PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n", PREFACE + b"GET / HTTP/1.1\r\nhost: a\r\n\r\n",
                        PREFACE + frame(PING, 0, 0, b"12345678")):
            with self.subTest(payload):
                self.send(payload)  # it ends
        self.unharmed()

    def test_a_head_that_never_ends(self):
        piece = frame(CONTINUATION, 0, 1, b"\x40\x01x\x7f\xa1\x0f" + b"a" * 2192)
        answer = self.send(HELLO + frame(HEADERS, 0, 1, HEAD) + piece * 5000)
        self.assertIsNotNone(goaway_of(answer), answer[:200])
        with connect(self.plain) as waiting:  # says nothing more: the connection ends by its time limit
            waiting.sendall(HELLO + frame(HEADERS, 0, 1, HEAD))
            self.assertEqual(goaway_of(rest_of(waiting)), ENHANCE_YOUR_CALM)
        self.until_logged("access.log", "408 DPE", "head")
        self.unharmed()

    def test_a_small_head_that_becomes_large(self):
        # A field of 4000 bytes enters the table once and is then named by one byte, again and again.
        fields = HEAD + b"\x40\x01x\x7f\xa1\x1e" + b"a" * 4000 + b"\xbe" * 15_000
        answer = self.send(HELLO + frame(HEADERS, 0, 1, fields[:16000]) + frame(CONTINUATION, END_HEADERS, 1, fields[16000:])
                           + frame(GOAWAY, 0, 0, bytes(8)))
        self.assertTrue(goaway_of(answer) or b"431" in answer or any(k == RST_STREAM for k, _, _ in frames_of(answer)), answer[:200])
        self.unharmed()

    def test_floods(self):
        cancel = b"".join(frame(HEADERS, END_STREAM | END_HEADERS, n, HEAD) + frame(RST_STREAM, 0, n, b"\0\0\0\x08")
                          for n in range(1, 20_001, 2))
        for name, flood in {"pings": frame(PING, 0, 0, b"12345678") * 50_000, "settings": frame(SETTINGS) * 50_000,
                            "resets": cancel, "empty data": frame(HEADERS, END_HEADERS, 1, POST) + frame(DATA, 0, 1) * 50_000}.items():
            with self.subTest(name), connect(self.plain) as connection:
                connection.settimeout(5)
                try:
                    connection.sendall(HELLO + flood)  # and no answer is read
                except OSError:
                    pass
                self.neighbour.goes_on(self)
        self.until("all is over at the backend", lambda: self.backend.receiving == 0)
        self.unharmed()

    def test_more_streams_than_agreed(self):
        heads = b"".join(frame(HEADERS, END_HEADERS, n, POST) for n in range(1, 2001, 2))
        with connect(self.plain) as connection:
            connection.sendall(HELLO + heads)
            self.until("some are under way", lambda: self.backend.receiving > 0)
            self.neighbour.goes_on(self)
            self.assertLessEqual(self.backend.receiving, 101)
        self.until("they are let go", lambda: self.backend.receiving == 0)
        self.unharmed()

    def test_gone_in_the_middle_of_bodies(self):
        with connect(self.plain) as connection:
            connection.sendall(HELLO + frame(HEADERS, END_HEADERS, 1, POST) + frame(DATA, 0, 1, b"x" * 1000)
                               + frame(HEADERS, END_STREAM | END_HEADERS, 3, b"\x82\x86\x44\x08/endless\x41\x01a"))
            self.until("both are under way", lambda: self.backend.receiving == 1 and self.backend.sending == 1)
        self.until("the backend is told of both", lambda: self.backend.receiving == 0 and self.backend.sending == 0)
        self.until("both are in the access log", lambda: self.log("access.log").count(" DC ") == 2)
        self.unharmed()

    def test_bytes_that_stop_anywhere_and_noise(self):
        whole = HELLO + GET + frame(HEADERS, END_HEADERS, 3, POST) + frame(DATA, END_STREAM, 3, b"body")
        dice = random.Random(11)
        for end in range(len(whole)):
            with connect(self.plain) as connection:
                connection.sendall(whole[:end])
        for _ in range(200):
            with connect(self.plain) as connection:
                noise = b"".join(frame(dice.randrange(12), dice.randrange(256), dice.randrange(6), dice.randbytes(dice.randrange(60)))
                                 for _ in range(20))
                try:
                    connection.sendall(HELLO + noise)
                except ConnectionError:
                    pass
        self.unharmed()


if __name__ == "__main__":
    unittest.main()
