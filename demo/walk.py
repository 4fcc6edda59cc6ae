"""The walk-through, step by step, each checked by what a person would see. A step that is not so raises StepFailed."""

import collections
import dataclasses
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from world import DETAILS, PRODUCTPAGE, RATINGS, REVIEWS, SERVICES, SIMPLE, STRANGER

if TYPE_CHECKING:
    from mesh import Mesh

SETTLE_SECONDS_MAX = 20  # for a change to reach every proxy; far above what it takes
MANY = 400


class StepFailed(Exception):
    """What was expected, and what was seen."""


class Skipped(Exception):
    """Why a step could not be taken on this machine."""


def expect(so: bool, otherwise: str) -> None:
    if not so:
        raise StepFailed(otherwise)


def eventually(what: str, so: Callable[[], bool], seen: Callable[[], object]) -> None:
    end = time.monotonic() + SETTLE_SECONDS_MAX
    while not so():
        if time.monotonic() > end:
            raise StepFailed(f"{what} does not come about; seen instead: {seen()}")
        time.sleep(0.1)


def only_version(mesh: "Mesh", version: str, user: str = "") -> None:
    eventually(f"reviews {version} for {user or 'everybody'}", lambda: mesh.view.versions(12, user)[version] == 12, lambda: mesh.view.product(user))
    seen = mesh.view.versions(20, user)
    expect(seen == {version: 20}, f"20 pages for {user or 'everybody'} came from {dict(seen)}, all should come from {version}")


# --- 1: routing --------------------------------------------------------------------------------------------------------

def all_to_v1(mesh: "Mesh") -> str:
    mesh.objects.apply("reviews-v1.yaml")
    only_version(mesh, "v1")
    return "20 of 20 pages show reviews v1"


def jason_to_v2(mesh: "Mesh") -> str:
    mesh.objects.apply("reviews-jason-v2.yaml")
    only_version(mesh, "v2", user="jason")
    only_version(mesh, "v1")
    return "jason reads v2, everybody else v1"


def weights(v1: int, v3: int) -> Callable[["Mesh"], str]:
    def step(mesh: "Mesh") -> str:
        mesh.objects.apply(f"reviews-{v1}-{v3}.yaml")
        eventually("a page of reviews v3", lambda: mesh.view.versions(10)["v3"] > 0, lambda: mesh.view.versions(10))
        seen = mesh.view.versions(MANY)
        share, tolerance = v3 / 100, 5 * (MANY * v1 * v3 / 10000) ** 0.5  # five standard deviations: one run in a million fails by chance
        expect(set(seen) <= {"v1", "v3"} and abs(seen["v3"] - MANY * share) <= tolerance,
               f"of {MANY} pages {dict(seen)}, expected {v1}/{v3} of 100")
        return f"of {MANY} pages {seen['v1']} show v1, {seen['v3']} show v3"
    return step


# --- 2: the database ---------------------------------------------------------------------------------------------------

def a_row_changes(mesh: "Mesh") -> str:
    mesh.objects.apply("reviews-v3.yaml")
    only_version(mesh, "v3")
    before = mesh.view.stars()
    expect(before == {"Ada": 5, "Blaise": 4}, f"the page shows {before}, the database holds 5 and 4")
    try:
        mesh.database.rate("Ada", 1)
        after = mesh.view.stars()
        expect(after == {"Ada": 1, "Blaise": 4}, f"after the row changed to 1 the page shows {after}")
    finally:
        mesh.database.rate("Ada", 5)
    return "Ada's five stars become one with the row in MariaDB on its VM"


# --- 3: timeout and retry ----------------------------------------------------------------------------------------------

def a_timeout(mesh: "Mesh") -> str:
    caller = REVIEWS[1]
    mesh.objects.apply("reviews-v2.yaml")
    only_version(mesh, "v2")
    mesh.objects.apply("ratings-timeout.yaml")
    labels = {"reporter": "source", "response_code": "504", "response_flags": "UT"}
    before = mesh.view.requests_total(caller, **labels)
    try:
        mesh.view.mood(RATINGS, "delay=3")
        eventually("a page without stars", lambda: "504" in str(mesh.view.stars().get("Ada")), mesh.view.stars)
    finally:
        mesh.view.mood(RATINGS)
        mesh.objects.withdraw("ratings")
    eventually("504 with flag UT in the metrics of reviews", lambda: mesh.view.requests_total(caller, **labels) > before,
               lambda: mesh.view.requests_total(caller))
    eventually("504 UT in the access log of reviews", lambda: mesh.log_has(caller, " 504 UT "), lambda: mesh.log_tail(caller))
    return "ratings take 3 s, the route gives them 0.5 s: the page comes without stars; 504 UT in metrics and log of reviews-v2"


def a_retry(mesh: "Mesh") -> str:
    mesh.objects.apply("details-retry.yaml")
    labels = {"reporter": "destination", "response_code": "503"}
    before = mesh.view.requests_total(DETAILS, **labels)
    eventually("the retrying route at productpage", lambda: has_retries(mesh, 4), lambda: "no route with four retries in its config_dump")
    try:
        mesh.view.mood(DETAILS, "failures=3")
        details = mesh.view.product()["details"]
    finally:
        mesh.view.mood(DETAILS)
        mesh.objects.withdraw("details")
    expect("error" not in details, f"the page says {details} though three failures are less than four retries")
    eventually("three 503 in the metrics of details", lambda: mesh.view.requests_total(DETAILS, **labels) == before + 3,
               lambda: mesh.view.requests_total(DETAILS, **labels) - before)
    eventually("503 in the access log of details", lambda: mesh.log_has(DETAILS, '" 503 '), lambda: mesh.log_tail(DETAILS))
    return "details failed three times, the page did not: three 503 in metrics and log of details, none in the page"


def has_retries(mesh: "Mesh", count: int) -> bool:
    return re.search(rf'"num_retries":\s*{count}\b', mesh.view.admin(PRODUCTPAGE, "/config_dump").body) is not None


# --- 4: without a control plane ----------------------------------------------------------------------------------------

def without_control_plane(mesh: "Mesh") -> str:
    mesh.objects.apply("reviews-v1.yaml")
    only_version(mesh, "v1")
    mesh.kill_control()
    seen: collections.Counter[int] = collections.Counter(mesh.view.open("/productpage").status for _ in range(200))
    expect(seen == {200: 200}, f"while the control plane is dead, 200 requests were answered {dict(seen)}")
    mesh.objects.apply("reviews-v3.yaml")
    mesh.start_control()
    only_version(mesh, "v3")
    eventually("every proxy is connected again", lambda: mesh.unsynchronised() == [], mesh.unsynchronised)
    return "200 of 200 pages without a control plane; restarted, it brought the new route to every proxy"


# --- 5: strict mTLS ----------------------------------------------------------------------------------------------------

def a_stranger(mesh: "Mesh") -> str:
    target = REVIEWS[2]
    answer = mesh.view.curl(STRANGER, f"http://{mesh.place.address(target)}:{target.port}/reviews/0")
    expect(answer.status == 0, f"a plain client was answered {answer.status} by {target.name}")
    reason = "filter_chain_not_found"
    eventually("the reason in the access log of reviews-v3", lambda: mesh.log_has(target, reason), lambda: mesh.log_tail(target))
    return f"a plain client is refused ({answer.body.removeprefix('curl: ')}); the log of {target.name} says {reason}"


# --- 6: the simple VM --------------------------------------------------------------------------------------------------

def the_simple_vm(mesh: "Mesh") -> str:
    with mesh.simple_vm() as url:
        eventually("the page on the simple VM", lambda: mesh.view.curl(SIMPLE, url + "/productpage").status == 200,
                   lambda: mesh.view.curl(SIMPLE, url + "/productpage"))
        answer = mesh.view.curl(SIMPLE, url + "/reviews/0")
        expect(answer.status == 200 and "reviews-v" in answer.body, f"/reviews/0 on the simple VM was answered {answer}")
        eventually("its identity in the log of reviews", lambda: any(mesh.log_has(machine, SIMPLE.identity) for machine in REVIEWS),
                   lambda: [mesh.log_tail(machine) for machine in REVIEWS])
    return f"productpage and reviews answer through the east-west gateway; reviews' log names {SIMPLE.identity}"


def a_foreign_certificate(mesh: "Mesh") -> str:
    with mesh.simple_vm(foreign=True) as url:
        answers = [mesh.view.curl(SIMPLE, url + "/productpage") for _ in range(3)]
        expect(all(answer.status in (0, 503) for answer in answers), f"with a certificate of another root it was answered {[answer.status for answer in answers]}")
    return f"with a certificate of another root the same VM is refused ({answers[-1].status})"


def a_real_envoy(mesh: "Mesh") -> str:
    program = mesh.envoy()
    if program is None:
        raise Skipped("Envoy is not there; ./dev peers fetches it")
    with mesh.simple_vm(program=program) as url:
        eventually("the page by Envoy", lambda: mesh.view.curl(SIMPLE, url + "/productpage").status == 200,
                   lambda: mesh.view.curl(SIMPLE, url + "/productpage"))
        answer = mesh.view.curl(SIMPLE, url + "/reviews/0")
        expect(answer.status == 200, f"/reviews/0 by Envoy is answered {answer}")
    return "the same bootstrap works in Envoy"


# --- 7: seen -----------------------------------------------------------------------------------------------------------

def all_is_seen(mesh: "Mesh") -> str:
    counted = sum(mesh.view.requests_total(machine, reporter="destination") for machine in SERVICES)
    expect(counted > MANY, f"the services' proxies counted {counted:.0f} requests in all")
    mutual = sum(mesh.view.requests_total(machine, reporter="destination", connection_security_policy="mutual_tls") for machine in SERVICES)
    expect(mutual == counted, f"of {counted:.0f} requests only {mutual:.0f} are counted as mutual TLS")
    known = mesh.view.requests_total(PRODUCTPAGE, reporter="source", response_code="200", destination_principal=DETAILS.identity)
    expect(known > 0, "the caller's proxy does not count whom it reached: no destination_principal of details")
    certificates = mesh.view.admin(PRODUCTPAGE, "/certs").body
    expect(PRODUCTPAGE.identity in certificates, f"/certs of productpage does not name {PRODUCTPAGE.identity}: {certificates[:200]}")
    expect(mesh.log_has(PRODUCTPAGE, "/productpage"), "the access log of productpage has no page in it")
    expect(mesh.unsynchronised() == [], f"not synchronised: {mesh.unsynchronised()}")
    return f"{counted:.0f} requests counted, all mutual TLS; certificates, logs and proxy status are there"


@dataclasses.dataclass
class Step:
    name: str
    run: Callable[["Mesh"], str]


STEPS = [
    Step("1 routing: all to v1", all_to_v1),
    Step("1 routing: jason to v2", jason_to_v2),
    Step("1 routing: 90/10", weights(90, 10)),
    Step("1 routing: 50/50", weights(50, 50)),
    Step("2 database: a row changes", a_row_changes),
    Step("3 timeout", a_timeout),
    Step("3 retry", a_retry),
    Step("4 without control plane", without_control_plane),
    Step("5 strict mTLS: a stranger", a_stranger),
    Step("6 simple VM", the_simple_vm),
    Step("6 simple VM: foreign certificate", a_foreign_certificate),
    Step("6 simple VM: a real Envoy", a_real_envoy),
    Step("7 metrics, logs, certificates, status", all_is_seen),
]
