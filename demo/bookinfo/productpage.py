"""productpage: the page. It asks details and reviews, shows who served what, and says so when one of them is away."""

import html
import http.cookies
import pathlib
import string
import urllib.parse
from typing import Any

from serving import Failure, Reply, Request, Service, as_json

PAGE = string.Template((pathlib.Path(__file__).parent / "page.html").read_text())
USER_NAME_MAX = 40


class ProductPage(Service):
    name = "productpage"

    def answer(self, request: Request) -> Reply:
        match request.method, request.path:
            case "POST", "/login":
                form = urllib.parse.parse_qs(request.body.decode(errors="replace"))
                return to_page("".join(form.get("user", [""])).strip()[:USER_NAME_MAX])
            case _, "/logout":
                return to_page("")
            case _, "/" | "/productpage":
                return self.page(request)
            case _, "/api/v1/products/0":
                return as_json(self.product(request))
        return as_json({"error": "there is /productpage, and /api/v1/products/0 for programs"}, 404)

    def product(self, request: Request) -> dict[str, Any]:
        """Both halves of the page; a half that could not be had is an `error`."""
        headers = request.forwarded()
        if user := signed_in(request):
            headers["end-user"] = user
        return {"details": self.ask("details", headers), "reviews": self.ask("reviews", headers)}

    def ask(self, service: str, headers: dict[str, str]) -> dict[str, Any]:
        try:
            return self.calls.get(service, f"/{service}/0", headers)
        except Failure as failure:
            return {"error": f"Sorry, {service} are unavailable at the moment: {failure}."}

    def page(self, request: Request) -> Reply:
        product = self.product(request)
        details, reviews = product["details"], product["reviews"]
        hops = [f"productpage-{self.version}", details.get("served_by"), *reviews.get("served_by", [])]
        text = PAGE.substitute(
            account=account(signed_in(request)),
            details=facts(details),
            reviews=quotes(reviews),
            hops="".join(f"<li>{html.escape(hop)}</li>" for hop in hops if hop))
        return Reply(200, text.encode(), "text/html; charset=utf-8", {"cache-control": "no-store"})


def signed_in(request: Request) -> str:
    """The user of the session, else the one an earlier hop or a test named."""
    try:
        cookie = http.cookies.SimpleCookie(request.headers.get("cookie", "")).get("user")
    except http.cookies.CookieError:
        cookie = None
    name = urllib.parse.unquote(cookie.value) if cookie and cookie.value else request.headers.get("end-user", "")
    return "".join(character for character in name if character.isprintable() and character.isascii())[:USER_NAME_MAX]


def to_page(user: str) -> Reply:
    life = "" if user else "; Max-Age=0"
    return Reply(303, b"", "text/plain", {"location": "/productpage", "set-cookie": f"user={urllib.parse.quote(user)}; Path=/; HttpOnly; SameSite=Lax{life}"})


def account(user: str) -> str:
    if user:
        return f'<span>Signed in as <strong>{html.escape(user)}</strong></span> <a class="button" href="/logout">Sign out</a>'
    return ('<form method="post" action="/login"><label>Name <input name="user" placeholder="jason" maxlength="40" required></label>'
            '<button class="button">Sign in</button></form>')


def facts(details: dict[str, Any]) -> str:
    if "error" in details:
        return f'<p class="away">{html.escape(details["error"])}</p>'
    shown = ("author", "written", "binding", "pages", "publisher", "language", "ISBN")
    rows = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(str(details.get(name, '')))}</dd>" for name in shown)
    return f"<dl>{rows}</dl>"


def quotes(reviews: dict[str, Any]) -> str:
    if "error" in reviews:
        return f'<p class="away">{html.escape(reviews["error"])}</p>'
    return "".join(
        f'<figure><blockquote>{html.escape(review["text"])}</blockquote>'
        f'<figcaption>{html.escape(review["reviewer"])}{stars(review.get("rating"))}</figcaption></figure>'
        for review in reviews["reviews"])


def stars(rating: dict[str, Any] | None) -> str:
    if rating is None:
        return ""
    if "error" in rating:
        return f'<span class="away">{html.escape(rating["error"])}</span>'
    count = max(0, min(5, int(rating["stars"])))
    return f'<span class="stars {html.escape(rating["colour"])}" role="img" aria-label="{count} of 5 stars">{"★" * count}{"☆" * (5 - count)}</span>'
