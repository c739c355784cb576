"""``duet demo``: the example app, deployed and driven."""

from pathlib import Path
from typing import Annotated

import typer

from constructs_lib.commands._consoles import result_console
from constructs_lib.commands._ends import BAD_INPUT, INTERRUPTED, fail
from constructs_lib.demo.inputs import InputError
from constructs_lib.demo.resources import ResourcesError
from constructs_lib.demo.run import run_demo
from constructs_lib.local import EmbeddedAwsError
from constructs_lib.local.cdk_cli import CdkCliError
from constructs_lib.operations import ReplayError

app = typer.Typer(add_completion=False)

_EXAMPLES = Path("examples")


@app.command()
def demo(
    sign_ups: Annotated[
        Path,
        typer.Option(
            help="JSON Lines file, one sign-up a line: "
            '{"name": "Ada", "email": "ada@example.com"}; "expected" may name its outcome, '
            '"choreographed": true has it done by events alone.',
        ),
    ] = _EXAMPLES / "sign_ups.jsonl",
    tickets: Annotated[
        Path,
        typer.Option(
            help="JSON file, one Freshdesk event or a list of them: "
            '{"detail-type": "…", "detail": {"ticket": {…}, "requester": {…}}}.',
        ),
    ] = _EXAMPLES / "freshdesk_ticket_created.json",
) -> None:
    """Deploy the example app to the embedded AWS, drive it with real input, show what happened.

    Run it in the project's folder. It starts an AWS of its own on 127.0.0.1, bootstraps and deploys
    the three stacks with the real CDK CLI, sends the sign-ups and tickets, receives CRM contacts,
    replays the archive, counts dead letters, and removes everything again.

    Example: duet demo

    Exit status: 0 if every outcome was the expected one, 1 if not, 2 for a bad input file.
    """
    console = result_console()
    try:
        as_expected = run_demo(
            project_folder=Path.cwd(),
            sign_ups_path=sign_ups,
            tickets_path=tickets,
            console=console,
        )
    except InputError as error:
        fail(error, BAD_INPUT)
    except (EmbeddedAwsError, CdkCliError, ReplayError, ResourcesError) as error:
        fail(error, 1)
    except KeyboardInterrupt:
        fail("interrupted; everything that was started has been stopped", INTERRUPTED)
    if not as_expected:
        fail("not every outcome was the expected one: see the rows marked ✗", 1)
    console.print("[green]every outcome was the expected one[/green]")
