"""Run 200 workflow tests on two workers, ten times in a row, and say how it went.

    python -m benchmarks.parallel_tests [--times 10] [--tests 200] [--workers 2]

Each test deploys ``orders_assembly`` into an account of its own, makes sure that it is alone there,
runs the workflow or publishes an event, and looks at what came of it. Two ways take turns: an
emulator for each worker, as the plugin has it, and one emulator that all workers and all runs
share. Ends with status 1 if a test failed.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from constructs_lib.local import EmbeddedAws

_TESTS = Path(__file__).with_name("orders_tests.py")


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of all tests."""

    seconds: float
    passed: int
    printed: str


def main() -> None:
    """Run, print, and exit with 1 unless all tests of all runs passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--tests", type=int, default=200)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    own: list[Run] = []
    shared: list[Run] = []
    with EmbeddedAws(time_scale=0) as aws:
        _print(f"shared emulator at the start: {_resident_mb(aws.pid):.0f} MB")
        for number in range(1, given.times + 1):
            own.append(_run(given.tests, given.workers))
            shared.append(_run(given.tests, given.workers, "--duet-endpoint-url", aws.endpoint_url))
            _print(
                f"run {number:2}: own emulators {_shown(own[-1])}, shared emulator "
                f"{_shown(shared[-1])}, which has {_resident_mb(aws.pid):.0f} MB then"
            )
    _print(f"own emulators:   median {statistics.median(each.seconds for each in own):.1f} s")
    _print(f"shared emulator: median {statistics.median(each.seconds for each in shared):.1f} s")
    failed = [each for each in (*own, *shared) if each.passed != given.tests]
    for each in failed:
        _print(each.printed)
    sys.exit(1 if failed else 0)


def _run(tests: int, workers: int, *arguments: str) -> Run:
    # The files of the project's settings are not those of a user's project: none is read.
    command = [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-W", "error"]
    command += ["-p", "no:cacheprovider", "-n", str(workers), str(_TESTS), *arguments]
    begin = time.perf_counter()
    printed = subprocess.run(
        command,
        env={**os.environ, "ORDERS_TESTS": str(tests)},
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    found = re.search(r"(\d+) passed", printed)
    return Run(
        seconds=time.perf_counter() - begin,
        passed=int(found[1]) if found else 0,
        printed=printed,
    )


def _shown(run: Run) -> str:
    return f"{run.passed} passed in {run.seconds:.1f} s"


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def _print(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
