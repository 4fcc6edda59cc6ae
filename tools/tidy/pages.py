"""Every page has one title, and nothing in the repository names a path of somebody's machine or a registry's host."""

import re
from collections.abc import Iterator

from sources import Problem, Tree, line_of

# The brackets keep this file from finding itself.
MACHINE = re.compile(r"/wor[k]/(main|wt|shared|steering|[.]library)|/far[m]/|/tm[p]/bash_jobs|/hom[e]/[a-z]\w*/"
                     r"|registry[.]npmj[s][.]|deb[.]debia[n][.]|proxy[.]golan[g][.]|pyp[i][.]org|pythonhoste[d][.]|[.]mave[n][.]org")


def check(tree: Tree) -> Iterator[Problem]:
    for source in tree.sources:
        if source.ending == ".md":
            text = re.sub(r"^(```|~~~).*?^\1", lambda match: re.sub(r"[^\n]", " ", match.group()), source.text,
                          flags=re.MULTILINE | re.DOTALL)
            titles = [match.start() for match in re.finditer(r"^# ", text, re.MULTILINE)]
            if len(titles) != 1:
                where = line_of(text, titles[1]) if titles else 1
                yield Problem(source.path, where, f"a page has exactly one title (`# ...`), this one has {len(titles)}")
        for match in MACHINE.finditer(source.text):
            yield Problem(source.path, line_of(source.text, match.start()), f"`{match.group()}` names a machine or a registry host; take it out")
