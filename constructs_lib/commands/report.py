"""``duet report``: pictures with the newest run laid over them."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from constructs_lib.commands._assembly_argument import ASSEMBLY_HELP
from constructs_lib.commands._consoles import message_console
from constructs_lib.commands._ends import BAD_INPUT, fail
from constructs_lib.insight.assembly import load
from constructs_lib.insight.errors import InsightError
from constructs_lib.insight.model import Assembly
from constructs_lib.insight.report import other_runs
from constructs_lib.insight.report import report as rendered
from constructs_lib.insight.runs import COMPARISON_FILE, Run, load_run, newest_run

if TYPE_CHECKING:
    from constructs_lib.insight.compare import Comparison

app = typer.Typer(add_completion=False)


@app.command()
def report(
    path: Annotated[
        Path | None,
        typer.Argument(
            help=f"{ASSEMBLY_HELP} Default: what was deployed in the run, else cdk.out.",
            show_default=False,
        ),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(help="Run file. Default: the newest one in .duet/runs, if there is one."),
    ] = None,
    output: Annotated[Path, typer.Option(help="Where to write the report.")] = Path("report.html"),
    open_: Annotated[bool, typer.Option("--open", help="Open it in the browser.")] = False,
) -> None:
    """Write a report of one HTML file: the event map, each workflow, and what happened in them.

    Choose an execution in it to see its path, the time in each state, retries and errors; choose an
    event to see which rules matched it, who got it and when. `duet demo` and `pytest --duet-report`
    leave a run file; in the same folder, the report shows it. So it does with what `duet compare`
    has measured.

    Example: duet demo && duet report --open

    Exit status: 0, or 2 if the assembly, the run file or the comparison cannot be read.
    """
    say = message_console()
    try:
        file = run or newest_run()
        recorded = load_run(file) if file is not None else None
        assembly = load(path or _deployed(recorded, file) or Path("cdk.out"))
        html = rendered(
            assembly,
            run=recorded,
            others=other_runs(recorded, file) if recorded is not None and file is not None else (),
            comparison=_compared(assembly),
            warn=lambda text: say.print(text, markup=False, highlight=False, soft_wrap=True),
        )
        output.write_text(html, encoding="utf-8")
    except (InsightError, OSError) as error:
        fail(error, BAD_INPUT)
    shown = f", with the run {recorded.name}" if recorded is not None else ", without a run"
    say.print(f"wrote {output}{shown}", markup=False, highlight=False, soft_wrap=True)
    if open_ and not webbrowser.open(output.resolve().as_uri()):
        say.print(f"no browser could be started; open {output}", markup=False, soft_wrap=True)


def _deployed(run: Run | None, file: Path | None) -> Path | None:
    """The assembly that was kept with a run."""
    if run is None or file is None or not run.assembly:
        return None
    folder = file.parent / run.assembly
    return folder if folder.exists() else None


def _compared(assembly: Assembly) -> Comparison | None:
    """What ``duet compare`` has kept, if it is about what the report draws."""
    if not COMPARISON_FILE.exists():
        return None
    # Loaded when there is a comparison: it brings the embedded AWS along.
    from constructs_lib.insight.compare import load_comparison
    from constructs_lib.insight.compare.designs import lacking_design

    return None if lacking_design(assembly) else load_comparison(COMPARISON_FILE)
