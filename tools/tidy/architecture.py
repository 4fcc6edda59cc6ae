"""docs/architecture.md names files and functions; this checks that each of them exists.

A code span with a `/` is a file or folder under src/ (or the root); a code span that ends in `()` is a function and must
occur in the file that was named last before it (its .h and .cc both count).
"""

import pathlib
import re
from collections.abc import Iterator

from sources import Problem, Tree, line_of

PAGE = "docs/architecture.md"
SPAN = re.compile(r"`([^`\n]+)`")


def resolve(root: pathlib.Path, name: str) -> pathlib.Path | None:
    return next((base / name for base in (root / "src", root) if (base / name).exists()), None)


def text_of(path: pathlib.Path) -> str:
    if path.is_dir():
        return "".join(file.read_text(errors="replace") for file in sorted(path.glob("*.[ch]*")))
    pair = [path, path.with_suffix(".h" if path.suffix == ".cc" else ".cc")]
    return "".join(file.read_text(errors="replace") for file in pair if file.exists())


def check(tree: Tree) -> Iterator[Problem]:
    page = next((source.text for source in tree.sources if source.path == PAGE), "")
    page = re.sub(r"^```.*?^```", lambda match: re.sub(r"[^\n]", " ", match.group()), page, flags=re.MULTILINE | re.DOTALL)
    named: pathlib.Path | None = None
    for match in SPAN.finditer(page):
        span, line = match.group(1), line_of(page, match.start())
        if re.fullmatch(r"[\w./-]*/[\w./-]*", span):
            named = resolve(tree.root, span)
            if named is None:
                yield Problem(PAGE, line, f"`{span}` does not exist")
        elif span.endswith("()"):
            name = span.removesuffix("()").split("::")[-1]
            if named is None:
                yield Problem(PAGE, line, f"`{span}`: name its file before it")
            elif not re.search(rf"\b{re.escape(name)}\s*\(", text_of(named)):
                yield Problem(PAGE, line, f"`{span}` is not in {named.relative_to(tree.root)}")
