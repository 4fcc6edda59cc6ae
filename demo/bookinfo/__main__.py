"""usage: python3 demo/bookinfo ROLE --bind ADDRESS [--port 9080] [--version v1] [--service NAME=URL]... [--database HOST:PORT]

The services of the demo: productpage (the page people open), details, reviews (v1 without stars, v2 black, v3 red) and
ratings (reads MariaDB). Each answers /health, and /mood, which makes it slow or unwell on request:
`/mood?delay=2` holds every answer for two seconds, `/mood?failures=3` fails the next three, `/mood` heals it.
"""

import argparse

from details import Details
from productpage import ProductPage
from ratings import Ratings
from reviews import Reviews
from serving import serve

ROLES = {"productpage": ProductPage, "details": Details, "reviews": Reviews, "ratings": Ratings}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bookinfo")
    parser.add_argument("role", choices=ROLES)
    parser.add_argument("--bind", default="127.0.0.1", help="address to listen at")
    parser.add_argument("--port", type=int, default=9080)
    parser.add_argument("--version", default="v1", help="which version of the service this is")
    parser.add_argument("--service", action="append", default=[], metavar="NAME=URL", help="where NAME is called; default http://NAME:9080")
    parser.add_argument("--database", default="mysqldb:3306", metavar="HOST:PORT", help="of the ratings")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    services = dict(service.split("=", 1) for service in options.service)
    serve(ROLES[options.role](options.version, services, options.database), options.bind, options.port)


if __name__ == "__main__":
    main()
