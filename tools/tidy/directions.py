"""A folder includes itself and what its LINKS in src/CMakeLists.txt name; LINKS keep to the directions of the house."""

import posixpath
import re
from collections.abc import Iterator

from sources import Problem, Tree, line_of

DECLARATION = re.compile(r"^\s*lateen_(?:folder\(|program\(\S+\s+)(?P<folder>[\w/]+)(?P<rest>[^)]*)\)", re.MULTILINE)
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.MULTILINE)
LAYERS = ("lib", "config", "control_plane", "data_plane", "apps")


def declared_links(text: str) -> dict[str, tuple[int, list[str]]]:
    """Each folder with the line that declares it and the folders it may include."""
    text = re.sub(r"#[^\n]*", "", text)
    found = {}
    for match in DECLARATION.finditer(text):
        links = re.search(r"\bLINKS\b(.*?)(?:\bPACKAGES\b|$)", match["rest"], re.DOTALL)
        found[match["folder"]] = (line_of(text, match.start("folder")), links.group(1).split() if links else [])
    return found


def wrong_link(folder: str, link: str) -> str | None:
    layer, other = folder.split("/")[0], link.split("/")[0]
    if other == "apps" and layer != "apps":
        return "nothing uses apps"
    if layer == "lib" and other != "lib":
        return "lib knows nothing of meshes: it links lib only"
    if layer == "config" and other != "config" and link not in ("lib/base", "lib/schema"):
        return "config is plain values: it links config, lib/base and lib/schema only"
    if {layer, other} == {"control_plane", "data_plane"}:
        return "the planes never meet but in config/xds"
    if folder == "lib/protocol" and link != "lib/base":
        return "codecs do no I/O: lib/protocol links lib/base only"
    if folder == "control_plane/translate" and link in ("lib/io", "lib/http", "lib/grpc", "lib/tls", "lib/store"):
        return "translate is pure: no clock, no I/O"
    return None


def check(tree: Tree) -> Iterator[Problem]:
    place = "src/CMakeLists.txt"
    text = next((source.text for source in tree.sources if source.path == place), "")
    links = declared_links(text)
    for folder, (line, targets) in links.items():
        for target in targets:
            if why := wrong_link(folder, target):
                yield Problem(place, line, f"{folder} must not link {target}: {why}")
    for source in tree.cpp():
        if not source.within("src"):
            continue
        folder = posixpath.dirname(source.path.removeprefix("src/"))
        if folder not in links:
            yield Problem(source.path, 1, f"the folder {folder} is not declared in {place}")
            continue
        for match in INCLUDE.finditer(source.text):
            target = posixpath.dirname(match.group(1))
            if folder.startswith("apps/"):
                continue  # apps may use everything; the linker says what is missing
            if target.split("/")[0] in LAYERS and target != folder and target not in links[folder][1]:
                yield Problem(source.path, line_of(source.text, match.start(1)),
                              f'"{match.group(1)}": {folder} may not include {target}; its LINKS in {place} say what it may')
