"""``python -m benchmarks [FIGURE …]``: measure, and print the figures side by side."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from benchmarks import workloads
from benchmarks.emulators import EMULATORS, Emulator
from benchmarks.measuring import Figure, Measured, Refused
from constructs_lib.local import DeployError

_ROOT = Path(__file__).parents[1]
_REFUSALS = (BotoCoreError, ClientError, DeployError, ResponseParserError, RuntimeError)
_STARTS = 5
_DEPLOYS = 3
_SYNTH = """
import sys
from app import build_app
build_app(outdir=sys.argv[1], context={}).synth()
"""


def start_up(_runs: int) -> Figure:
    """From the order to start until the first answer."""

    def measure(name: str) -> Measured:
        seconds, processor_seconds = [], []
        for _ in range(_STARTS):
            with EMULATORS[name]() as emulator:
                seconds.append(emulator.start_seconds)
                processor_seconds.append(workloads.processor_seconds(emulator))
        parts = {workloads.PROCESSOR: statistics.median(processor_seconds)}
        return Measured(value=statistics.median(seconds), runs=_STARTS, parts=parts)

    return Figure(name="start-up", unit="s", target=1.0, results=_each(measure))


def direct_deploy(_runs: int) -> Figure:
    """The hybrid example, by the CloudFormation API, each time on a fresh emulator."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", _SYNTH, folder], check=True, cwd=_ROOT)

        def measure(name: str) -> Measured:
            seconds, processor_seconds = [], []
            for _ in range(_DEPLOYS):
                with EMULATORS[name]() as emulator:
                    before = workloads.processor_seconds(emulator)
                    seconds.append(workloads.direct_deploy(emulator, Path(folder)))
                    processor_seconds.append(workloads.processor_seconds(emulator) - before)
            parts = {workloads.PROCESSOR: statistics.median(processor_seconds)}
            return Measured(value=statistics.median(seconds), runs=_DEPLOYS, parts=parts)

        results = _each(measure)
    return Figure(name="direct deploy of the example", unit="s", target=1.0, results=results)


def event_to_queue(runs: int) -> Figure:
    """From PutEvents to the message."""
    results = _each(_on_one(lambda emulator: workloads.event_to_queue(emulator, runs)))
    return Figure(name="event to queue", unit="ms", target=10.0, results=results)


def eight_tasks(runs: int) -> Figure:
    """An execution of eight tasks."""
    results = _each(_on_one(lambda emulator: workloads.eight_tasks(emulator, runs)))
    return Figure(name="execution of eight tasks", unit="ms", target=30.0, results=results)


def thousand_rules(runs: int) -> Figure:
    """PutEvents with 1,000 rules."""
    results = _each(_on_one(lambda emulator: workloads.thousand_rules(emulator, runs)))
    return Figure(name="PutEvents, 1,000 rules", unit="ms", target=2.0, results=results)


def thousand_numbers(runs: int) -> Figure:
    """PutEvents with 1,000 rules that a number tells apart."""
    results = _each(_on_one(lambda emulator: workloads.thousand_numbers(emulator, runs)))
    return Figure(name="PutEvents, 1,000 numbers", unit="ms", target=2.0, results=results)


def memory(_runs: int) -> Figure:
    """Resident memory after 1,000 executions."""
    results = _each(_on_one(workloads.memory))
    return Figure(name="memory, 1,000 executions", unit="MB", target=150.0, results=results)


FIGURES: Mapping[str, Callable[[int], Figure]] = {
    "start-up": start_up,
    "deploy": direct_deploy,
    "event": event_to_queue,
    "workflow": eight_tasks,
    "rules": thousand_rules,
    "numbers": thousand_numbers,
    "memory": memory,
}


def main() -> None:
    """Measure what was asked for, and print each figure as soon as it is known."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("figures", nargs="*", choices=[*FIGURES, []], help="all, if none is named")
    parser.add_argument("--runs", type=int, default=50, help="runs of each median; 50 by default")
    arguments = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors\n")
    print(f"{'':30}{'target':>10}" + "".join(f"{name:>18}" for name in EMULATORS))
    for name in arguments.figures or FIGURES:
        for line in _lines(FIGURES[name](arguments.runs)):
            print(line, flush=True)


def _each(measure: Callable[[str], Measured]) -> dict[str, Measured | Refused]:
    results: dict[str, Measured | Refused] = {}
    for name in EMULATORS:
        try:
            results[name] = measure(name)
        except _REFUSALS as error:
            if name == "Duet":
                raise
            results[name] = Refused(str(error).splitlines()[0])
    return results


def _on_one(measure: Callable[[Emulator], Measured]) -> Callable[[str], Measured]:
    def on_one(name: str) -> Measured:
        with EMULATORS[name]() as emulator:
            return measure(emulator)

    return on_one


def _lines(figure: Figure) -> Iterator[str]:
    own = figure.results["Duet"]
    if not isinstance(own, Measured):
        raise TypeError(f"{figure.name}: nothing was measured")
    cells = "".join(f"{_cell(result, own):>18}" for result in figure.results.values())
    yield f"{figure.name:30}{f'{figure.target:g} {figure.unit}':>10}{cells}"
    for name, result in figure.results.items():
        if isinstance(result, Refused):
            yield f"    {name} cannot: {result.reason[:160]}"
    if own.value > figure.target:
        yield f"    missed, by {own.value - figure.target:.2f} {figure.unit}"
    parts = ", ".join(f"{name} {value:.2f} {figure.unit}" for name, value in own.parts.items())
    yield f"    median of {own.runs}" + (f"; of Duet's: {parts}" if parts else "")


def _cell(result: Measured | Refused, own: Measured) -> str:
    if isinstance(result, Refused):
        return "-"
    ratio = "" if result is own else f" ({result.value / own.value:.1f}x)"
    return f"{result.value:.2f}{ratio}"


if __name__ == "__main__":
    main()
