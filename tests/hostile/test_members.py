"""Tokens and certificates that are no good, between members and `lateen control`."""

import ssl
import unittest

from certificates import EXPIRED, Authority
from lab import connect, fetch, rest_of
from mesh import Control


class Members(Control):
    def setUp(self):
        super().setUp()
        self.start_control()

    def refused(self, *words: object, log: str, token, **more) -> None:
        """`lateen join` ends by itself, with a reason."""
        member = self.join(token, *words, log=log, pages="127.0.0.33", **more)
        self.until("it gives up", lambda: member.poll() is not None)
        self.assertNotEqual(member.returncode, 0)
        self.until_logged(log, f"127.0.0.1:{self.secure}", "authentication failed", "token")

    def test_tokens(self):
        good = self.token()
        other = self.folder / "elsewhere"
        self.lateen("token", "shop/edge", "--state", other)
        held, memory = self.holds(self.control)
        root = (self.state / "root-cert.pem").read_text()
        forged = good.read_text().replace(".", ".A", 1)
        self.refused(log="expired.log", token=self.expired_token())
        self.refused(log="foreign.log", token=self.token(state=other))
        self.refused(log="forged.log", token=self.write("forged", forged))
        self.refused(log="empty.log", token=self.write("empty", root))
        self.refused(log="noise.log", token=self.write("noise", "a.b.c\n" + root))
        member = self.join(good, "--state", self.folder / "member", log="good.log", pages="127.0.0.33")
        self.until_logged("good.log", "joined as spiffe://cluster.local/ns/shop/sa/edge")
        self.end(member)
        self.released(self.control, held, memory, 48 << 20)

    def expired_token(self):
        token = self.token(ttl="1s")
        claims = token.read_text().split(".")
        self.assertEqual(len(claims[:3]), 3)
        self.until("the token has expired", lambda: self.is_refused(token))
        return token

    def is_refused(self, token) -> bool:
        member = self.join(token, log="probe.log", pages="127.0.0.34")
        self.until("it is in or out", lambda: member.poll() is not None or "joined as" in self.log("probe.log"))
        self.end(member)
        (self.folder / "probe.log").unlink()
        return member.returncode != 0

    def test_a_token_for_somebody_else(self):
        member = self.join(self.token("shop/edge"), "--namespace", "bank", "--service-account", "vault", log="thief.log",
                           pages="127.0.0.33")
        self.until("it gives up", lambda: member.poll() is not None)
        self.until_logged("thief.log", "shop", "edge", "token belongs to another namespace or service account")

    def test_a_control_plane_of_another_root(self):
        foreign = Authority(self.folder / "foreign")
        token = self.token().read_text().split("-----BEGIN")[0]
        member = self.join(self.write("wrong-root", token + (foreign.folder / "ca.crt").read_text()), log="lost.log",
                           pages="127.0.0.33")
        self.until_logged("lost.log", f"127.0.0.1:{self.secure}", "certificate", "verif")
        self.lives(member)  # the root may be corrected, or the control plane come back
        self.assertNotIn("joined as", self.log("lost.log"))

    def test_client_certificates_of_another_root(self):
        foreign = Authority(self.folder / "foreign")
        identity = "URI:spiffe://cluster.local/ns/shop/sa/edge"
        foreign.issue("client", names=identity).issue("expired", EXPIRED, names=identity)
        for name in ("client", "expired"):
            with self.subTest(name):
                context = ssl.create_default_context(cafile=str(self.state / "root-cert.pem"))
                context.check_hostname = False
                context.set_alpn_protocols(["h2"])
                context.load_cert_chain(foreign.folder / f"{name}.crt", foreign.folder / f"{name}.key")
                with self.assertRaises((ssl.SSLError, ConnectionError)):
                    with context.wrap_socket(connect(self.secure)) as connection:
                        if not connection.recv(1):  # TLS 1.3: the refusal comes after our side is done
                            raise ConnectionError("refused")
                        self.assertEqual(rest_of(connection), b"")
                        raise ConnectionError("refused")
        self.assertEqual(fetch(self.pages, "/ready")[0], 200)
        self.lives(self.control)


class PluggedIn(Control):
    """`cacerts` of one's own in the state folder."""

    def plug(self, authority: Authority, name: str) -> None:
        self.state.mkdir()
        for ours, theirs in (("ca-cert.pem", f"{name}.crt"), ("ca-key.pem", f"{name}.key"), ("root-cert.pem", "ca.crt"),
                             ("cert-chain.pem", f"{name}.crt")):
            (self.state / ours).write_bytes((authority.folder / theirs).read_bytes())

    def refusal(self) -> str:
        control = self.start(*self.control_words(), log="control.log")
        self.until("it gives up", lambda: control.poll() is not None)
        self.assertEqual(control.returncode, 3)
        return self.log("control.log")

    def test_an_expired_one(self):
        authority = Authority(self.folder / "corporate")
        authority.issue("mesh", EXPIRED, authority=True)
        self.plug(authority, "mesh")
        self.assertRegex(self.refusal(), "ca-cert.pem.*expired|expired.*ca-cert.pem")

    def test_a_key_of_another(self):
        authority = Authority(self.folder / "corporate")
        authority.issue("mesh", authority=True).issue("other", authority=True)
        self.plug(authority, "mesh")
        (self.state / "ca-key.pem").write_bytes((authority.folder / "other.key").read_bytes())
        self.assertRegex(self.refusal(), "key does not belong")

    def test_a_chain_of_another_root(self):
        authority, other = Authority(self.folder / "corporate"), Authority(self.folder / "other")
        authority.issue("mesh", authority=True)
        self.plug(authority, "mesh")
        (self.state / "root-cert.pem").write_bytes((other.folder / "ca.crt").read_bytes())
        self.assertRegex(self.refusal(), "root-cert.pem|issuer")

    def test_one_that_can_not_sign(self):
        authority = Authority(self.folder / "corporate").issue("mesh")
        self.plug(authority, "mesh")
        self.assertRegex(self.refusal(), "the certificate is no authority")


if __name__ == "__main__":
    unittest.main()
