"""`lateen fleet render` as a user runs it: files in, files out. LATEEN names the program."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

LATEEN = os.environ["LATEEN"]
CASE = pathlib.Path(__file__).parents[1] / "golden/fleet/payments"
CLUSTERS = ["cluster1", "cluster2", "cluster3"]


class Render(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lateen-fleet-"))
        self.addCleanup(shutil.rmtree, self.folder)
        shutil.copytree(CASE / "clusters", self.folder / "clusters")
        self.out = self.folder / "out"

    def render(self, *more, clusters=CLUSTERS):
        words = [word for name in clusters for word in ("--cluster", f"{name}={self.folder}/clusters/{name}")]
        return subprocess.run([LATEEN, "fleet", "render", *words, "-o", self.out, *more], capture_output=True, text=True)

    def files(self):
        return {str(path.relative_to(self.out)): path.read_text() for path in self.out.rglob("*") if path.is_file()}

    def test_gives_what_lies_beside_the_input(self):
        done = self.render()
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        expected = {str(path.relative_to(CASE / "expected")): path.read_text()
                    for path in (CASE / "expected").rglob("*") if path.is_file()}
        self.assertEqual(self.files(), expected)

    def test_a_second_run_touches_nothing(self):
        self.render()
        before = {path: path.stat().st_mtime_ns for path in self.out.rglob("*")}
        self.assertEqual(self.render(clusters=CLUSTERS[::-1]).returncode, 0)
        self.assertEqual({path: path.stat().st_mtime_ns for path in self.out.rglob("*")}, before)

    def test_its_output_is_valid(self):
        self.render()
        files = sorted(str(path) for path in self.out.rglob("fleet.yaml"))
        done = subprocess.run([LATEEN, "validate", "-f", *files], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_an_orders_proxy_gets_the_endpoints_with_their_weights(self):
        self.render()
        proxy = self.folder / "proxy.json"
        proxy.write_text(json.dumps({"id": "orders-1.shop", "type": "sidecar", "ip": ["10.1.0.7"], "namespace": "shop",
                                     "labels": {"app": "orders", "topology.kubernetes.io/region": "us-west"}}))
        files = [self.folder / "clusters/cluster1/objects.yaml", self.out / "cluster1/fleet.yaml"]
        done = subprocess.run([LATEEN, "xds", "dump", "--config", *files, "--proxy", proxy], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        clusters = {cluster["name"]: cluster for cluster in json.loads(done.stdout)["clusters"]}
        seen = {}
        for locality in clusters["outbound|80||prod.payments.global"]["loadAssignment"]["endpoints"]:
            for endpoint in locality["lbEndpoints"]:
                address = endpoint["endpoint"]["address"]["socketAddress"]
                seen[address["address"], address["portValue"]] = locality["locality"]["region"], locality["loadBalancingWeight"]
        self.assertEqual(seen, {("c2.example.com.", 15443): ("us-west", 10), ("c3.example.com.", 15443): ("us-east", 90)})

    def test_what_is_no_longer_wanted_goes(self):
        self.render()
        (self.folder / "clusters/cluster3/objects.yaml").write_text("")
        self.assertEqual(self.render().returncode, 0)
        self.assertNotIn("c3.example.com", "".join(text for name, text in self.files().items()))
        self.assertNotIn("kind:", self.files()["cluster3/fleet.yaml"])

    def test_addresses_that_were_given_stay(self):
        self.out.mkdir()
        (self.out / "addresses.yaml").write_text(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: se-address-configmap}\ndata:\n"
            "  serviceEntryAddressStore: 'entry-addresses: {prod.payments.global-se: 240.0.10.1}'\n")
        self.render()
        self.assertIn("- 240.0.10.1\n", self.files()["cluster1/fleet.yaml"])

    def test_with_an_error_in_any_input_nothing_is_written(self):
        self.render()
        before = self.files()
        (self.folder / "clusters/cluster2/broken.yaml").write_text("apiVersion: v1\nkind: Service\nmetadata: [\n")
        done = self.render()
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r"clusters/cluster2/broken\.yaml:\d+:\d+: error: ")
        self.assertIn("nothing was written", done.stderr)
        self.assertEqual(self.files(), before)

    def test_a_damaged_record_of_addresses_is_named(self):
        self.render()
        (self.out / "addresses.yaml").write_text("kind: [")
        done = self.render()
        self.assertEqual(done.returncode, 1)
        self.assertIn("addresses.yaml", done.stderr)

    def test_a_cluster_that_is_not_named_any_more_is_pointed_out(self):
        self.render()
        done = self.render(clusters=CLUSTERS[:2])
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("cluster3/fleet.yaml: warning: is of a cluster that is not named here", done.stderr)

    def test_wrong_usage_is_explained(self):
        for words, said in [([], "--cluster NAME=DIR"), (["--cluster", "x"], "NAME=DIR"),
                            (["--cluster", "../x=y"], "NAME=DIR"), (["--cluster", "a=b", "--cluster", "a=c"], "twice"),
                            (["--cluster", "a=b"], "-o DIR")]:
            done = subprocess.run([LATEEN, "fleet", "render", *words], capture_output=True, text=True)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(said, done.stderr)

    def test_what_the_machine_refuses_is_status_3(self):
        self.assertEqual(self.render(clusters=["absent"]).returncode, 3)
        self.out.write_text("a file where the folder should be")
        self.assertEqual(self.render().returncode, 3)


if __name__ == "__main__":
    unittest.main()
