"""lib/grpc beside @grpc/grpc-js: its client with our server. Skipped where node or the package is missing."""

import json
import os
import pathlib
import shutil
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / ".cache" / "peers" / "grpc-js" / "node_modules" / "@grpc" / "grpc-js"


@unittest.skipUnless(shutil.which("node"), "node is not installed: apt-get install nodejs")
@unittest.skipUnless(PACKAGE.exists(), "@grpc/grpc-js is not here: ./dev peers fetches it")
class GrpcJs(unittest.TestCase):
    def test_their_client_calls_our_server(self):
        server = subprocess.Popen([os.environ["GRPC_ECHO"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            port = server.stdout.readline().strip()
            script = pathlib.Path(__file__).with_name("grpc_js_client.js")
            done = subprocess.run(["node", script, PACKAGE, port], capture_output=True, text=True, timeout=60)
        finally:
            server.stdin.close()
            server.wait(10)
            server.stdout.close()
        self.assertEqual(done.returncode, 0, done.stderr)
        said = json.loads(done.stdout)
        self.assertEqual(said["echo"], {"answer": "hello"})
        self.assertEqual(said["large"], 1000000)
        self.assertEqual(said["refused"], {"code": "PERMISSION_DENIED", "details": "not you: 100 %"})
        self.assertEqual(said["unknown"]["code"], "UNIMPLEMENTED")
        self.assertEqual(said["late"]["code"], "DEADLINE_EXCEEDED")
        self.assertEqual(said["chat"], {"answers": ["1: a", "2: b", "3: c"], "code": "ABORTED", "details": "after 3"})
        self.assertEqual(said["after"], {"answer": "still here"})
        self.assertEqual(server.returncode, 0)


if __name__ == "__main__":
    unittest.main()
