"""What a person sees of the mesh: pages, access logs, metrics, certificates."""

import collections
import dataclasses
import http.client
import json
import re
import subprocess
from typing import Any

from places import Loopback, Namespaces
from processes import DemoFailed
from world import INGRESS, INGRESS_PORT, Machine

ADMIN_PORT = 15000
METRICS_PORT = 15090
READY_PORT = 15021
ANSWER_SECONDS_MAX = 15


@dataclasses.dataclass
class Answer:
    status: int
    body: str

    def json(self) -> Any:
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise DemoFailed(f"an answer with status {self.status} is not JSON: {self.body[:200]!r}") from error


class View:
    def __init__(self, place: Namespaces | Loopback):
        self._place = place
        self._ingress: http.client.HTTPConnection | None = None

    def page_url(self) -> str:
        return f"http://{self._place.address(INGRESS)}:{INGRESS_PORT}/productpage"

    # --- through the ingress gateway, from this machine ----------------------------------------------------------------

    def open(self, path: str, user: str = "") -> Answer:
        """One request over the kept connection. A refused connection is an answer with status 0."""
        try:
            if self._ingress is None:
                self._ingress = http.client.HTTPConnection(self._place.address(INGRESS), INGRESS_PORT, timeout=ANSWER_SECONDS_MAX)
            self._ingress.request("GET", path, headers={"end-user": user} if user else {})
            response = self._ingress.getresponse()
            return Answer(response.status, response.read().decode(errors="replace"))
        except (OSError, http.client.HTTPException) as error:
            if self._ingress is not None:
                self._ingress.close()
            self._ingress = None
            return Answer(0, str(error))

    def product(self, user: str = "") -> dict[str, Any]:
        """Both halves of the page as JSON; a page that could not be had has two halves with errors."""
        answer = self.open("/api/v1/products/0", user)
        if answer.status == 200:
            return answer.json()
        error = {"error": f"the gateway answered {answer.status}: {answer.body[:120]}"}
        return {"details": error, "reviews": error}

    def versions(self, count: int, user: str = "") -> collections.Counter[str]:
        """How often each version of reviews served; `none` counts what did not answer."""
        return collections.Counter(self.product(user)["reviews"].get("version", "none") for _ in range(count))

    def stars(self, user: str = "") -> dict[str, Any]:
        """Each reviewer's stars, or the error that stands in their place."""
        reviews = self.product(user)["reviews"].get("reviews", [])
        return {review["reviewer"]: review.get("rating", {}).get("stars", review.get("rating", {}).get("error")) for review in reviews}

    # --- on a machine --------------------------------------------------------------------------------------------------

    def curl(self, machine: Machine, url: str, *options: str) -> Answer:
        """Asks from within the machine, as its own user would."""
        command = self._place.within(machine, ["curl", "-sS", "-m", ANSWER_SECONDS_MAX, "-w", "\n%{http_code}", *options, url])
        done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            return Answer(0, done.stderr.strip())
        body, _, status = done.stdout.rpartition("\n")
        return Answer(int(status), body)

    def mood(self, machine: Machine, query: str = "") -> None:
        """Asks the application itself, beside its proxy, to be slow or unwell."""
        address, port = self._place.application_bind(machine)
        answer = self.curl(machine, f"http://{'127.0.0.1' if address == '0.0.0.0' else address}:{port}/mood?{query}")
        if answer.status != 200:
            raise DemoFailed(f"{machine.name} does not take its mood: {answer}")

    def admin(self, machine: Machine, path: str) -> Answer:
        return self.curl(machine, f"http://{self._local(machine)}:{ADMIN_PORT}{path}")

    def ready(self, machine: Machine) -> bool:
        return self.curl(machine, f"http://{self._local(machine)}:{READY_PORT}/healthz/ready").status == 200

    def requests_total(self, machine: Machine, **labels: str) -> float:
        """The sum of `istio_requests_total` over the series that carry all these labels."""
        total = 0.0
        for series, value in re.findall(r"^istio_requests_total\{(.*)\} (\S+)$", self.metrics(machine), re.MULTILINE):
            found = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', series))
            if all(found.get(name) == wanted for name, wanted in labels.items()):
                total += float(value)
        return total

    def metrics(self, machine: Machine) -> str:
        answer = self.curl(machine, self.metrics_url(machine))
        if answer.status != 200:
            raise DemoFailed(f"the metrics of {machine.name} cannot be read: {answer.status} {answer.body[:200]}")
        return answer.body

    def metrics_url(self, machine: Machine) -> str:
        return f"http://{self._local(machine)}:{METRICS_PORT}/stats/prometheus"

    def _local(self, machine: Machine) -> str:
        return "127.0.0.1" if self._place.captures else self._place.address(machine)
