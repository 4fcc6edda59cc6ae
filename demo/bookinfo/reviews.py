"""reviews: what readers said. v1 knows no stars; v2 and v3 ask ratings for them and paint them black and red."""

from serving import Failure, Reply, Request, Service, as_json

REVIEWS = [
    ("Ada", "Two pairs of twins and not one dull minute. I lost track of who was who, gladly, and laughed on the night train."),
    ("Blaise", "Quick and light on its feet. Do not look for depth: look for the scene at the dinner table, then read it aloud."),
]
COLOURS = {"v2": "black", "v3": "red"}


class Reviews(Service):
    name = "reviews"

    def answer(self, request: Request) -> Reply:
        root, _, book = request.path.lstrip("/").partition("/")
        if root != "reviews" or not book.isdigit():
            return as_json({"error": "ask for /reviews/BOOK"}, 404)
        reviews = [{"reviewer": reviewer, "text": text} for reviewer, text in REVIEWS]
        served_by = [f"reviews-{self.version}"]
        if colour := COLOURS.get(self.version):
            try:
                ratings = self.calls.get("ratings", f"/ratings/{book}", request.forwarded())
                served_by.append(ratings["served_by"])
                for review in reviews:
                    review["rating"] = {"stars": ratings["ratings"].get(review["reviewer"], 0), "colour": colour}
            except Failure as failure:
                for review in reviews:
                    review["rating"] = {"error": f"Ratings are unavailable at the moment: {failure}."}
        return as_json({"id": book, "version": self.version, "served_by": served_by, "reviews": reviews})
