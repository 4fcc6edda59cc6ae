"""What every service of bookinfo shares: a threading HTTP/1.1 server, calls to the next service, and moods."""

import dataclasses
import http.client
import http.server
import json
import signal
import socket
import sys
import threading
import time
import urllib.parse
from typing import Any

# The headers that carry who asks and which trace a call belongs to. A mesh cannot match calls in with calls out:
# handing these on is the application's one duty.
FORWARDED = ("x-request-id", "traceparent", "tracestate", "b3", "x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid",
             "x-b3-sampled", "x-b3-flags", "end-user", "user-agent")
CALL_TIMEOUT_SECONDS = 10
BODY_BYTES_MAX = 64 * 1024


@dataclasses.dataclass
class Reply:
    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = dataclasses.field(default_factory=dict)


def as_json(value: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(value).encode() + b"\n")


@dataclasses.dataclass
class Request:
    method: str
    path: str  # without the query
    query: dict[str, str]
    headers: http.client.HTTPMessage
    body: bytes

    def forwarded(self) -> dict[str, str]:
        return {name: self.headers[name] for name in FORWARDED if name in self.headers}


class Failure(Exception):
    """A call that brought no usable answer; the text is for the page's reader."""


class Calls:
    """Calls to other services over kept connections, one a thread and service."""

    def __init__(self, services: dict[str, str]):
        self._services = services
        self._local = threading.local()

    def get(self, service: str, path: str, headers: dict[str, str]) -> Any:
        for fresh in (False, True):
            connection, reused = self._connection(service, fresh)
            try:
                connection.request("GET", path, headers={"Host": f"{service}:9080"} | headers)
                response = connection.getresponse()
                body = response.read()
                break
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                if not reused or isinstance(error, TimeoutError):
                    raise Failure(f"{service} cannot be reached") from error
        if response.status != 200:
            raise Failure(f"{service} answered {response.status}")
        try:
            return json.loads(body)
        except ValueError as error:
            raise Failure(f"{service} answered with something else than JSON") from error

    def _connection(self, service: str, fresh: bool) -> tuple[http.client.HTTPConnection, bool]:
        """The thread's connection to the service, and whether it has carried calls before and may have gone stale."""
        connections = self._local.__dict__.setdefault("connections", {})
        if fresh or service not in connections:
            address = urllib.parse.urlsplit(self._services.get(service, f"http://{service}:9080"))
            connections[service] = http.client.HTTPConnection(address.hostname or service, address.port or 80, timeout=CALL_TIMEOUT_SECONDS)
            return connections[service], False
        return connections[service], True


class Mood:
    """Makes a service slow or unwell, so that the mesh has something to cope with."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._delay_seconds = 0.0
        self._failures = 0

    def change(self, query: dict[str, str]) -> Reply:
        try:
            delay, failures = float(query.get("delay", 0)), int(query.get("failures", 0))
        except ValueError:
            return as_json({"error": "delay is a number of seconds, failures a number of answers"}, 400)
        with self._lock:
            self._delay_seconds, self._failures = min(max(delay, 0.0), 30.0), max(failures, 0)
        return as_json({"delay": self._delay_seconds, "failures": self._failures})

    def befall(self) -> bool:
        """Waits as the mood wants; true when this answer is to fail."""
        if self._delay_seconds:
            time.sleep(self._delay_seconds)
        with self._lock:
            failing = self._failures > 0
            self._failures -= failing
        return failing


class Service:
    """One role. Roles answer `answer`; everything else is here."""

    name = "service"

    def __init__(self, version: str, services: dict[str, str], database: str):
        self.version = version
        self.database = database
        self.calls = Calls(services)
        self.mood = Mood()

    def answer(self, request: Request) -> Reply:
        raise NotImplementedError

    def respond(self, request: Request) -> Reply:
        if request.path == "/health":
            return as_json({"status": "fine", "service": self.name, "version": self.version})
        if request.path == "/mood":
            return self.mood.change(request.query)
        if self.mood.befall():
            return as_json({"error": f"{self.name} is unwell"}, 503)
        return self.answer(request)


class Connection(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 300  # seconds an idle connection is kept
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one segment
    service: Service

    def run(self) -> None:
        try:
            length = int(self.headers.get("content-length", 0))
        except ValueError:
            length = -1
        if not 0 <= length <= BODY_BYTES_MAX or "transfer-encoding" in self.headers:
            self.close_connection = True
            return self.send(Reply(413))
        address = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(address.query))
        request = Request(self.command, address.path, query, self.headers, self.rfile.read(length))
        try:
            reply = self.service.respond(request)
        except Exception as error:  # a fault in one answer must not end the connection without one
            print(f"{self.service.name}: {self.command} {self.path}: {error!r}", file=sys.stderr, flush=True)
            reply = as_json({"error": "internal error"}, 500)
        self.send(reply)

    do_GET = do_HEAD = do_POST = run

    def send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        headers = {"content-type": reply.content_type, "content-length": str(len(reply.body)),
                   "x-bookinfo": f"{self.service.name}-{self.service.version}"}
        for name, value in (headers | reply.headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)
        self.wfile.flush()

    def log_message(self, format: str, *arguments: Any) -> None:
        pass  # the proxy beside it writes the access log


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):  # a client that left is no event
            print(f"connection from {client_address}: {error!r}", file=sys.stderr, flush=True)


def serve(service: Service, address: str, port: int) -> None:
    Server.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
    handler = type("Connection", (Connection,), {"service": service})
    try:
        server = Server((address, port), handler)
    except OSError as error:
        sys.exit(f"{service.name}: cannot listen at {address}:{port}: {error.strerror}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"{service.name}-{service.version} listens at {address}:{port}", file=sys.stderr, flush=True)
    try:
        server.serve_forever(poll_interval=3600)
    except KeyboardInterrupt:
        pass
