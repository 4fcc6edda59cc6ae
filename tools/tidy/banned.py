"""Calls that have a better answer in this house. Each rule names the answer, and the folders where the call is at home."""

import dataclasses
import re
from collections.abc import Iterator

from sources import Problem, Source, Tree, line_of


@dataclasses.dataclass(frozen=True)
class Rule:
    pattern: str
    instead: str
    home: tuple[str, ...] = ()  # folders where the call is allowed
    in_tests: bool = False      # whether tests may use it
    waiver: str = ""            # a comment on the line that allows it there

    def allows(self, source: Source) -> bool:
        return source.within(*self.home) or (self.in_tests and source.is_test)


RULES = [
    Rule(r"\bstd::(basic_)?regex\b", "re2 for patterns people write, lib/base/strings.h for everything else"),
    Rule(r"\bstd::(v?format(_to)?|print|println)\b", "fmt::format: this standard library has none"),
    Rule(r"(?<![\w.>:])(std::|::)?(printf|puts|putchar)\s*\(|\bstd::cout\b|\bfmt::print(ln)?\s*\((?!\s*(stderr|std::cerr)\b)",
         "return the text; apps print it", home=("src/apps", "tests"), in_tests=True),
    Rule(r"\b(secure_)?getenv\s*\(|(?<![\w.>])(un)?setenv\s*\(", "an option: only apps read the environment",
         home=("src/apps",), in_tests=True),
    Rule(r"_clock::now\s*\(|(?<![\w.>:])(std::|::)time\s*\(|(?<![\w.>:])time\s*\(\s*(nullptr|NULL|0)\s*\)"
         r"|\bclock_gettime\s*\(|\bgettimeofday\s*\(",
         "the loop's clock (lib/io), so that tests can run on the simulated one", home=("src/lib/io",), waiver="// tidy: clock",
         in_tests=True),
    Rule(r"\bstd::(jthread|thread|async)\b(?!::hardware_concurrency|::id\b)|\bpthread_create\b",
         "a worker of lib/io: only it makes threads", home=("src/lib/io",), in_tests=True),
    Rule(r"\bepoll_(create1?|ctl|p?wait)\b|(?<![\w.>])socket\s*\(\s*[AP]F_|(?<![\w:>])::(socket|bind|listen|accept4?|connect|"
         r"send|sendto|sendmsg|recv|recvfrom|recvmsg|open|close|read|write|poll|select|eventfd|timerfd_create)\s*\(",
         "lib/io: only it touches descriptors", home=("src/lib/io", "src/lib/base/log.cc"), in_tests=True),
    Rule(r"\bstd::this_thread::sleep_|(?<![\w.>:])(std::|::)?(usleep|nanosleep)\s*\(|(?<![\w:>])::sleep\s*\(",
         "co_await a timer of lib/io", home=("src/lib/io",), in_tests=True),
    Rule(r"(?<![\w.>:])(std::|::)?s?rand\s*\(|\bstd::(random_device|mt19937(_64)?|default_random_engine)\b",
         "lib/base/random.h, which can be seeded", home=("src/lib/base",)),
]

HEADER_USING = re.compile(r"\busing\s+namespace\s+(?!\w+(::\w+)*_literals\b)")
INCLUDES = {"regex": "re2", "format": "fmt", "print": "fmt", "iostream": "fmt"}


def check(tree: Tree) -> Iterator[Problem]:
    for source in tree.cpp():
        if source.within("cmake"):
            continue
        yield from banned_calls(source)
        yield from banned_includes(source)
        yield from awaits_in_braces(source)
        if source.ending == ".h":
            for match in HEADER_USING.finditer(source.code):
                yield Problem(source.path, line_of(source.code, match.start()),
                              "`using namespace` in a header spreads to everybody who includes it; name what you need")


def banned_calls(source: Source) -> Iterator[Problem]:
    lines = source.text.split("\n")
    for rule in RULES:
        if rule.allows(source):
            continue
        for match in re.finditer(rule.pattern, source.code):
            line = line_of(source.code, match.start())
            if not rule.waiver or rule.waiver not in lines[line - 1]:
                yield Problem(source.path, line, f"`{match.group().strip(' (')}` is banned here; use {rule.instead}")


def banned_includes(source: Source) -> Iterator[Problem]:
    for match in re.finditer(r"^[ \t]*#[ \t]*include[ \t]*<(\w+)>", source.text, re.MULTILINE):
        if match.group(1) in INCLUDES:
            yield Problem(source.path, line_of(source.text, match.start(1)), f"<{match.group(1)}> is banned; use {INCLUDES[match.group(1)]}")


BLOCK_HEAD = re.compile(r"(\)|\]|\b(else|do|try|const|noexcept|mutable|override|final)|[;{}:])\s*$")


def awaits_in_braces(source: Source) -> Iterator[Problem]:
    """g++ 12 miscompiles `T{co_await f()}`: it destroys what it built twice. Name the awaited value first."""
    code = source.code
    for match in re.finditer(r"\bco_await\b", code):
        opening = enclosing_brace(code, match.start())
        if opening is None:
            continue
        before = code[max(0, opening - 300):opening]
        head = re.split(r"[;{}]", before)[-1]
        if BLOCK_HEAD.search(before.rstrip() or ";") or re.search(r"[)\]][^()]*->[^()]*$", head):
            continue
        yield Problem(source.path, line_of(code, match.start()),
                      "`co_await` inside a braced initialiser is miscompiled by g++ 12; await into a name first")


def enclosing_brace(code: str, position: int) -> int | None:
    """The `{` that directly encloses the statement at `position`, or none when a `;` says it is a block anyway."""
    depth = 0
    while position > 0:
        position -= 1
        character = code[position]
        if character == "}":
            depth += 1
        elif character == "{":
            if depth == 0:
                return position
            depth -= 1
        elif character == ";" and depth == 0:
            return None
    return None
