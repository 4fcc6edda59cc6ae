"""usage: python3 tools/tidy [RULE...]

Style as a failing test: sizes, directions (of includes), banned (calls), pages (one title, no machine's path),
architecture (names in docs/architecture.md). Prints `FILE:LINE: what is wrong and what to do instead`; exit status 1 when
there is anything to print.
"""

import pathlib
import sys

from tidy import RULES, problems


def main() -> int:
    rules = sys.argv[1:] or list(RULES)
    if not set(rules) <= set(RULES):
        print(f"tidy: the rules are {', '.join(RULES)}", file=sys.stderr)
        return 2
    found = problems(pathlib.Path(__file__).resolve().parents[2], rules)
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
