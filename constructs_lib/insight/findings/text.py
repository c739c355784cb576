"""Findings for people: grouped by construct, each rule's reason once."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from constructs_lib.counted import counted
from constructs_lib.insight.findings.finding import SEVERITIES, FindingRule
from constructs_lib.insight.findings.groups import Group
from constructs_lib.insight.findings.places import Places
from constructs_lib.insight.findings.report import CheckReport

_STYLES = {"error": "bold red", "warning": "yellow", "note": "cyan"}
_MOST_NOTES = 20
#: Lines of what was found, for findings of one group.
_MOST_LINES = 4


def print_report(report: CheckReport, console: Console) -> None:
    """Print what was found, why it matters, and what could not be read."""
    places = Places(report.assembly)
    by_heading: dict[str, list[Group]] = {}
    for group in report.groups:
        by_heading.setdefault(_heading(places, group), []).append(group)
    for heading, groups in by_heading.items():
        console.print(heading, soft_wrap=True)
        for group in groups:
            _print_group(places, group, console)
        console.print()
    broken = {group.rule.id: group.rule for group in report.groups}
    if broken:
        console.print("[bold]Why, and what to do[/]")
        for rule in broken.values():
            for line in (f"[bold]{rule.id}[/]: {escape(rule.why)}", _remedy(rule.remedy)):
                console.print(Padding(line, (0, 0, 0, 2)), highlight=False)
            # On a line of its own: a link that is folded cannot be followed.
            console.print(f"  {rule.link}", style="dim", soft_wrap=True)
        console.print()
    _print_notes(report, console)
    _print_mended(report, console)
    console.print(_summary(report))


def _heading(places: Places, group: Group) -> str:
    place = group.first.place
    file, line = places.of_resource(place)
    if group.is_scattered:
        return f"[bold]stack {escape(place.stack)}[/]  [dim]{escape(file)}[/]"
    return f"[bold]{escape(place.construct_path)}[/]  [dim]{escape(f'{file}:{line}')}[/]"


def _print_group(places: Places, group: Group, console: Console) -> None:
    first = group.first
    style = _STYLES[first.severity]
    lines = [
        f"[{style}]{first.severity}[/] [bold]{escape(first.title)}[/] [dim]({first.rule})[/]",
        *map(escape, group.what(_MOST_LINES)),
    ]
    if first.state and len(group.findings) == 1:
        file, line = places.of(first)
        if (file, line) != places.of_resource(first.place):
            lines.append(f"[dim]state:[/] {escape(first.state)}, line {line}")
        elif first.state not in first.what:
            lines.append(f"[dim]state:[/] {escape(first.state)}")
    if group.remedy != group.rule.remedy:
        lines.append(_remedy(group.remedy))
    console.print(Padding(lines[0], (0, 0, 0, 2)))
    for line_ in lines[1:]:
        console.print(Padding(line_, (0, 0, 0, 4)), highlight=False)


def _remedy(text: str) -> str:
    return f"[green]remedy:[/] {escape(text)}"


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


def _print_mended(report: CheckReport, console: Console) -> None:
    if not report.stale:
        return
    console.print("[bold]Mended[/], but still in the baseline: write it anew")
    for entry in report.stale:
        said = " ".join(entry.get(name, "") for name in ("rule", "path", "state")).strip()
        console.print(Padding(escape(said), (0, 0, 0, 2)), highlight=False)
    console.print()


def _summary(report: CheckReport) -> str:
    counts = [
        counted(number, severity)
        for severity in SEVERITIES
        if (number := sum(one.first.severity == severity for one in report.groups))
    ]
    parts = [", ".join(counts) or "nothing found"]
    if len(report.findings) > len(report.groups):
        parts = [f"{parts[0]} in {len(report.findings)} places, which --format json names"]
    if report.ignored:
        parts.append(f"{len(report.ignored)} ignored where they are")
    if report.known:
        parts.append(f"{len(report.known)} known from the baseline")
    if report.stale:
        parts.append(f"{len(report.stale)} of the baseline mended")
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
    if rule.milder:
        console.print(f"[dim]milder[/]  {escape(rule.milder)}", highlight=False)
    console.print(f"[dim]why[/]     {escape(rule.why)}", highlight=False)
    console.print(f"[green]remedy[/]  {escape(rule.remedy)}", highlight=False)
    console.print(f"[dim]read[/]    {rule.link}", highlight=False, soft_wrap=True)
