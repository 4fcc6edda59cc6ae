"""What tests of whole programs share: programs and their logs, a good neighbour, and what a process holds.

Programs: LATEEN and LATEEN_PROXY in the environment.
"""

import http.client
import http.server
import json
import os
import pathlib
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

PATIENCE = 60  # seconds until something that never comes fails a test; nothing here is measured
PIECE = b"x" * 65536


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident(pid: int) -> int:
    """Bytes of memory a process has in use."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


class Lab(unittest.TestCase):
    """A scratch folder and the programs started in it; whatever fails shows their logs."""

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="lateen-test-")
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def write(self, name: str, text: str) -> pathlib.Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def log(self, name: str) -> str:
        path = self.folder / name
        return path.read_text(errors="replace") if path.exists() else ""

    def stays_within(self, process: subprocess.Popen, memory: int) -> None:
        """Not under a sanitizer: that keeps what is freed on purpose."""
        if not os.environ.get("LATEEN_SANITIZE"):
            self.assertLess(resident(process.pid), memory)

    def start(self, *words: object, log: str, **more) -> subprocess.Popen:
        with open(self.folder / log, "a", encoding="utf-8") as out:
            process = subprocess.Popen([str(word) for word in words], stdout=out, stderr=subprocess.STDOUT,
                                       cwd=self.folder, **more)
        self.addCleanup(self.end, process)
        return process

    def end(self, process: subprocess.Popen) -> int:
        process.terminate()
        try:
            return process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def lateen(self, *words: object) -> subprocess.CompletedProcess:
        return subprocess.run([os.environ["LATEEN"], *(str(word) for word in words)], capture_output=True, text=True,
                              timeout=120, cwd=self.folder)

    def logs(self) -> str:
        out = ""
        for path in sorted(self.folder.glob("*.log")):
            lines = [line for line in path.read_text(errors="replace").splitlines() if "/neighbour" not in line]
            out += f"--- {path.name}\n" + "\n".join(lines)[-4000:] + "\n"
        return out

    def until(self, what: str, holds) -> None:
        end = time.monotonic() + PATIENCE
        while not holds():
            if time.monotonic() > end:
                self.fail(f"never: {what}\n{self.logs()}")
            time.sleep(0.05)

    def until_logged(self, log: str, *texts: str) -> None:
        """One line of the log has all of these."""
        self.until(f"a line with {texts} in {log}",
                   lambda: any(all(text in line for text in texts) for line in self.log(log).splitlines()))

    def lives(self, process: subprocess.Popen) -> None:
        self.assertIsNone(process.poll(), f"the process ended\n{self.logs()}")

    def until_released(self, process: subprocess.Popen, held: int) -> None:
        """The process lives, and has no more descriptors open than before."""
        self.until(f"no more than {held} descriptors are open",
                   lambda: process.poll() is not None or descriptors(process.pid) <= held)
        self.lives(process)


class Proxy(Lab):
    """lateen-proxy by a static bootstrap, before a backend, with a neighbour that is served all the time."""

    more_listeners = ""
    more_clusters = ""

    def setUp(self):
        super().setUp()
        self.backend = Backend()
        self.addCleanup(self.backend.close)
        self.plain, self.admin = free_port(), free_port()
        self.prepare()
        self.proxy = self.start_proxy(self.bootstrap())
        self.until("the proxy answers", lambda: fetch(self.plain, "/") == (200, b"fine"))
        self.neighbour = Neighbour(self.plain)
        self.addCleanup(self.neighbour.leave)
        self.neighbour.goes_on(self)
        self.held = descriptors(self.proxy.pid)
        self.memory = resident(self.proxy.pid)

    def prepare(self) -> None:
        """What the bootstrap needs beforehand."""

    def bootstrap(self) -> str:
        return BOOTSTRAP.format(plain=self.plain, admin=self.admin, backend=self.backend.port, folder=self.folder,
                                manager=manager(self.folder, self.plain), more_listeners=self.more_listeners,
                                more_clusters=self.more_clusters)

    def start_proxy(self, bootstrap: str) -> subprocess.Popen:
        path = self.write("bootstrap.yaml", bootstrap)
        return self.start(os.environ["LATEEN_PROXY"], "-c", path, "--concurrency", "1", log="proxy.log")

    def counter(self, name: str) -> int:
        for line in fetch(self.admin, "/stats")[1].decode().splitlines():
            if line.startswith(name + ":"):
                return int(line.split(":")[1])
        return 0

    def unharmed(self, growth: int = 48 << 20) -> None:
        """Nobody else noticed anything, and nothing is kept: descriptors return, memory stays within a bound."""
        self.lives(self.proxy)
        self.neighbour.goes_on(self)
        self.until_released(self.proxy, self.held)
        self.stays_within(self.proxy, self.memory + growth)


def manager(folder: pathlib.Path, port: int) -> str:
    """The connection manager of a listener, in YAML flow style: heads of 60 KiB within two seconds."""
    return f"""{{
        name: http,
        typed_config: {{
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager,
          stat_prefix: "p{port}",
          request_headers_timeout: 2s,
          access_log: [{{name: file, typed_config: {{
            "@type": type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog,
            path: "{folder}/access.log",
            log_format: {{text_format_source: {{inline_string: "{LOG_FORMAT}"}}}}}}}}],
          route_config: {{virtual_hosts: [{{name: all, domains: ["*"], routes: [
            {{match: {{prefix: /nobody}}, route: {{cluster: nobody}}}},
            {{match: {{prefix: /secret}}, route: {{cluster: secret}}}},
            {{match: {{prefix: /}}, route: {{cluster: backend, timeout: 0s}}}}]}}]}},
          http_filters: [{{name: router, typed_config: {{
            "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}}}]}}}}"""


LOG_FORMAT = ("%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %REQ(:METHOD)% %REQ(:PATH)% "
              "%DOWNSTREAM_TRANSPORT_FAILURE_REASON% %UPSTREAM_TRANSPORT_FAILURE_REASON%\\n")

BOOTSTRAP = """
admin: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {admin}}}}}}}
static_resources:
  listeners:
  - name: plain
    address: {{socket_address: {{address: 127.0.0.1, port_value: {plain}}}}}
    filter_chains: [{{filters: [{manager}]}}]
{more_listeners}
  clusters:
  - name: backend
    type: STATIC
    connect_timeout: 5s
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: {{http_protocol_options: {{}}}}
        common_http_protocol_options: {{idle_timeout: 0.2s}}
    load_assignment:
      cluster_name: backend
      endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {backend}}}}}}}}}]}}]
{more_clusters}
"""


class Backend:
    """Answers "fine"; /endless never ends, as long as somebody reads; what it was sent it counts."""

    def __init__(self):
        owner = self

        class Connection(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *words):
                pass

            def do_GET(self):
                if not self.path.startswith("/endless"):
                    self.send_response(200)
                    self.send_header("content-length", "4")
                    self.end_headers()
                    self.wfile.write(b"fine")
                    return
                self.send_response(200)
                self.send_header("transfer-encoding", "chunked")
                self.end_headers()
                self.close_connection = True
                with owner.counting("sending"):
                    while not owner.closed:
                        self.wfile.write(b"%x\r\n%s\r\n" % (len(PIECE), PIECE))
                        owner.sent += len(PIECE)

            def do_POST(self):
                self.close_connection = True
                with owner.counting("receiving"):
                    left = int(self.headers.get("content-length", 1 << 40))
                    while left > 0 and (piece := self.rfile.read1(min(left, 65536))):
                        left -= len(piece)
                        owner.received += len(piece)
                if left == 0:
                    self.do_GET()

            def handle(self):
                try:
                    super().handle()
                except (ConnectionError, ValueError):
                    pass

        self.sending = self.receiving = self.sent = self.received = 0
        self.closed = False
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Connection)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def counting(self, what: str):
        owner = self

        class Counting:
            def __enter__(self):
                setattr(owner, what, getattr(owner, what) + 1)

            def __exit__(self, *error):
                setattr(owner, what, getattr(owner, what) - 1)

        return Counting()

    def close(self) -> None:
        self.closed = True
        self.server.shutdown()
        self.server.server_close()


class Neighbour:
    """A client beside the troublemaker: asks again and again, and remembers whatever was not served."""

    def __init__(self, port: int):
        self.port, self.served, self.failures, self.leaving = port, 0, [], False
        self.thread = threading.Thread(target=self.ask, daemon=True)
        self.thread.start()

    def ask(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        while not self.leaving:
            try:
                connection.request("GET", "/neighbour")
                answer = connection.getresponse()
                if (answer.status, answer.read()) != (200, b"fine"):
                    self.failures.append(f"status {answer.status}")
                self.served += 1
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
            time.sleep(0.005)
        connection.close()

    def goes_on(self, lab: Lab) -> None:
        before = self.served
        lab.until("the neighbour is served again", lambda: self.served >= before + 3 or self.failures)
        lab.assertEqual(self.failures, [], lab.logs())

    def leave(self) -> None:
        self.leaving = True
        self.thread.join()


def fetch(port: int, path: str) -> tuple[int, bytes]:
    """Status and body; 0 where nothing answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def rest_of(connection: socket.socket, most: int = 1 << 20) -> bytes:
    """What still comes until the other side ends the connection (or `most` bytes have come)."""
    out = b""
    try:
        while len(out) < most and (piece := connection.recv(65536)):
            out += piece
    except ConnectionError:
        pass
    return out


def status_of(answer: bytes) -> int:
    words = answer.split(b"\r\n", 1)[0].split(b" ")
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 0


def json_of(done: subprocess.CompletedProcess) -> object:
    return json.loads(done.stdout) if done.stdout else None
