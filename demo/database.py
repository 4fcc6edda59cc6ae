"""MariaDB with the ratings: a real database in the demo's state folder, reachable through its machine's proxy only."""

import getpass
import os
import pathlib
import time

import pymysql

from places import Loopback, Namespaces
from processes import Child, Children, DemoFailed, run, say
from world import DATABASE

STARTED_SECONDS_MAX = 30
STARS = {"Ada": 5, "Blaise": 4}
SET_UP = """
CREATE DATABASE IF NOT EXISTS bookinfo;
CREATE USER IF NOT EXISTS 'bookinfo'@'%' IDENTIFIED BY 'password';
GRANT ALL ON bookinfo.* TO 'bookinfo'@'%';
CREATE TABLE IF NOT EXISTS bookinfo.ratings (book INT, reviewer VARCHAR(40), stars INT, PRIMARY KEY (book, reviewer));
"""


class Database:
    def __init__(self, children: Children, place: Namespaces | Loopback, state: pathlib.Path):
        self._children = children
        self._place = place
        self._folder = state / "mysql"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._folder_descriptor = os.open(self._folder, os.O_PATH)

    def start(self) -> Child:
        user = ["--user=root"] if os.geteuid() == 0 else []
        if not (self._folder / "mysql").exists():
            say("demo: making the database's files")
            run(["mariadb-install-db", "--no-defaults", f"--datadir={self._folder}", "--auth-root-authentication-method=socket",
                 f"--auth-root-socket-user={getpass.getuser()}", "--skip-test-db", *user], "making the database's files")
        address, port = self._place.application_bind(DATABASE)
        child = self._children.start("mysqldb", self._place.within(DATABASE, [
            "mariadbd", "--no-defaults", f"--datadir={self._folder}", "--socket=socket", f"--bind-address={address}", f"--port={port}",
            f"--pid-file={self._folder}/pid", "--skip-name-resolve", "--innodb-buffer-pool-size=16M", *user]))
        self._wait(child)
        for statement in filter(str.strip, SET_UP.split(";")):
            self.execute(statement)
        for reviewer, stars in STARS.items():
            self.rate(reviewer, stars)
        return child

    def rate(self, reviewer: str, stars: int) -> None:
        self.execute("REPLACE INTO bookinfo.ratings VALUES (0, %s, %s)", reviewer, stars)

    def execute(self, statement: str, *values: object) -> None:
        # Through the descriptor, since the path of a socket may have 107 bytes and the state folder may lie deep.
        path = f"/proc/self/fd/{self._folder_descriptor}/socket"
        with pymysql.connect(unix_socket=path, user="root", autocommit=True) as connection:
            with connection.cursor() as cursor:
                cursor.execute(statement, values or None)

    def shell(self) -> str:
        return f"mariadb -u root -S {self._folder}/socket bookinfo"

    def _wait(self, child: Child) -> None:
        end = time.monotonic() + STARTED_SECONDS_MAX
        while time.monotonic() < end:
            if not child.running:
                raise DemoFailed(child.complaint())
            try:
                return self.execute("SELECT 1")
            except pymysql.MySQLError:
                time.sleep(0.1)
        raise DemoFailed(f"the database does not answer after {STARTED_SECONDS_MAX} s; its log is {child.log}")
