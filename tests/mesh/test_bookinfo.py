"""The services of the demo without a mesh: what they hand on, how they cope with one another, and the real database."""

import contextlib
import pathlib
import socket
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "demo"), str(ROOT / "demo" / "bookinfo")]

from database import Database  # noqa: E402
from processes import Children  # noqa: E402
from serving import Reply, Request, Server, Service, as_json  # noqa: E402
import serving  # noqa: E402


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Alone:
    """A place of one machine, as database.py asks for it."""

    def __init__(self) -> None:
        self.port = free_port()

    def within(self, machine: object, command: list[object]) -> list[object]:
        return command

    def application_bind(self, machine: object) -> tuple[str, int]:
        return "127.0.0.1", self.port


class Witness(Service):
    """Answers in the place of another service and remembers what came."""

    name = "witness"

    def __init__(self, reply: Reply):
        super().__init__("v1", {}, "")
        self.reply = reply
        self.seen: list[Request] = []

    def answer(self, request: Request) -> Reply:
        self.seen.append(request)
        return self.reply


@contextlib.contextmanager
def serving_in_process(service: Service):
    server = Server(("127.0.0.1", 0), type("Connection", (serving.Connection,), {"service": service}))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def get(url: str, headers: dict[str, str] | None = None, data: bytes | None = None) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers or {}), timeout=20) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class Bookinfo(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="lateen-bookinfo-")
        self.addCleanup(folder.cleanup)
        self.state = pathlib.Path(folder.name)
        self.children = Children(self.state / "logs")
        self.addCleanup(self.children.stop_all)

    def start(self, role: str, *options: str) -> str:
        port = free_port()
        child = self.children.start(role, ["/usr/bin/python3", ROOT / "demo" / "bookinfo", role, "--port", port, *options])
        url = f"http://127.0.0.1:{port}"
        for _ in range(500):
            self.assertTrue(child.running, child.log_text())
            with contextlib.suppress(OSError):
                if get(url + "/health")[0] == 200:
                    return url
            time.sleep(0.02)
        self.fail(f"{role} does not start: {child.log_text()}")

    def test_the_page_shows_what_the_database_holds(self) -> None:
        place = Alone()
        database = Database(self.children, place, self.state)
        running = database.start()
        ratings = self.start("ratings", f"--database=127.0.0.1:{place.port}")
        reviews = self.start("reviews", "--version=v2", f"--service=ratings={ratings}")
        details = self.start("details")
        page = self.start("productpage", f"--service=details={details}", f"--service=reviews={reviews}") + "/productpage"
        self.assertIn("★★★★☆", get(page)[1])
        database.rate("Blaise", 2)
        self.assertIn("★★☆☆☆", get(page)[1])
        self.children.stop(running)
        status, text = get(page)
        self.assertEqual(status, 200)
        self.assertIn("Ratings are unavailable at the moment: ratings answered 503.", text)
        database.start()
        self.assertIn("★★★★☆", get(page)[1])

    def test_who_asks_and_the_trace_are_handed_on(self) -> None:
        details, reviews = Witness(as_json({"title": "t"})), Witness(as_json({"version": "v1", "reviews": []}))
        with serving_in_process(details) as details_url, serving_in_process(reviews) as reviews_url:
            page = self.start("productpage", f"--service=details={details_url}", f"--service=reviews={reviews_url}")
            sent = {"x-request-id": "r1", "traceparent": "00-1-2-01", "b3": "1-2-1", "x-b3-traceid": "1", "cookie": "user=jason", "x-other": "no"}
            self.assertEqual(get(page + "/productpage", sent)[0], 200)
        for witness in (details, reviews):
            headers = witness.seen[0].headers
            self.assertEqual({name: headers[name] for name in ("x-request-id", "traceparent", "b3", "x-b3-traceid", "end-user")},
                             {"x-request-id": "r1", "traceparent": "00-1-2-01", "b3": "1-2-1", "x-b3-traceid": "1", "end-user": "jason"})
            self.assertNotIn("x-other", headers)
            self.assertNotIn("cookie", headers)

    def test_a_half_that_fails_leaves_the_other(self) -> None:
        with serving_in_process(Witness(Reply(500))) as broken:
            page = self.start("productpage", f"--service=details={self.start('details')}", f"--service=reviews={broken}")
            status, text = get(page + "/productpage")
        self.assertEqual(status, 200)
        self.assertIn("William Shakespeare", text)
        self.assertIn("Sorry, reviews are unavailable at the moment: reviews answered 500.", text)

    def test_moods(self) -> None:
        details = self.start("details")
        get(details + "/mood?failures=2")
        self.assertEqual([get(details + "/details/0")[0] for _ in range(3)], [503, 503, 200])
        self.assertEqual(get(details + "/mood?failures=many")[0], 400)

    def test_what_people_type_is_shown_as_text(self) -> None:
        page = self.start("productpage", "--service=details=http://127.0.0.1:1", "--service=reviews=http://127.0.0.1:1")
        text = get(page + "/productpage", {"cookie": "user=%3Cscript%3E"})[1]
        self.assertIn("&lt;script&gt;", text)
        self.assertNotIn("<script>", text)

    def test_hostile_bytes_end_one_connection_only(self) -> None:
        details = self.start("details")
        port = int(details.rsplit(":", 1)[1])
        for message in (b"\x16\x03\x01\x00\xff\x01\r\n\r\n", b"GET /details/0 HTTP/1.1\r\ncontent-length: -5\r\n\r\n",
                        b"GET / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n5", b"G" * 100000 + b"\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection, contextlib.suppress(OSError):
                connection.sendall(message)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):
                    pass
        self.assertEqual(get(details + "/details/0")[0], 200)


if __name__ == "__main__":
    unittest.main()
