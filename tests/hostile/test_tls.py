"""Hostile TLS bytes and certificates that are no good, before lateen-proxy and behind it."""

import os
import random
import ssl
import subprocess
import unittest

from certificates import EXPIRED, NOT_YET, Authority
from lab import PATIENCE, Lab, Proxy, connect, fetch, free_port, manager, rest_of

LISTENER = """
  - name: secure
    address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}
    {inspector}
    {logs}
    filter_chains:
    - transport_socket_connect_timeout: 2s
      transport_socket:
        name: tls
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext
          require_client_certificate: true
          common_tls_context:
            tls_certificates: [{{certificate_chain: {{filename: "{ours}/server.crt"}}, private_key: {{filename: "{ours}/server.key"}}}}]
            validation_context: {{trusted_ca: {{filename: "{ours}/ca.crt"}}}}
      filters: [{manager}]
"""

INSPECTOR = """listener_filters: [{name: tls, typed_config: {
      "@type": type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector}}]
    listener_filters_timeout: 2s"""

LOGS = """access_log: [{{name: file, typed_config: {{
      "@type": type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog, path: "{folder}/access.log",
      log_format: {{text_format_source: {{inline_string: "refused %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% %DOWNSTREAM_TRANSPORT_FAILURE_REASON%\\n"}}}}}}}}]"""

CLUSTER = """
  - name: secret
    type: STATIC
    connect_timeout: 5s
    transport_socket:
      name: tls
      typed_config:
        "@type": type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
        common_tls_context: {{validation_context: {{trusted_ca: {{filename: "{ours}/ca.crt"}}}}}}
    load_assignment:
      cluster_name: secret
      endpoints: [{{lb_endpoints: [{{endpoint: {{address: {{socket_address: {{address: 127.0.0.1, port_value: {port}}}}}}}}}]}}]
"""


class Tls(Proxy):
    inspector = ""

    def prepare(self) -> None:
        self.ours = Authority(self.folder / "ours").issue("server").issue("client")
        self.ours.issue("expired", EXPIRED).issue("not-yet", NOT_YET)
        self.foreign = Authority(self.folder / "foreign").issue("client").issue("server")
        self.secure, self.behind = free_port(), free_port()
        self.more_listeners = LISTENER.format(port=self.secure, ours=self.ours.folder, inspector=self.inspector,
                                              logs=LOGS.format(folder=self.folder),
                                              manager=manager(self.folder, self.secure))
        self.more_clusters = CLUSTER.format(port=self.behind, ours=self.ours.folder)

    def call(self, authority: Authority | None, name: str = "client") -> bytes:
        """One request with that client certificate; b"" when the connection is refused."""
        context = ssl.create_default_context(cafile=str(self.ours.folder / "ca.crt"))
        if authority:
            context.load_cert_chain(authority.folder / f"{name}.crt", authority.folder / f"{name}.key")
        try:
            with context.wrap_socket(connect(self.secure), server_hostname="localhost") as secured:
                secured.sendall(b"GET /tls HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
                return rest_of(secured)
        except (ssl.SSLError, ConnectionError):
            return b""

    def refused(self, log_of: str, authority: Authority | None, name: str = "client") -> None:
        self.assertEqual(self.call(authority, name), b"")
        self.until_logged("access.log", "refused", "TLS_error", log_of)
        self.assertIn(b"fine", self.call(self.ours), "a good client goes on")

    def test_certificates_of_clients(self):
        self.assertIn(b"fine", self.call(self.ours))
        self.refused("PEER_DID_NOT_RETURN_A_CERTIFICATE", None)
        self.refused("expired", self.ours, "expired")
        self.refused("not_yet_valid", self.ours, "not-yet")
        self.refused("issuer", self.foreign)
        self.assertGreaterEqual(self.counter(f"listener.127.0.0.1_{self.secure}.ssl_connection_error"), 4)
        self.unharmed()

    def test_certificates_of_servers(self):
        for authority, name, reason in ((self.ours, "expired", "expired"), (self.foreign, "server", "issuer")):
            with self.subTest(reason):
                server = self.start("openssl", "s_server", "-accept", f"127.0.0.1:{self.behind}", "-www",
                                    "-cert", authority.folder / f"{name}.crt", "-key", authority.folder / f"{name}.key",
                                    log=f"server-{name}.log")
                self.until("the server listens", lambda: listens(self.behind))
                status, body = fetch(self.plain, "/secret")
                self.assertEqual(status, 503)
                self.assertIn(b"TLS_error", body)
                self.until_logged("access.log", "503 UF", "/secret", reason)
                self.end(server)
        self.unharmed()

    def test_bytes_that_are_no_handshake(self):
        hello = self.hello()
        for name, payload in {"HTTP": b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", "SSL 2": b"\x80\x2e\x01\x00\x02" + bytes(41),
                              "an alert": b"\x15\x03\x03\x00\x02\x02\x28", "a record too large": b"\x16\x03\x01\xff\xff" + b"a" * 70_000,
                              "an empty record": b"\x16\x03\x01\x00\x00" * 1000, "a hello of noise": hello[:9] + bytes(len(hello) - 9)}.items():
            with self.subTest(name), connect(self.secure) as connection:
                before = self.log("access.log")
                try:
                    connection.sendall(payload)
                except ConnectionError:
                    pass
                rest_of(connection)
                self.until("it is in the access log", lambda: "refused " in self.log("access.log")[len(before):])
        self.unharmed()

    def test_handshakes_that_stop(self):
        hello = self.hello()
        waiting = []
        for end in range(0, len(hello), 7):
            waiting.append(connect(self.secure))
            waiting[-1].sendall(hello[:end])
        self.neighbour.goes_on(self)
        self.assertIn(b"fine", self.call(self.ours), "others are let in meanwhile")
        for connection in waiting:
            rest_of(connection)  # the proxy ends each by its time limit
            connection.close()
        self.unharmed()

    def test_noise(self):
        dice, hello = random.Random(5), self.hello()
        for _ in range(200):
            damaged = bytearray(hello)
            for _ in range(dice.randrange(1, 8)):
                damaged[dice.randrange(len(damaged))] = dice.randrange(256)
            with connect(self.secure) as connection:
                connection.sendall(dice.choice([bytes(damaged), dice.randbytes(300)]))
        self.unharmed()

    def hello(self) -> bytes:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        try:
            ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost").do_handshake()
        except ssl.SSLWantReadError:
            return outgoing.read()


class TlsWithInspector(Tls):
    """The same before a listener that peeks at the hello to choose among its chains."""

    inspector = INSPECTOR

    def test_a_hello_that_never_ends(self):
        with connect(self.secure) as large, connect(self.secure) as slow:
            slow.sendall(self.hello()[:-1])
            large.sendall(b"\x16\x03\x01\x40\x00\x01\x00\xff\xff\x03\x03" + bytes(17_000))
            rest_of(large)
            rest_of(slow)
        self.until_logged("access.log", "refused DPE listener_filter{client_hello_too_large}")
        self.until_logged("access.log", "refused DPE listener_filter{no_answer_within_2s}")
        self.unharmed()


class OwnCertificate(Lab):
    def test_a_key_of_another_certificate_and_no_certificate_at_all(self):
        ours = Authority(self.folder / "ours").issue("server").issue("other")
        (ours.folder / "server.key").write_bytes((ours.folder / "other.key").read_bytes())
        self.assertIn("does not belong to the certificate", self.refusal(ours))
        (ours.folder / "server.crt").write_text("nothing")
        self.assertIn("no PEM block", self.refusal(ours))
        (ours.folder / "server.crt").unlink()
        self.assertIn("server.crt", self.refusal(ours))

    def refusal(self, ours: Authority) -> str:
        listener = LISTENER.format(port=free_port(), ours=ours.folder, inspector="", logs="", manager=manager(self.folder, 1))
        path = self.write("own.yaml", f"static_resources:\n  listeners:\n{listener}")
        done = subprocess.run([os.environ["LATEEN_PROXY"], "-c", path], capture_output=True, text=True, timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("static_resources.listeners secure", done.stderr)
        return done.stderr


def listens(port: int) -> bool:
    try:
        connect(port).close()
        return True
    except ConnectionError:
        return False


if __name__ == "__main__":
    unittest.main()
