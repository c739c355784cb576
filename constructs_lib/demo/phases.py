"""Progress: each phase with its time, and what it is at while it runs."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

Say = Callable[[str], None]


class Phases:
    """Shows the phases of a long run on a console, a line each."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._started_at = time.monotonic()

    @contextmanager
    def phase(self, name: str) -> Iterator[Say]:
        """Show ``name`` while the block runs and its time afterwards; the block may say more."""
        started_at = time.monotonic()
        with self._console.status(f"{name} …") as status:

            def say(text: str) -> None:
                status.update(f"{name} … [dim]{escape(text[:100])}[/dim]")

            yield say
        self._line(name, started_at)

    def total(self) -> None:
        """Show the time of the whole run."""
        self._line("all phases", self._started_at)

    def _line(self, name: str, started_at: float) -> None:
        self._console.print(
            f"[green]✓[/green] {name:<44} {time.monotonic() - started_at:6.1f} s", highlight=False
        )
