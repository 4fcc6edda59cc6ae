"""usage: run_tests.py BUILD_FOLDER [CTEST-OPTION...]

Runs ctest and lets its own summary be the last thing printed. What ctest keeps to itself is printed just before: why a
test skipped itself, so that a missing peer is seen and not taken for a pass.
"""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

SUMMARY = re.compile(r"^\d+% tests passed")


def reason(output: str) -> str:
    """The line in which a test says why it skipped: gtest prints it below `FILE:LINE: Skipped`, scripts as `skip: ...`."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    for index, line in enumerate(lines):
        if line.endswith(": Skipped") and index + 1 < len(lines):
            return lines[index + 1]
        if re.match(r"skip(ped)?: ", line, re.IGNORECASE):
            return line.split(": ", 1)[1]
    return "it gave no reason"


def skipped(report: str) -> list[tuple[str, str]]:
    try:
        cases = ElementTree.parse(report).getroot().iter("testcase")
    except (OSError, ElementTree.ParseError):
        return []
    return [(case.get("name", "?"), reason(case.findtext("system-out", ""))) for case in cases if case.get("status") == "notrun"]


def main() -> int:
    build, options = sys.argv[1], sys.argv[2:]
    report = os.path.join(os.path.abspath(build), "tests.xml")
    command = ["ctest", "--test-dir", build, "--output-on-failure", "--no-tests=error", "--output-junit", report]
    if not any(option.startswith(("-j", "--parallel")) for option in options):
        command += ["-j", str(os.cpu_count() or 1)]
    ctest = subprocess.Popen(command + options, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    assert ctest.stdout is not None
    summary: list[str] = []
    for line in ctest.stdout:
        if summary or SUMMARY.match(line):
            summary.append(line)
        else:
            print(line, end="", flush=True)
    status = ctest.wait()
    for name, why in skipped(report):
        print(f"skipped: {name}: {why}")
    print("".join(summary), end="", flush=True)
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main())
