"""Child processes that end with the demo, whatever happens to it."""

import ctypes
import dataclasses
import os
import pathlib
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 6
LIBC = ctypes.CDLL(None, use_errno=True)


class DemoFailed(Exception):
    """Something the demo needs did not come about; the text names it and where to look."""


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def die_with_parent() -> None:
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclasses.dataclass
class Child:
    name: str
    command: list[str]
    log: pathlib.Path
    process: subprocess.Popen

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def complaint(self) -> str:
        tail = [line for line in self.log_text().splitlines() if line.strip()][-4:]
        return f"{self.name} ended with status {self.process.returncode}; its log {self.log} says: " + " | ".join(tail or ["nothing"])


class Children:
    def __init__(self, logs: pathlib.Path):
        self._logs = logs
        self._children: list[Child] = []
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, command: list[object], **options: object) -> Child:
        """Starts a program in a session of its own, so that Ctrl-C reaches the demo alone. Its output goes to NAME.log."""
        words = [str(word) for word in command]
        log = self._logs / f"{name}.log"
        with open(log, "ab") as output:
            process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                       start_new_session=True, preexec_fn=die_with_parent, **options)
        child = Child(name, words, log, process)
        self._children.append(child)
        return child

    def check(self) -> None:
        """Raises when a child ended that nobody stopped."""
        for child in self._children:
            if not child.running:
                raise DemoFailed(child.complaint())

    def stop(self, child: Child, how: signal.Signals = signal.SIGTERM) -> None:
        if child in self._children:
            self._children.remove(child)
        end_group(child, how)
        wait_until_gone([child])

    def stop_all(self) -> None:
        ending, self._children = self._children[::-1], []
        for child in ending:
            end_group(child, signal.SIGTERM)
        wait_until_gone(ending)


def end_group(child: Child, how: signal.Signals) -> None:
    try:
        os.killpg(child.process.pid, how)
    except ProcessLookupError:
        pass


def wait_until_gone(children: list[Child]) -> None:
    end = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.process.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            say(f"demo: {child.name} did not end by itself and is killed")
        end_group(child, signal.SIGKILL)  # what it may have left in its session
        child.process.wait()


def run(command: list[object], what: str, **options: object) -> str:
    """Runs a program to its end and answers what it printed."""
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if done.returncode != 0:
        raise DemoFailed(f"{what} failed: {(done.stderr or done.stdout).strip()}\n  the command was: {' '.join(map(str, command))}")
    return done.stdout
