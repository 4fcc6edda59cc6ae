"""ratings: how many stars each reviewer gave, read from MariaDB for every request, so that a changed row is seen at once."""

import threading

import pymysql

from serving import Reply, Request, Service, as_json

ACCOUNT = {"user": "bookinfo", "password": "password", "database": "bookinfo"}


class Ratings(Service):
    name = "ratings"

    def __init__(self, version: str, services: dict[str, str], database: str):
        super().__init__(version, services, database)
        self._local = threading.local()

    def answer(self, request: Request) -> Reply:
        root, _, book = request.path.lstrip("/").partition("/")
        if root != "ratings" or not book.isdigit():
            return as_json({"error": "ask for /ratings/BOOK"}, 404)
        try:
            rows = self._query("SELECT reviewer, stars FROM ratings WHERE book = %s", int(book))
        except (pymysql.MySQLError, OSError) as error:
            return as_json({"error": f"the database does not answer: {error}"}, 503)
        return as_json({"id": book, "served_by": f"ratings-{self.version}", "ratings": dict(rows)})

    def _query(self, statement: str, *values: object) -> list[tuple]:
        kept = getattr(self._local, "connection", None)
        if kept is not None:
            try:
                return self._run(kept, statement, values)
            except (pymysql.MySQLError, OSError):
                kept.close()  # it went stale, or the database was restarted: once more on a new one
                self._local.connection = None
        host, _, port = self.database.rpartition(":")
        self._local.connection = pymysql.connect(host=host, port=int(port), connect_timeout=5, read_timeout=5, write_timeout=5,
                                                 autocommit=True, **ACCOUNT)
        return self._run(self._local.connection, statement, values)

    @staticmethod
    def _run(connection: pymysql.Connection, statement: str, values: tuple) -> list[tuple]:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())
