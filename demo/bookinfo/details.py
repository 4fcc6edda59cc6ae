"""details: the facts about a book."""

from serving import Reply, Request, Service, as_json

BOOKS = {
    "0": {"title": "The Comedy of Errors", "author": "William Shakespeare", "written": 1594, "binding": "paperback", "pages": 112,
          "publisher": "Two Masts Press", "language": "English", "ISBN": "978-0-00-000000-2"},
}


class Details(Service):
    name = "details"

    def answer(self, request: Request) -> Reply:
        root, _, book = request.path.lstrip("/").partition("/")
        if root != "details" or book not in BOOKS:
            return as_json({"error": "no such book"}, 404)
        return as_json({"id": book, "served_by": f"details-{self.version}"} | BOOKS[book])
