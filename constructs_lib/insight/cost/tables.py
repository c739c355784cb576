"""A cost report for people: tables on a console."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table

from constructs_lib.counted import counted
from constructs_lib.insight.cost.break_even import EXPRESS_SECONDS, BreakEven
from constructs_lib.insight.cost.event_flows import EventFlow
from constructs_lib.insight.cost.report import CostReport, WorkflowAtMix
from constructs_lib.insight.cost.units import Bill, Units, usd_per_million
from constructs_lib.insight.cost.workflow_cost import PathCost
from constructs_lib.insight.prices import Price, prices

#: Rows of a table of paths, unless all are asked for.
_ROWS = 12
#: From here on nobody asks for the digits behind the point.
_MANY = 1000
#: What units are called in tables, of one and of many.
_SHORT = {
    "standard-transitions": ("transition", "transitions"),
    "express-requests": ("Express run", "Express runs"),
    "express-gb-seconds": ("Express GB-s", "Express GB-s"),
    "custom-events": ("event", "events"),
    "partner-events": ("partner event", "partner events"),
    "aws-events": ("AWS event", "AWS events"),
    "archive-processing": ("archived GB", "archived GB"),
    "archive-storage": ("archive GB-month", "archive GB-months"),
    "replayed-events": ("replayed event", "replayed events"),
    "cross-account-events": ("event passed on", "events passed on"),
    "pipe-requests": ("pipe request", "pipe requests"),
    "api-destination-calls": ("API call", "API calls"),
    "lambda-requests": ("function run", "function runs"),
    "lambda-gb-seconds": ("function GB-s", "function GB-s"),
    "lambda-gb-seconds-arm": ("function GB-s (Arm)", "function GB-s (Arm)"),
    "dynamodb-writes": ("write", "writes"),
    "dynamodb-reads": ("read", "reads"),
    "dynamodb-stream-reads": ("stream read", "stream reads"),
    "mails": ("mail", "mails"),
    "topic-publishes": ("publish", "publishes"),
    "queue-requests": ("queue request", "queue requests"),
    "fifo-queue-requests": ("FIFO request", "FIFO requests"),
    "cognito-users": ("new user", "new users"),
    "alarms": ("alarm", "alarms"),
    "dashboards": ("dashboard", "dashboards"),
    "keys": ("key", "keys"),
    "key-requests": ("key request", "key requests"),
    "log-gigabytes": ("logged GB", "logged GB"),
    "log-storage": ("log GB-month", "log GB-months"),
    "deliveries-in-account": ("delivery", "deliveries"),
    "scheduler-invocations": ("scheduled call", "scheduled calls"),
    "secrets": ("secret", "secrets"),
    "traces": ("trace", "traces"),
}


def show(
    console: Console,
    report: CostReport,
    *,
    all_paths: bool = False,
) -> None:
    """Print a cost report; of the paths the telling ones, unless all are asked for."""
    for each in report.workflows:
        console.print(_paths(each, all_paths=all_paths))
        console.print(_summary(each))
    if report.flows:
        console.print(_flows(report.flows))
    if report.monthly.counts:
        console.print(_monthly(report.monthly))
    if report.month is not None:
        console.print(_bill(report.month, report))
    console.print(_list("taken for granted", report.said()))
    not_priced = list(dict.fromkeys(report.not_priced()))
    if not_priced:
        console.print(_list("not in these sums", not_priced))
    console.print(_list("prices that sources disagree on", _disagreements(report.prices_used())))


def units_text(used: Units) -> str:
    """``13 transitions, 3 writes``."""
    parts = []
    for key, count in used.counts.items():
        one, many = _SHORT.get(key, (key, key))
        parts.append(f"{amount(count)} {one if count == 1 else many}")
    return ", ".join(parts) or "nothing"


def amount(count: Decimal) -> str:
    """A count, with no more figures than it needs."""
    if count == count.to_integral_value() or count >= _MANY:
        return f"{count:,.0f}"
    return f"{Decimal(f'{count:.3g}'):f}"  # three digits, and no exponent


def dollars(usd: Decimal) -> str:
    """US dollars and cents."""
    return f"${usd:,.2f}"


def _paths(at_mix: WorkflowAtMix, *, all_paths: bool) -> RenderableType:
    cost = at_mix.cost
    table = Table(title=f"{escape(cost.name)} ({cost.workflow.kind.title()})", title_justify="left")
    for name in ("path", "share", "states", "units of one execution", "a million"):
        table.add_column(name, overflow="fold", justify="left" if name[0] in "pu" else "right")
    shown = list(cost.paths) if all_paths else list(_telling(at_mix))
    for path in shown:
        share = at_mix.shares.get(path.id)
        table.add_row(
            escape(_marked(path, at_mix)),
            f"{share:.1%}" if share else "",
            str(path.walk.states_entered),
            escape(units_text(path.units)),
            dollars(path.usd_per_million),
            style="red" if path.walk.fails else None,
        )
    return table


def _telling(at_mix: WorkflowAtMix) -> Iterator[PathCost]:
    """The happy path, those with a share, the cheapest, the dearest, then the first ones."""
    cost = at_mix.cost
    first = [cost.happy, *(path for path in cost.paths if path.id in at_mix.shares)]
    seen: set[str] = set()
    for path in (*first, cost.cheapest, cost.dearest, *cost.paths):
        if path is not None and path.id not in seen and len(seen) < _ROWS:
            seen.add(path.id)
            yield path


def _marked(path: PathCost, at_mix: WorkflowAtMix) -> str:
    cost = at_mix.cost
    marks = [
        word
        for word, other in (
            ("happy", cost.happy),
            ("cheapest", cost.cheapest),
            ("dearest", cost.dearest),
            ("most likely", at_mix.most_likely if len(at_mix.shares) > 1 else None),
        )
        if other is not None and other.id == path.id and word != path.name
    ]
    ways = [f"{path.ways} ways"] if path.ways > 1 else []
    notes = [*marks, *ways]
    return f"{path.id} {path.name}" + (f" ({', '.join(notes)})" if notes else "")


def _summary(at_mix: WorkflowAtMix) -> Group:
    cost = at_mix.cost
    ways = sum(path.ways for path in cost.paths)
    found = f"{counted(ways, 'way')} with {counted(len(cost.paths), 'different bill')}"
    if not cost.is_complete:
        without_loops = f"{cost.extent.count:,}" if cost.extent else "an unknown number of"
        found = (
            f"{without_loops} ways without loops; the first {ways} listed, and the bounds of all"
        )
    lines = [
        f"  {found}",
        f"  a million executions at this mix: {dollars(at_mix.usd_per_million)}, "
        f"with what follows their events {dollars(at_mix.usd_per_million_with_consumers)}",
    ]
    if cost.happy is not None and cost.happy.units_at_worst != cost.happy.units:
        worst = dollars(usd_per_million(cost.happy.units_at_worst))
        lines.append(f"  a million on the happy path, every allowed retry used: {worst}")
    if cost.break_even is not None:
        lines += _break_even(cost.break_even)
    return Group(*(escape(line) for line in lines), "")


def _break_even(meets: BreakEven) -> Iterator[str]:
    standard = dollars(meets.standard_usd_per_million)
    express = dollars(meets.express_usd_per_million)
    yield f"  happy path, a million, without calls: Standard {standard}, Express {express}"
    if meets.seconds is None:
        yield "  Express is never cheaper: there are too few transitions"
    elif meets.seconds >= EXPRESS_SECONDS:
        yield f"  Express is cheaper however long it runs, which is {EXPRESS_SECONDS} s at most"
    else:
        yield f"  Express is cheaper up to {amount(meets.seconds)} s ({meets.memory_mb} MB)"
    if meets.obstacles:
        yield f"  but not possible as it is: {'; '.join(meets.obstacles)}"


def _flows(flows: Iterable[EventFlow]) -> Table:
    table = Table(title="what becomes of one event", title_justify="left")
    for name in ("event", "published by", "what becomes of it", "units", "a million"):
        table.add_column(name, overflow="fold", justify="right" if name == "a million" else "left")
    for flow in flows:
        table.add_row(
            escape(flow.name),
            escape(", ".join(dict.fromkeys(flow.publishers)) or "not known"),
            escape("; ".join(part.what for part in flow.parts[1:]) or "nothing"),
            escape(units_text(flow.units)),
            dollars(flow.usd_per_million),
        )
    return table


def _monthly(monthly: Units) -> str:
    parts = []
    for key, count in monthly.counts.items():
        usd = prices()[key].usd(count) or Decimal(0)
        parts.append(f"{units_text(Units({key: count}))}: {dollars(usd)}")
    return f"a month, whether used or not: {', '.join(parts)}\n"


def _bill(bill: Bill, report: CostReport) -> Table:
    tier = "after the free tiers" if report.with_free_tier else "free tiers left aside"
    title = f"a month with {report.runs_per_month:,} runs of each workflow, {tier}"
    table = Table(title=title, title_justify="left", show_footer=True)
    table.add_column("what", footer="together")
    table.add_column("units", justify="right")
    table.add_column("USD", justify="right", footer=dollars(bill.usd))
    for line in bill.lines:
        usd = dollars(line.usd) if line.usd is not None else "no price known"
        table.add_row(f"{line.price.service}, {line.price.what}", amount(line.units), usd)
    return table


def _disagreements(used: Iterable[Price]) -> Iterator[str]:
    for price in used:
        for other in price.others:
            yield (
                f"{price.what}: ${price.usd_per_unit:f} ({price.page}), "
                f"${other.usd_per_unit:f} ({other.page}): {other.note}"
            )


def _list(title: str, lines: Iterable[str]) -> str:
    rows = [f"  - {escape(line)}" for line in lines]
    return "\n".join([f"[bold]{title}[/bold]", *rows]) if rows else ""
