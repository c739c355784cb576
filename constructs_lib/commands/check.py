"""``duet check``: what is wrong, or will be one day, in workflows and event flows."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from constructs_lib.commands._assembly_argument import ASSEMBLY_HELP
from constructs_lib.commands._consoles import result_console
from constructs_lib.commands._ends import BAD_INPUT, BAD_RESULT, fail
from constructs_lib.insight import InsightError, load
from constructs_lib.insight.findings import RULES
from constructs_lib.insight.findings.formats import as_annotations, as_json, as_sarif
from constructs_lib.insight.findings.report import (
    CheckReport,
    read_baseline,
    rule_named,
    write_baseline,
)
from constructs_lib.insight.findings.report import (
    check as find,
)
from constructs_lib.insight.findings.text import print_report, print_rule, print_rules

app = typer.Typer(add_completion=False)


class Format(StrEnum):
    """For whom the result is."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


class Mildest(StrEnum):
    """From which severity on a finding counts."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@app.command()
def check(
    path: Annotated[
        Path,
        typer.Argument(help=ASSEMBLY_HELP),
    ] = Path("cdk.out"),
    format_: Annotated[
        Format,
        typer.Option(
            "--format",
            help="github: annotations beside the code in GitHub Actions; sarif: for code scanning "
            "and editors; json: everything, for programs.",
        ),
    ] = Format.TEXT,
    severity: Annotated[
        Mildest, typer.Option(help="The mildest that is shown and makes the exit status 1.")
    ] = Mildest.WARNING,
    ignore: Annotated[
        list[str] | None, typer.Option(metavar="RULE", help="A rule to leave out. Again for each.")
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            help="File with findings that are known: only others count. What is mended is told."
        ),
    ] = None,
    write: Annotated[
        bool,
        typer.Option(
            "--write-baseline", help="Write what is found to the --baseline file; exit with 0."
        ),
    ] = False,
    list_rules: Annotated[bool, typer.Option("--list-rules", help="Show all rules.")] = False,
    explain: Annotated[
        str | None, typer.Option(metavar="RULE", help="Show why a rule is one, and the remedy.")
    ] = None,
) -> None:
    """Find what is wrong in the workflows and event flows of an app, before it is deployed.

    It reads files only: no AWS, no credentials, no Node. Templates of any CDK language, of
    CloudFormation or SAM will do. What it could not read it says.

    What one remedy mends is one finding: tasks of a workflow that retry nothing, rules of a stack
    whose targets have no dead-letter queue. --format json names all places.

    Bring an old app under control with a baseline: duet check --baseline duet.json
    --write-baseline, commit the file, and later only new places count. Where a finding is meant to
    be so, say it at its place: Metadata of a resource {"duet": {"ignore": {"RULE": "why"}}}, or the
    Comment of a state "duet:ignore RULE: why".

    Example: duet check cdk.out --format sarif > duet.sarif

    Exit status: 0 if nothing was found, 1 if something was, 2 if the input cannot be read.
    """
    console = result_console()
    if list_rules:
        print_rules(RULES, console)
        return
    try:
        if explain is not None:
            print_rule(rule_named(explain), console)
            return
        if write and baseline is None:
            fail("--write-baseline needs --baseline FILE to write to", BAD_INPUT)
        known = read_baseline(baseline) if baseline and not write else None
        report = find(
            load(path), severity=severity.value, ignored=tuple(ignore or ()), baseline=known
        )
        if write and baseline is not None:
            write_baseline(baseline, report.findings)
            typer.echo(f"{len(report.findings)} findings written to {baseline}", err=True)
            return
    except InsightError as error:
        fail(error, BAD_INPUT)
    _print(report, format_, console)
    if report.findings:
        raise typer.Exit(BAD_RESULT)


def _print(report: CheckReport, format_: Format, console: Console) -> None:
    match format_:
        case Format.TEXT:
            print_report(report, console)
        case Format.JSON:
            typer.echo(json.dumps(as_json(report), indent=2))
        case Format.SARIF:
            typer.echo(json.dumps(as_sarif(report), indent=2))
        case Format.GITHUB:
            for line in as_annotations(report):
                typer.echo(line)
