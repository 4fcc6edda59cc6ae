#!/usr/bin/env python3
"""Turns the wheel of the Envoy API, and our own .proto files, into C++ and a few compilation units.

usage: generate.py --wheel FILE --protoc PROGRAM --protos DIR --out DIR --units N

wheel -> descriptors -> additions -> closure of the wished files -> descriptor set -> protoc -> OUT/gen, and OUT/unit_NN.cc,
each of which includes many generated sources, balanced by size: the generated code builds several times faster so.
Files are rewritten only when their content changes. Needs Debian's python3-protobuf; runs no code of the wheel.
"""
import argparse
import ast
import fnmatch
import pathlib
import subprocess
import sys
import tempfile
import zipfile

import api

try:
    from google.protobuf import descriptor_pb2
except ImportError:
    sys.exit(f"generate.py: {sys.executable} has no google.protobuf; install Debian's python3-protobuf and use /usr/bin/python3")

Field = descriptor_pb2.FieldDescriptorProto
SCALARS = {"bool": Field.TYPE_BOOL, "string": Field.TYPE_STRING, "uint32": Field.TYPE_UINT32, "uint64": Field.TYPE_UINT64,
           "int64": Field.TYPE_INT64, "double": Field.TYPE_DOUBLE, "bytes": Field.TYPE_BYTES}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--wheel", "--protoc", "--protos", "--out"):
        options.add_argument(name, required=True)
    options.add_argument("--units", type=int, required=True)
    args = options.parse_args()
    out = pathlib.Path(args.out)

    ours = sorted(str(p.relative_to(args.protos)) for p in pathlib.Path(args.protos).rglob("*.proto"))
    files = read_wheel(args.wheel)
    files.update(read_protos(args.protoc, args.protos, ours))
    for addition in api.ADDITIONS:
        add_field(files, *addition)
    wished = [n for n in files if matches(n, api.WISHED) and not matches(n, api.LEFT_OUT)] + ours
    wanted = closure(files, wished)
    for name in wanted:
        for message in files[name].message_type:
            rename_keywords(message)
    generated = [n for n in wanted if not n.startswith("google/protobuf/")]
    with tempfile.TemporaryDirectory(dir=out.parent) as scratch:
        run_protoc(args.protoc, files, wanted, generated, pathlib.Path(scratch))
        replace_tree(pathlib.Path(scratch), out / "gen")
    write_units(out, generated, args.units)


def matches(name: str, patterns: list) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def read_wheel(path: str) -> dict:
    """File name -> FileDescriptorProto for every generated module, found in its syntax tree."""
    files = {}
    with zipfile.ZipFile(path) as wheel:
        for entry in wheel.namelist():
            if not entry.endswith("_pb2.py"):
                continue
            for node in ast.walk(ast.parse(wheel.read(entry))):
                if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "AddSerializedFile":
                    file = descriptor_pb2.FileDescriptorProto.FromString(node.args[0].value)
                    files[file.name] = file
    if not files:
        sys.exit(f"generate.py: {path} holds no descriptors")
    return files


def read_protos(protoc: str, folder: str, names: list) -> dict:
    """Our own .proto files and all of google/protobuf that Debian's headers bring, as descriptors."""
    well_known = ["any", "api", "descriptor", "duration", "empty", "field_mask", "source_context", "struct", "timestamp",
                  "type", "wrappers"]
    with tempfile.NamedTemporaryFile() as out:
        subprocess.run([protoc, f"-I{folder}", "-I/usr/include", "--include_imports", f"--descriptor_set_out={out.name}",
                        *names, *(f"google/protobuf/{n}.proto" for n in well_known)], check=True)
        parsed = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(out.name).read_bytes())
    for file in parsed.file:
        for message in file.message_type:
            forget_json_names(message)
    return {file.name: file for file in parsed.file}


def forget_json_names(message) -> None:
    for field in message.field:
        field.ClearField("json_name")
    for nested in message.nested_type:
        forget_json_names(nested)


def add_field(files: dict, message_name: str, name: str, number: int, kind: str, import_name, since: str) -> None:
    file, message = find_message(files, message_name)
    if any(f.name == name or f.number == number for f in message.field):
        sys.exit(f"generate.py: {message_name}.{name} is in the wheel already; delete it from the table of additions")
    field = message.field.add(name=name, number=number, label=Field.LABEL_OPTIONAL)
    if kind in SCALARS:
        field.type = SCALARS[kind]
        return
    find_message(files, kind)
    field.type, field.type_name = Field.TYPE_MESSAGE, "." + kind
    if import_name not in file.dependency:
        file.dependency.append(import_name)


def find_message(files: dict, name: str):
    for file in files.values():
        if not name.startswith(file.package + "."):
            continue
        scope = file.message_type
        found = None
        for part in name[len(file.package) + 1:].split("."):
            found = next((m for m in scope if m.name == part), None)
            if found is None:
                break
            scope = found.nested_type
        if found is not None:
            return file, found
    sys.exit(f"generate.py: no message {name}")


def closure(files: dict, wished: list) -> list:
    """The wished files and all that they import, imports first, in an order that is always the same."""
    order, state = [], {}

    def visit(name: str, user: str) -> None:
        if state.get(name) == "done":
            return
        if state.get(name) == "open":
            sys.exit(f"generate.py: {name} imports itself by way of {user}")
        if name not in files:
            sys.exit(f"generate.py: {user} imports {name}, which is nowhere; leave {user} out")
        state[name] = "open"
        for dependency in files[name].dependency:
            visit(dependency, name)
        state[name] = "done"
        order.append(name)

    for name in sorted(wished):
        visit(name, "the list")
    return order


def rename_keywords(message) -> None:
    for field in message.field:
        if field.name in api.KEYWORDS:
            field.json_name = field.name
            field.name += "_"
    for nested in message.nested_type:
        rename_keywords(nested)


def run_protoc(protoc: str, files: dict, wanted: list, generated: list, out: pathlib.Path) -> None:
    with tempfile.NamedTemporaryFile() as descriptors:
        pathlib.Path(descriptors.name).write_bytes(
            descriptor_pb2.FileDescriptorSet(file=[files[n] for n in wanted]).SerializeToString())
        subprocess.run([protoc, f"--descriptor_set_in={descriptors.name}", f"--cpp_out={out}", *generated], check=True)


def replace_tree(new: pathlib.Path, old: pathlib.Path) -> None:
    """Makes `old` equal to `new` without touching files that are equal already."""
    kept = set()
    for source in new.rglob("*"):
        if source.is_file():
            target = old / source.relative_to(new)
            kept.add(target)
            write_if_changed(target, source.read_bytes())
    for target in list(old.rglob("*")):
        if target.is_file() and target not in kept:
            target.unlink()


def write_if_changed(path: pathlib.Path, content: bytes) -> None:
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def write_units(out: pathlib.Path, generated: list, count: int) -> None:
    """The largest source first, each into the unit that is smallest so far. Every generated source has statics of the
    same two names, so a unit includes all headers first and renames the two around each source."""
    stems = [name.removesuffix(".proto") + ".pb" for name in generated]
    size = {stem: (out / "gen" / (stem + ".cc")).stat().st_size for stem in stems}
    units = [[] for _ in range(count)]
    for stem in sorted(stems, key=lambda s: (-size[s], s)):
        min(units, key=lambda unit: sum(size[s] for s in unit)).append(stem)
    for number, unit in enumerate(units):
        lines = [f'#include "{stem}.h"' for stem in unit]
        for index, stem in enumerate(unit):
            lines += [f"#define schemas schemas_{index}", f"#define file_default_instances file_default_instances_{index}",
                      f'#include "{stem}.cc"', "#undef schemas", "#undef file_default_instances"]
        write_if_changed(out / f"unit_{number:02}.cc", ("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    main()
