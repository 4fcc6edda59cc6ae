"""The files of the repository, read once, and C++ text with everything blanked that is not code."""

import dataclasses
import functools
import os
import pathlib
import re

SKIPPED_FOLDERS = {".git", ".cache", "build", "node_modules", "__pycache__"}
TEXT_ENDINGS = {".cc", ".h", ".py", ".ts", ".tsx", ".js", ".md", ".txt", ".yaml", ".yml", ".json", ".cmake", ".sh", ".html", ".css", ""}


@dataclasses.dataclass(frozen=True)
class Problem:
    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


@dataclasses.dataclass(frozen=True)
class Source:
    path: str  # from the root, with /
    text: str

    @property
    def ending(self) -> str:
        return pathlib.PurePosixPath(self.path).suffix

    @property
    def is_cpp(self) -> bool:
        return self.ending in (".cc", ".h")

    @property
    def is_test(self) -> bool:
        return self.path.startswith("tests/") or re.search(r"_(test|fuzz|testing)\.(cc|h)$", self.path) is not None

    @functools.cached_property
    def code(self) -> str:
        """The text with comments, literals and preprocessor lines blanked; lines and columns stay where they are."""
        return without_preprocessor(without_literals(self.text))

    def within(self, *places: str) -> bool:
        """Whether this is one of the files, or lies in one of the folders, that are named."""
        return any(self.path == place or self.path.startswith(place + "/") for place in places)


class Tree:
    def __init__(self, root: pathlib.Path):
        self.root = root
        self.sources = [Source(path, (root / path).read_text(errors="replace")) for path in self._paths()]

    def _paths(self) -> list[str]:
        found = []
        for folder, folders, files in os.walk(self.root):
            folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
            for name in set(files) - {".git"}:
                path = pathlib.Path(folder, name)
                if path.suffix in TEXT_ENDINGS and path.is_file() and not path.is_symlink():
                    found.append(path.relative_to(self.root).as_posix())
        return sorted(found)

    def cpp(self) -> list[Source]:
        return [source for source in self.sources if source.is_cpp]


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


LITERAL = re.compile(
    r'//[^\n]*'
    r'|/\*.*?\*/'
    r'|(?<![A-Za-z0-9_])(?:u8|[uUL])?R"(?P<tag>[^()\\\s]*)\(.*?\)(?P=tag)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![A-Za-z0-9_])(?:u8|[uUL])?'(?:\\.|[^'\\\n])+'",
    re.DOTALL)


def blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def without_literals(text: str) -> str:
    def replacement(match: re.Match) -> str:
        literal = match.group(0)
        if literal.startswith("/"):
            return blank(literal)
        return '"' + blank(literal[1:-1]) + '"'

    return LITERAL.sub(replacement, text)


def without_preprocessor(text: str) -> str:
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda match: blank(match.group(0)), text, flags=re.MULTILINE)
