"""Truncated and hostile HTTP/1 before lateen-proxy: each is refused with its reason, and a neighbour never notices."""

import random
import socket
import time
import unittest

from lab import Proxy, connect, rest_of, status_of

GOOD = b"GET / HTTP/1.1\r\nhost: a\r\n"

# What is sent, the status it gets, what the access log says of it.
REFUSED = {
    "length and chunked": (b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "two lengths": (b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx", 400),
    "a negative length": (b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n", 400),
    "a length no number holds": (b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999999999999999\r\n\r\n", 400),
    "an unknown coding": (b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n", 400),
    "two hosts": (GOOD + b"host: b\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "a blank before the colon": (b"GET / HTTP/1.1\r\nhost : a\r\n\r\n", 400),
    "a bare line feed": (b"GET / HTTP/1.1\nhost: a\n\n", 400),
    "a folded field": (GOOD + b"x: a\r\n b\r\n\r\n", 400),
    "a zero byte": (GOOD + b"x: a\0b\r\n\r\n", 400),
    "no version": (b"GET /\r\n\r\n", 400),
    "an old version": (b"GET / HTTP/1.0\r\nhost: a\r\n\r\n", 426),
    "no HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    "a head that is too large": (GOOD + b"x: " + b"a" * 70_000 + b"\r\n\r\n", 431),
    "too many fields": (GOOD + b"x: a\r\n" * 200 + b"\r\n", 431),
}


class Http1Bytes(Proxy):
    def send(self, payload: bytes) -> bytes:
        with connect(self.plain) as connection:
            try:
                connection.sendall(payload)
            except ConnectionError:
                pass
            return rest_of(connection)

    def test_a_request_that_is_wrong_is_refused_with_its_reason(self):
        for name, (payload, status) in REFUSED.items():
            with self.subTest(name):
                before = self.log("access.log")
                answer = self.send(payload)
                self.assertEqual(status_of(answer), status, answer[:200])
                self.assertEqual(answer.count(b"HTTP/1.1 "), 1, "one refusal, and the connection ends")
                self.until("it is in the access log",
                           lambda: f"{status} DPE " in self.log("access.log")[len(before):])
        self.unharmed()

    def test_a_head_that_never_ends(self):
        with connect(self.plain) as large, connect(self.plain) as slow:
            large.sendall(GOOD)
            slow.sendall(b"GET / HTTP/1.1\r\nhost: a\r\nx: ")
            try:
                for _ in range(10_000):  # 10 MB, were they taken
                    large.sendall(b"x: " + b"a" * 1000 + b"\r\n")
            except ConnectionError:
                pass
            self.neighbour.goes_on(self)
            slow.settimeout(0.1)
            answer = b""
            end = time.monotonic() + 60
            while time.monotonic() < end:  # a byte now and then keeps nothing open
                try:
                    slow.sendall(b"a")
                    if not (piece := slow.recv(65536)):
                        break
                    answer += piece
                except TimeoutError:
                    continue
                except ConnectionError:
                    break
            self.assertEqual(status_of(answer), 408, answer[:200])
        self.until_logged("access.log", "431 DPE", "head")
        self.until_logged("access.log", "408 DPE", "head")
        self.unharmed()

    def test_bytes_that_stop_anywhere(self):
        whole = b"POST /cut HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nx: y\r\n\r\n"
        for end in range(len(whole)):
            with connect(self.plain) as connection:
                connection.sendall(whole[:end])
                if end % 2:
                    connection.shutdown(socket.SHUT_WR)
                    rest_of(connection)
        self.unharmed()

    def test_chunks_that_are_none(self):
        head = b"POST /chunks HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
        for body in (b"zz\r\n", b"-1\r\n", b"ffffffffffffffffff\r\n", b"4\r\nbodyXX", b"4\nbody", b"4;" + b"e" * 100_000,
                     b"0\r\nx: " + b"a" * 100_000):
            with self.subTest(body[:20]):
                answer = self.send(head + body)
                self.assertEqual(status_of(answer), 400, answer[:200])
        self.until("all are in the access log", lambda: self.log("access.log").count("400 DPE downstream_request_body{") == 7)
        self.assertEqual(self.counter("cluster.backend.upstream_rq_5xx"), 0)
        self.unharmed()

    def test_noise(self):
        dice = random.Random(7)
        for _ in range(200):
            line = dice.choice([b"", b"GET / HTTP/1.1\r\n", GOOD, b"PRI * HTTP/2.0\r\n\r\n"])
            with connect(self.plain) as connection:
                connection.sendall(line + dice.randbytes(dice.randrange(1, 3000)))
                connection.shutdown(socket.SHUT_WR)
                rest_of(connection)
        self.unharmed()


if __name__ == "__main__":
    unittest.main()
