"""Bad files before `lateen control`: each is named with its place, what was good stays, and what comes next is taken."""

import os
import unittest

from lab import free_port
from mesh import BOOTSTRAP, SERVICE, Control, cluster

RULE = """apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: catalog, namespace: shop}
spec:
  host: catalog.shop.svc.cluster.local
"""

# What is written into bad.yaml, and what is said of it: line and column, the field, the reason.
BAD = {
    "duplicate keys": (RULE + "  host: other\n", ("bad.yaml:6:", "error", "\"host\" is repeated")),
    "a wrong type": (RULE + "  trafficPolicy: {connectionPool: {tcp: {maxConnections: many}}}\n",
                     ("bad.yaml:6:", "spec.trafficPolicy.connectionPool.tcp.maxConnections", "many")),
    "an unknown field": (RULE + "  trafficPolicy: {loadBalancr: {simple: RANDOM}}\n",
                         ("bad.yaml:6:", "spec.trafficPolicy.loadBalancr", 'did you mean "loadBalancer"')),
    "no such choice": (RULE + "  trafficPolicy: {loadBalancer: {simple: FAIR}}\n", ("bad.yaml:6:", "FAIR")),
    "no YAML": ("a: [1, 2\nb: }\n", ("bad.yaml:2:",)),
    "no text": ("a: \x01\x02\n", ("bad.yaml:1:",)),
    "aliases that explode": ("a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefghi", "bcdefghij")),
        ("bad.yaml:", "alias")),
    "an endless depth": ("a: " + "[" * 100_000 + "\n", ("bad.yaml:1:", "deep")),
}


class Inputs(Control):
    def setUp(self):
        super().setUp()
        self.put("catalog.yaml", SERVICE.format(name="catalog", number=7))
        self.start_control()
        self.start_proxy()
        self.until("the proxy has its clusters", lambda: cluster("catalog") in self.clusters())

    def goes_on(self, number: int) -> None:
        """What was good is still in force, and what comes next is taken."""
        self.put(f"next{number}.yaml", SERVICE.format(name=f"next{number}", number=number))
        self.until("a new service arrives", lambda: cluster(f"next{number}") in self.clusters())
        self.assertIn(cluster("catalog"), self.clusters())
        self.lives(self.control)

    def test_files_that_are_wrong(self):
        for number, (name, (text, words)) in enumerate(BAD.items(), start=20):
            with self.subTest(name):
                self.put("bad.yaml", text)
                self.until_logged("control.log", *words)
                self.goes_on(number)
                done = self.lateen("validate", "-f", self.objects / "bad.yaml")
                self.assertEqual(done.returncode, 1, done.stderr[:1000])
                self.assertTrue(any(all(word in line for word in words) for line in done.stderr.splitlines()), done.stderr[:1000])

    def test_what_was_good_stays_when_its_file_breaks(self):
        self.put("catalog.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: catalog, namespace: shop}\nspec: {ports: [{port: x}]}\n")
        self.until_logged("control.log", "catalog.yaml:4:", "spec.ports[0].port")
        self.goes_on(30)

    def test_a_file_of_fifty_megabytes(self):
        held, memory = self.holds(self.control)
        entry = SERVICE.format(name="many", number=9) + "---\n"
        with open(self.objects / "huge.yaml", "w", encoding="utf-8") as out:
            while out.tell() < 50 << 20:
                out.write(entry)
        self.until_logged("control.log", "huge.yaml", "larger than")
        self.goes_on(31)
        done = self.lateen("validate", "-f", self.objects / "huge.yaml")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("huge.yaml", done.stderr)
        (self.objects / "huge.yaml").unlink()
        self.goes_on(32)
        self.released(self.control, held, memory, 200 << 20)

    def test_things_that_are_no_files(self):
        held, memory = self.holds(self.control)
        (self.objects / "loop.yaml").symlink_to(self.objects / "loop.yaml")
        (self.objects / "round").symlink_to(self.objects)
        (self.objects / "folder.yaml").mkdir()
        self.goes_on(33)
        self.released(self.control, held, memory, 48 << 20)

    def test_a_folder_that_goes_and_comes_back(self):
        away = self.folder / "away"
        self.objects.rename(away)
        self.until("the loss is said", lambda: "objects" in self.log("control.log").split("connected from")[-1])
        self.assertIn(cluster("catalog"), self.clusters())
        away.rename(self.objects)
        self.goes_on(34)


class Refusal(Control):
    def test_a_resource_that_a_proxy_refuses(self):
        """Translated without a word, refused by the proxy: the control plane says which proxy and which resource."""
        self.put("catalog.yaml", SERVICE.format(name="catalog", number=7))
        self.put("other.yaml", SERVICE.format(name="other", number=8))
        self.start_control()
        self.start_proxy()
        self.until("the proxy has its clusters", lambda: self.states().get("CDS") == "SYNCED" and cluster("other") in self.clusters())
        self.put("rule.yaml", RULE + "  trafficPolicy: {proxyProtocol: {version: V1}}\n")
        self.until("it is refused", lambda: self.states().get("CDS") == "REFUSED")
        self.until_logged("control.log", "edge-1.shop", "refuses", cluster("catalog"), "proxy_protocol")
        self.until_logged("proxy.log", cluster("catalog"), "proxy_protocol")
        done = self.lateen("proxy-status", "--control", f"127.0.0.1:{self.pages}")
        self.assertEqual(done.returncode, 1)
        self.assertIn("REFUSED", done.stdout)
        self.assertIn(cluster("catalog"), done.stdout)
        self.put("late.yaml", SERVICE.format(name="late", number=9))
        self.until("others still arrive at the proxy", lambda: cluster("late") in self.at_the_proxy())
        self.assertIn(cluster("catalog"), self.at_the_proxy(), "the last good form stays in force")
        (self.objects / "rule.yaml").unlink()
        self.until("all is well again", lambda: self.states().get("CDS") == "SYNCED")


class NotHonoured(Control):
    """What is valid and has no effect yet is named where it is used, by the program that would have to act."""

    def test_in_files(self):
        mesh = self.write("mesh.yaml", "ca: {address: ca.example.com:443}\nproxyHttpPort: 15080\n"
                          "defaultConfig: {gatewayTopology: {proxyProtocol: {}}}\n")
        self.put("store.yaml", SERVICE.format(name="store", number=7).replace("name: http", "name: mongo-main"))
        self.put("gateway.yaml", "apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: edge, namespace: shop}\n"
                 "spec: {selector: {app: edge}, servers: [{port: {number: 443, name: https, protocol: HTTPS}, hosts: ['*'],\n"
                 "  tls: {mode: SIMPLE, credentialName: certificate-of-edge}}]}\n")
        self.start_control("--mesh-config", mesh)
        self.start_proxy()
        self.until_logged("control.log", "mesh.yaml:1:", "ca: accepted, but nothing acts on it yet")
        self.until_logged("control.log", "mesh.yaml:2:", "proxyHttpPort: accepted, but nothing acts on it yet")
        self.until_logged("control.log", "mesh.yaml:3:", "defaultConfig.gatewayTopology.proxyProtocol: accepted")
        self.until_logged("control.log", "store.shop.svc.cluster.local", "Mongo of port 80 is not honoured")
        self.until_logged("control.log", "Gateway shop/edge", "credentialName certificate-of-edge is not honoured")
        self.put("late.yaml", SERVICE.format(name="late", number=8))
        self.until("the next version is there", lambda: cluster("late") in self.clusters())
        self.assertEqual(self.log("control.log").count("Mongo of port 80"), 1, "once, not with every change")

    def test_in_the_metadata_of_proxies_that_are_alike(self):
        self.start_control()
        for number in (1, 2):
            text = BOOTSTRAP.format(port=self.plain, admin=free_port(), api="DELTA_GRPC").replace("edge-1", f"edge-{number}")
            path = self.write(f"proxy-{number}.yaml", text.replace("metadata: {", f"metadata: {{AUTO_REGISTER_GROUP: group-{number}, "))
            self.start(os.environ["LATEEN_PROXY"], "-c", path, "--concurrency", "1", log=f"proxy-{number}.log")
        for number in (1, 2):
            self.until_logged("control.log", f"edge-{number}.shop~shop.svc.cluster.local: AUTO_REGISTER_GROUP group-{number} is not honoured yet")

    def test_in_a_bootstrap(self):
        path = self.write("proxy.yaml", BOOTSTRAP.format(port=self.plain, admin=self.admin, api="DELTA_GRPC")
                          + "    upstream_connection_options: {set_local_interface_name_on_upstream_connections: true}\n"
                          + "stats_flush_interval: 1s\n")
        self.start(os.environ["LATEEN_PROXY"], "-c", path, log="proxy.log")
        self.until_logged("proxy.log", "bootstrap: field stats_flush_interval is not honoured")
        self.until_logged("proxy.log", "cluster xds: field "
                          "upstream_connection_options.set_local_interface_name_on_upstream_connections is not honoured")


if __name__ == "__main__":
    unittest.main()
