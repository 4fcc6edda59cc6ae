"""usage: fuzz.py BUILD_FOLDER [--quick | --seconds N] [TARGET...]

Runs every fuzz target of the build, as many at once as there are cores, for ten minutes (--quick: one minute) each, over
its corpus in tests/fuzz/corpus/TARGET (without the ending `_fuzz`). An input that crashes a target is kept in
.cache/fuzz/TARGET and named.

The long run takes a new seed each time and keeps what it learns in .cache/fuzz/TARGET, to find what nobody has seen. The
quick one begins with the same seed and the same corpus each time: what it finds comes from the commit that it runs on, and
is found again.
"""

import argparse
import base64
import concurrent.futures
import contextlib
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


def target_name(program: pathlib.Path) -> str:
    return program.name.removesuffix("_fuzz")


def fuzz(program: pathlib.Path, seconds: int, seed: int, learned: pathlib.Path) -> bool:
    name = target_name(program)
    found = ROOT / ".cache" / "fuzz" / name
    corpus = ROOT / "tests" / "fuzz" / "corpus" / name
    for folder in (found, learned / name):
        folder.mkdir(parents=True, exist_ok=True)
    folders = [learned / name] + ([corpus] if corpus.is_dir() else [])
    run = subprocess.run(
        [program, f"-seed={seed}", f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=65536",
         f"-artifact_prefix={found}/", "-print_final_stats=1", *folders],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    lines = run.stdout.splitlines()
    if run.returncode == 0:
        executed = [line.split(":")[-1].strip() for line in lines if "number_of_executed_units" in line]
        print(f"fuzz: {name}: {executed[-1] if executed else '?'} inputs in {seconds} s, no finding", flush=True)
        return True
    print("\n".join(lines[-60:]))
    for path in (pathlib.Path(line.split("written to ")[1]) for line in lines if "Test unit written to " in line):
        print(f"fuzz: {name}: the input is {path.relative_to(ROOT)}, in base64 (at most its first 4 KiB):")
        print(base64.b64encode(path.read_bytes()[:4096]).decode())
    print(f"fuzz: {name}: FAILED with exit status {run.returncode}", flush=True)
    return False


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev fuzz")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seconds", type=int)
    parser.add_argument("targets", nargs="*")
    options = parser.parse_intermixed_args()  # targets may stand behind the options
    seconds = options.seconds or (60 if options.quick else 600)
    programs = sorted(path.resolve() for path in options.build.rglob("*_fuzz") if path.is_file() and os.access(path, os.X_OK))
    if options.targets:
        unknown = set(options.targets) - {target_name(program) for program in programs}
        if unknown:
            parser.error(f"no such target: {', '.join(sorted(unknown))}")
        programs = [program for program in programs if target_name(program) in options.targets]
    if not programs:
        parser.error(f"{options.build} holds no fuzz targets")
    seed = 1 if options.quick else random.randrange(1, 1 << 31)
    with contextlib.ExitStack() as stack:
        learned = ROOT / ".cache" / "fuzz"
        if options.quick:
            learned = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lateen-fuzz-")))
        pool = stack.enter_context(concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 1))
        results = list(pool.map(lambda program: fuzz(program, seconds, seed, learned), programs))
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
