"""``duet cost``: what workflows and event flows cost."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from constructs_lib.commands._assembly_argument import ASSEMBLY_HELP
from constructs_lib.commands._consoles import result_console
from constructs_lib.commands._ends import BAD_INPUT, fail
from constructs_lib.insight.errors import InsightError

if TYPE_CHECKING:
    from constructs_lib.insight.cost.beside import Beside
    from constructs_lib.insight.cost.report import CostReport

app = typer.Typer(add_completion=False)


@app.command()
def cost(
    assembly: Annotated[
        Path,
        typer.Argument(
            metavar="[PATH]",
            help=ASSEMBLY_HELP,
        ),
    ] = Path("cdk.out"),
    workflow: Annotated[
        str | None, typer.Option(help="Only workflows with this in their name.")
    ] = None,
    mix: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATH=SHARE",
            help="How often a path is taken, by its name or id: 'Email taken=0.05'. Again for each "
            "path; those of a workflow make 1. Or a JSON file with an object of shares. Without: "
            "always the happy path.",
        ),
    ] = None,
    runs_per_month: Annotated[
        int | None,
        typer.Option(min=0, help="Show the bill of a month with so many runs of each workflow."),
    ] = None,
    free_tier: Annotated[
        bool,
        typer.Option("--free-tier", help="Take the free tiers off the bill of the month."),
    ] = False,
    assume: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE",
            help="State what a template does not say: express_seconds=0.4, items:STATE=20, "
            "seconds:FUNCTION=0.2. Again for each. Or a JSON file, which may also say under "
            "'calls' what functions do inside. All names are printed with the result.",
        ),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            help="A run file, as [b]duet demo[/b] and [b]duet report[/b] keep: show its "
            "executions beside the paths, as [b]--measured[/b] does."
        ),
    ] = None,
    measured: Annotated[
        bool,
        typer.Option(
            "--measured",
            help="Show all units measured on the embedded AWS of [b]duet up[/b] in this folder.",
        ),
    ] = False,
    all_paths: Annotated[
        bool, typer.Option("--all-paths", help="Show every path, not only the telling ones.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Count what AWS bills for each path of each workflow and for each event, and price it.

    It reads what `cdk synth` wrote, calls nobody and starts no Node. Whatever a template does not
    say is assumed, and each assumption is printed. Prices are those of us-east-1, each with its
    page and the day on which it was read; what has no known price is named, not guessed.

    Example: duet cost cdk.out --workflow SignUp --mix "Signed up=0.95" --mix "Email taken=0.05"

    Exit status: 0, or 2 if the input cannot be read.
    """
    from constructs_lib.insight import load
    from constructs_lib.insight.cost.assumptions import DEFAULTS, with_stated
    from constructs_lib.insight.cost.mix import read_mix
    from constructs_lib.insight.cost.report import cost_report

    try:
        report = cost_report(
            load(assembly),
            assumptions=with_stated(DEFAULTS, assume or ()),
            shares=read_mix(mix or ()),
            workflow=workflow,
            runs_per_month=runs_per_month,
            with_free_tier=free_tier,
        )
        ran = _beside(report, run) if run or measured else None
    except InsightError as error:
        fail(error, BAD_INPUT)
    if as_json:
        from constructs_lib.insight.cost.as_json import to_json

        written = to_json(report)
        if ran is not None:
            written["run"] = ran.to_json()
        typer.echo(json.dumps(written, indent=2))
        return

    from constructs_lib.insight.cost.tables import show

    console = result_console()
    show(console, report, all_paths=all_paths)
    if ran is not None:
        from constructs_lib.insight.cost.beside_table import beside_table

        console.print(beside_table(ran))


def _beside(report: "CostReport", run: Path | None) -> "Beside":
    """What ran, in a file or on the embedded AWS of this folder, beside what is computed."""
    from constructs_lib.insight.cost.beside import beside, beside_run

    if run is not None:
        from constructs_lib.insight.runs import load_run

        return beside_run(report, load_run(run))
    from constructs_lib.commands._target import target_of

    return beside(report, target_of().embedded.journal())
