"""Clients that are slow, or leave in the middle of a body: nobody waits for them, and their upstream is let go."""

import socket
import struct
import unittest

from lab import Proxy, connect

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close() resets


class SlowAndGone(Proxy):
    def test_a_client_that_never_reads(self):
        with connect(self.plain) as connection:
            connection.sendall(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n")
            self.until("the backend sends", lambda: self.backend.sending == 1 and self.backend.sent > 0)
            seen = -1

            def stands_still() -> bool:  # all buffers between the two are full
                nonlocal seen
                last, seen = seen, self.backend.sent
                self.neighbour.goes_on(self)
                return seen == last

            self.until("the backend is held back", stands_still)
            self.stays_within(self.proxy, self.memory + (48 << 20))
        self.until("the backend is let go", lambda: self.backend.sending == 0)
        self.until_logged("access.log", "200 DC", "downstream_remote_disconnect", "/endless")
        self.unharmed()

    def test_many_that_write_a_byte_at_a_time(self):
        head = b"POST /slow HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n"
        clients = [connect(self.plain) for _ in range(50)]
        for client in clients:
            client.sendall(head)
        self.until("all are under way", lambda: self.backend.receiving == 50)
        for _ in range(20):
            for client in clients:
                client.sendall(b"x")
            self.neighbour.goes_on(self)
        for client in clients[::2]:
            client.sendall(b"x" * 80)
        for client in clients[::2]:
            self.assertIn(b" 200 OK\r\n", client.recv(65536))
        self.assertEqual(self.backend.receiving, 25)
        for client in clients:
            client.close()
        self.until("the backend is let go", lambda: self.backend.receiving == 0)
        self.unharmed()

    def test_gone_while_sending(self):
        for reset in (False, True):
            with self.subTest(reset=reset):
                with connect(self.plain) as connection:
                    connection.sendall(b"POST /gone HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n" + b"x" * 5000)
                    self.until("the backend receives", lambda: self.backend.receiving == 1)
                    if reset:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                self.until("the backend is told", lambda: self.backend.receiving == 0)
        self.until("both are in the access log", lambda: self.log("access.log").count(" POST /gone ") == 2)
        for line in self.log("access.log").splitlines():
            if "/gone" in line:
                self.assertRegex(line, "DC|DPE|DR")
        self.unharmed()

    def test_gone_while_receiving(self):
        for reset in (False, True):
            with self.subTest(reset=reset):
                with connect(self.plain) as connection:
                    connection.sendall(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n")
                    connection.recv(100_000)
                    self.until("the backend sends", lambda: self.backend.sending == 1)
                    if reset:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                self.until("the backend is told", lambda: self.backend.sending == 0)
        self.until("both are in the access log", lambda: self.log("access.log").count("200 DC ") == 2)
        self.unharmed()


if __name__ == "__main__":
    unittest.main()
