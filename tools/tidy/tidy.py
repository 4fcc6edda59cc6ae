"""All rules together."""

import pathlib

import architecture
import banned
import directions
import pages
import sizes
from sources import Tree

RULES = {"sizes": sizes, "directions": directions, "banned": banned, "pages": pages, "architecture": architecture}


def problems(root: pathlib.Path, rules: list[str] = list(RULES)) -> list[str]:
    tree = Tree(root)
    return [str(problem) for name in rules for problem in RULES[name].check(tree)]
