"""A replay on the terminal: a bar while it runs, a table at its end."""

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from constructs_lib.operations.replay import ReplayOutcome, ReplayRun
from constructs_lib.operations.time_window import TimeWindow, instant_text

_ROWS = {
    "replay": "replayName",
    "from": "from",
    "to": "to",
    "last event": "eventLastReplayedTime",
    "seconds": "durationSeconds",
}


def follow_with_bar(run: ReplayRun, window: TimeWindow, console: Console) -> ReplayOutcome:
    """Wait for the end of ``run``; the bar shows how far into ``window`` it is.

    Raises:
        ReplayError: The execution can no longer be read.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("replaying", total=1.0)
        return run.follow(
            lambda reached: progress.update(
                task,
                completed=window.share_before(reached),
                description=f"replayed up to {instant_text(reached)}",
            )
        )


def show_report(outcome: ReplayOutcome, console: Console) -> None:
    """What was replayed, and what to beware of."""
    table = Table("", "", title="Replay", title_justify="left", show_header=False)
    for title, name in _ROWS.items():
        value = outcome.report.get(name)
        table.add_row(title, escape(str("nothing" if value is None else value)))
    rules = outcome.report.get("rules")
    chosen = [str(one) for one in rules] if isinstance(rules, list) else []
    table.add_row("rules", escape("\n".join(chosen) or "all"))
    console.print(table)
    if warning := outcome.report.get("warning"):
        console.print(f"[yellow]{escape(str(warning))}[/yellow]", soft_wrap=True)
