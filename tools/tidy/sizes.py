"""A file has at most 700 lines, a function at most 70: what one person can hold in mind, and one screen."""

import ast
import dataclasses
import re
from collections.abc import Iterator

from sources import Problem, Source, Tree, line_of

FILE_LINES = 700
FUNCTION_LINES = 70
TABLES = {"fields"}  # the list of a configuration type's fields has no steps to name
SIZED_ENDINGS = {".cc", ".h", ".py", ".ts", ".tsx", ".js", ".sh", ".cmake", ".html", ".css"}


@dataclasses.dataclass
class Function:
    name: str
    first: int
    last: int

    @property
    def lines(self) -> int:
        return self.last - self.first + 1


def check(tree: Tree) -> Iterator[Problem]:
    for source in tree.sources:
        lines = source.text.count("\n")
        if (source.ending in SIZED_ENDINGS or source.path == "dev") and lines > FILE_LINES:
            yield Problem(source.path, FILE_LINES + 1, f"the file has {lines} lines, {FILE_LINES} are allowed; "
                          "which second idea in it wants its own file?")
        for function in functions(source):
            if function.lines > FUNCTION_LINES and function.name.split("::")[-1] not in TABLES:
                yield Problem(source.path, function.first, f"{function.name} has {function.lines} lines, {FUNCTION_LINES} are "
                              "allowed; name its steps and make each a function")


def functions(source: Source) -> list[Function]:
    if source.is_cpp:
        return cpp_functions(source.code)
    if source.ending == ".py":
        return python_functions(source.text)
    if source.ending in (".ts", ".tsx", ".js"):
        return script_functions(source.text)
    return []


def python_functions(text: str) -> list[Function]:
    try:
        module = ast.parse(text)
    except SyntaxError:
        return []
    return [Function(node.name, node.lineno, node.end_lineno or node.lineno) for node in ast.walk(module)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


SCRIPT_HEAD = re.compile(r"^(?P<indent>[ \t]*)(?:export\s+)?(?:default\s+)?(?:async\s+)?"
                         r"(?:function\s+(?P<name>\w+)|(?:const|let)\s+(?P<arrow>\w+)\s*=[^;\n]*=>\s*\{)[^\n]*$", re.MULTILINE)


def script_functions(text: str) -> list[Function]:
    """A function of TypeScript ends at the first `}` that stands as far left as its head: formatted code keeps to that."""
    found = []
    for head in SCRIPT_HEAD.finditer(text):
        end = re.compile(r"^" + head["indent"] + r"\}", re.MULTILINE).search(text, head.end())
        if end:
            found.append(Function(head["name"] or head["arrow"], line_of(text, head.start()), line_of(text, end.start())))
    return found


NAMESPACE = re.compile(r"^\s*(inline\s+)?namespace\b|^\s*extern\s*\"")
TYPE = re.compile(r"(^|[\s>])(class|struct|union|enum)\s")
FUNCTION_NAME = re.compile(r"([~\w:]+|operator[^\s(]+)\s*\(")


def cpp_functions(code: str) -> list[Function]:
    """Walks over the braces outside function bodies; what has parentheses before its `{` and is no type is a function."""
    found: list[Function] = []
    position, head_start = 0, 0
    while (match := re.compile(r"[;{}]").search(code, position)) is not None:
        position = match.end()
        if match.group() != "{":
            head_start = position
            continue
        head = code[head_start:match.start()]
        if opens_scope(head):
            head_start = position
            continue
        position = past_braces(code, match.start())
        if is_initialiser(code, position):  # `: member_{1}, ... {`: the function's own brace is still to come
            continue
        if "(" in head:
            first = line_of(code, head_start + len(head) - len(head.lstrip()))
            name = FUNCTION_NAME.search(head)
            found.append(Function(name.group(1) if name else "a function", first, line_of(code, position - 1)))
        head_start = position
    return found


def opens_scope(head: str) -> bool:
    if NAMESPACE.search(head):
        return True
    return TYPE.search(re.sub(r"template\s*<[^{}]*?>\s*(?=\w)", "", head)) is not None and not head.rstrip().endswith((")", "="))


def is_initialiser(code: str, position: int) -> bool:
    after = re.compile(r"\s*(\.\.\.)?\s*(.)?", re.DOTALL).match(code, position)
    return after is not None and after.group(2) in (",", "{")


def past_braces(code: str, opening: int) -> int:
    depth = 0
    for match in re.compile(r"[{}]").finditer(code, opening):
        depth += 1 if match.group() == "{" else -1
        if depth == 0:
            return match.end()
    return len(code)
