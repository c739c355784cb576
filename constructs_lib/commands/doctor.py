"""``duet doctor``: what this machine has of all that the tools use."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from constructs_lib.commands._consoles import message_console, result_console
from constructs_lib.commands._ends import BAD_RESULT, fail
from constructs_lib.local import emulator_python
from constructs_lib.local.doctor import Finding, examine
from constructs_lib.local.own_environment import EnvironmentMakingError

app = typer.Typer(add_completion=False)
_STYLES = {"ok": "green", "warning": "yellow", "missing": "red"}


@app.command()
def doctor(
    make_environment: Annotated[
        bool,
        typer.Option(
            "--make-environment",
            help="First make the emulator's own environment, if it needs one here; for images of "
            "CI, where the first start should not have to.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Say what is there of all that the tools use, what is missing, and how to get it.

    It looks at Python, Node, the CDK CLI, the emulator and the versions of botocore on both sides,
    the pytest plugin, a running duet up and what a killed one left, ports and the cache. Without
    --make-environment it changes nothing.

    Example: duet doctor

    Exit status: 0, or 1 if the embedded AWS cannot run as things are.
    """
    errors = message_console()
    if make_environment:
        try:
            python = emulator_python.find_or_make(
                lambda line: errors.print(line, markup=False, soft_wrap=True)
            )
        except (EnvironmentMakingError, ValueError) as error:
            fail(error, BAD_RESULT)
        errors.print(f"the emulator runs in {python.origin}", markup=False)
    findings = examine(Path.cwd())
    ready = all(finding.state != "missing" for finding in findings)
    if as_json:
        rows = [finding.to_json() for finding in findings]
        typer.echo(json.dumps({"ready": ready, "findings": rows}, indent=2))
    else:
        for finding in findings:
            _show(finding, result_console())
    if not ready:
        raise typer.Exit(BAD_RESULT)


def _show(finding: Finding, console: Console) -> None:
    """Lines that are not wrapped: paths and commands are there to be copied."""
    style = _STYLES[finding.state]
    start = f"[{style}]{finding.state:8}[/{style}] {finding.about:15} "
    console.print(start + escape(finding.found), soft_wrap=True, highlight=False)
    if finding.remedy:
        remedy = f"{'':24} [{style}]{escape(finding.remedy)}[/{style}]"
        console.print(remedy, soft_wrap=True, highlight=False)
