"""Findings for people: grouped by construct, each rule's reason once."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from constructs_lib.insight.findings.finding import SEVERITIES, Finding, FindingRule
from constructs_lib.insight.findings.registry import RULES
from constructs_lib.insight.findings.report import CheckReport, file_and_line

_STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan"}
_MOST_NOTES = 20


def print_report(report: CheckReport, console: Console) -> None:
    """Print what was found, why it matters, and what could not be read."""
    by_path: dict[str, list[Finding]] = {}
    for one in report.findings:
        by_path.setdefault(one.place.construct_path, []).append(one)
    for path, findings in by_path.items():
        place = findings[0].place
        file, line = file_and_line(report.assembly, place)
        where = f"{file}:{line}" if place.source else f"{file}, {place.logical_id}"
        console.print(f"[bold]{escape(path)}[/]  [dim]{escape(where)}[/]", soft_wrap=True)
        for one in findings:
            _print_finding(one, console)
    broken = [rule for rule in RULES if any(one.rule == rule.id for one in report.findings)]
    if broken:
        console.print("[bold]Why[/]")
        for rule in broken:
            console.print(Padding(f"{rule.id}: {escape(rule.why)}", (0, 0, 0, 2)), highlight=False)
            # On a line of its own: a link that is folded cannot be followed.
            console.print(f"  {rule.link}", style="dim", soft_wrap=True)
        console.print()
    _print_notes(report, console)
    console.print(_summary(report))


def _print_finding(finding: Finding, console: Console) -> None:
    style = _STYLES[finding.severity]
    lines = [
        f"[{style}]{finding.severity}[/] [bold]{escape(finding.title)}[/] [dim]({finding.rule})[/]",
        escape(finding.what),
    ]
    if finding.state and " / " in finding.state:
        lines.append(f"[dim]state:[/] {escape(finding.state)}")
    lines.append(f"[green]remedy:[/] {escape(finding.remedy)}")
    console.print(Padding(lines[0], (0, 0, 0, 2)))
    for line in lines[1:]:
        console.print(Padding(line, (0, 0, 0, 4)), highlight=False)
    console.print()


def _print_notes(report: CheckReport, console: Console) -> None:
    if not report.notes:
        return
    console.print(
        f"[bold]Not read or not resolved[/] ({len(report.notes)}); nothing is found there"
    )
    for note in report.notes[:_MOST_NOTES]:
        where = f"{note.place.construct_path}: " if note.place else ""
        console.print(Padding(escape(f"{where}{note.text}"), (0, 0, 0, 2)), highlight=False)
    if len(report.notes) > _MOST_NOTES:
        console.print(f"  and {len(report.notes) - _MOST_NOTES} more: --format json has them all")
    console.print()


def _summary(report: CheckReport) -> str:
    counts = [
        f"{number} {severity}{'s' if number != 1 else ''}"
        for severity in SEVERITIES
        if (number := sum(one.severity == severity for one in report.findings))
    ]
    parts = [", ".join(counts) or "nothing found"]
    if report.known:
        parts.append(f"{len(report.known)} known from the baseline")
    if report.stale:
        parts.append(f"{len(report.stale)} of the baseline are mended: write it anew")
    if report.milder:
        parts.append(f"{report.milder} milder not shown: --severity note")
    return "; ".join(parts)


def print_rules(rules: Sequence[FindingRule], console: Console) -> None:
    """Print a table of rules."""
    table = Table()
    table.add_column("rule", no_wrap=True)
    table.add_column("severity", no_wrap=True)
    table.add_column("finds", overflow="fold")
    for rule in rules:
        table.add_row(rule.id, f"[{_STYLES[rule.severity]}]{rule.severity}[/]", escape(rule.title))
    console.print(table)


def print_rule(rule: FindingRule, console: Console) -> None:
    """Print all that a rule says."""
    console.print(
        f"[bold]{escape(rule.title)}[/] [dim]{rule.id}[/] "
        f"[{_STYLES[rule.severity]}]{rule.severity}[/]"
    )
    console.print(f"[dim]why[/]     {escape(rule.why)}", highlight=False)
    console.print(f"[green]remedy[/]  {escape(rule.remedy)}", highlight=False)
    console.print(f"[dim]read[/]    {rule.link}", highlight=False, soft_wrap=True)
