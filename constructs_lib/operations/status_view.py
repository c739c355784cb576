"""A status on the terminal."""

from __future__ import annotations

from datetime import timedelta

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table

from constructs_lib.local.deployment.outputs import told_outputs
from constructs_lib.operations.status import Status


def show_status(status: Status, console: Console) -> None:
    """Print tables: what serves, stacks, workflows, queues; what needs attention is red."""
    parts: list[RenderableType] = [_head(status), _stacks(status)]
    if status.workflows:
        parts.append(_workflows(status))
    if status.queues:
        parts.append(_queues(status))
    if status.faults:
        parts.append(_faults(status))
    console.print(Group(*parts))


def _head(status: Status) -> Table:
    table = Table(
        "", "", title="Embedded AWS" if status.endpoint_url else "AWS", title_justify="left"
    )
    table.show_header = False
    rows: dict[str, object] = {
        "endpoint": status.endpoint_url,
        "account": f"{status.account_id}, {status.region}",
        "process": status.pid,
    }
    if status.uptime_seconds is not None:
        rows["up"] = timedelta(seconds=int(status.uptime_seconds))
    if status.time_scale is not None:
        rows["clock"] = _clock(status.time_scale)
    rows |= {"assembly": status.assembly, "log": status.log}
    for name, value in rows.items():
        if value is not None:
            table.add_row(name, escape(str(value)))
    if status.deployment == "failed":
        table.add_row("last deployment", "[red]failed: see what duet up printed[/red]")
    elif status.deployment:
        table.add_row("last deployment", status.deployment)
    return table


def _clock(time_scale: float) -> str:
    match time_scale:
        case 0:
            return "waits for nothing"
        case 1:
            return "real time"
        case _:
            return f"{time_scale:g} of real time: a minute takes {60 * time_scale:g} s"


def _stacks(status: Status) -> Table:
    table = _table("Stacks", "stack", "state", "output", "value")
    for stack in status.stacks:
        good = stack.status.endswith("_COMPLETE") and "ROLLBACK" not in stack.status
        state = stack.status if good else f"[red]{stack.status}[/red]"
        outputs = list(told_outputs(stack.outputs).items()) or [("", "")]
        for number, (key, value) in enumerate(outputs):
            first = (escape(stack.name), state) if number == 0 else ("", "")
            table.add_row(*first, escape(key), escape(value))
    return table


def _workflows(status: Status) -> Table:
    table = _table("Workflows", "workflow", "type", "running", "failed")
    for each in status.workflows:
        table.add_row(escape(each.path), each.type.lower(), _count(each.running), _red(each.failed))
    return table


def _queues(status: Status) -> Table:
    table = _table("Queues", "queue", "messages", "for")
    for each in sorted(status.queues, key=lambda queue: (queue.takes_dead_letters, queue.path)):
        dead = each.takes_dead_letters
        depth = _red(each.depth) if dead else _count(each.depth)
        table.add_row(escape(each.path), depth, "dead letters" if dead else "")
    return table


def _faults(status: Status) -> Table:
    table = _table("Faults", "number", "call", "error", "struck")
    for each in status.faults:
        call = f"{each.service} {each.action}"
        table.add_row(str(each.number), call, each.error or "slow", str(each.struck))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _count(number: int | None) -> str:
    return "-" if number is None else str(number)


def _red(number: int | None) -> str:
    return f"[red]{number}[/red]" if number else _count(number)
