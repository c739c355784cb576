"""The ``duet`` command."""

import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Annotated, NoReturn

try:
    import typer
    from rich.console import Console

    from constructs_lib.demo.inputs import InputError
    from constructs_lib.demo.resources import ResourcesError
    from constructs_lib.demo.run import run_demo
    from constructs_lib.local import EmbeddedAws, EmbeddedAwsError
    from constructs_lib.local.cdk_cli import CdkCliError
    from constructs_lib.local.faults import read_faults
    from constructs_lib.operations import (
        ReplayError,
        ReplayRun,
        TimeWindow,
        TimeWindowError,
        workflow_of_stack,
    )
    from constructs_lib.operations.dead_letters_command import app as dead_letters
    from constructs_lib.operations.replay_view import follow_with_bar, show_report
except ModuleNotFoundError as missing:
    sys.exit(f"duet needs the package {missing.name!r}; run: pip install 'cdk-duet[local]'")

_BAD_INPUT = 2
_INTERRUPTED = 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Orchestrated, choreographed and hybrid serverless systems, proven on your machine.",
)
app.add_typer(dead_letters, name="dead-letters")
_console = Console()
_errors = Console(stderr=True)

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

    Exit status: 0 if every outcome was the expected one, 1 if not, 2 for a bad input file.
    """
    try:
        as_expected = run_demo(
            project_folder=Path.cwd(),
            sign_ups_path=sign_ups,
            tickets_path=tickets,
            console=_console,
        )
    except InputError as error:
        _fail(error, _BAD_INPUT)
    except (EmbeddedAwsError, CdkCliError, ReplayError, ResourcesError) as error:
        _fail(error, 1)
    except KeyboardInterrupt:
        _fail("interrupted; everything that was started has been stopped", _INTERRUPTED)
    if not as_expected:
        _fail("not every outcome was the expected one: see the rows marked ✗", 1)
    _console.print("[green]every outcome was the expected one[/green]")


@app.command()
def serve(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="TCP port on 127.0.0.1; 0 takes a free one.")
    ] = 4566,
    time_scale: Annotated[
        float,
        typer.Option(
            min=0,
            help="Factor for the waits of Step Functions: 1 is real time, 0 waits for nothing.",
        ),
    ] = 1.0,
    faults: Annotated[
        Path | None,
        typer.Option(
            help="JSON file, a list of faults to inject: "
            '{"service": "dynamodb", "action": "PutItem", "error": "ThrottlingException"}; also '
            '"count", "share", "seed", "latency_seconds", "after_effect", "parameters".',
        ),
    ] = None,
    step_functions_mocks: Annotated[
        Path | None, typer.Option(help="MockConfigFile.json of Step Functions Local.")
    ] = None,
) -> None:
    """Run the embedded AWS alone in the foreground, until Ctrl-C.

    It listens on 127.0.0.1 only and keeps everything in memory. Point the AWS CLI, an SDK or the
    CDK CLI at it with the variables that it prints.
    """
    try:
        with EmbeddedAws(
            port=port,
            time_scale=time_scale,
            faults=read_faults(faults) if faults else (),
            step_functions_mocks=step_functions_mocks,
        ) as aws:
            _console.print(f"the embedded AWS serves at {aws.endpoint_url}; Ctrl-C ends it\n")
            for name, value in sorted(aws.environment().items()):
                if name.startswith("AWS_"):
                    _console.print(f"export {name}={value}", highlight=False)
            aws.wait()
    except ValueError as error:
        _fail(error, _BAD_INPUT)
    except EmbeddedAwsError as error:
        _fail(error, 1)
    except KeyboardInterrupt:
        _console.print("\nthe embedded AWS has stopped")


@app.command()
def replay(
    workflow: Annotated[
        str | None, typer.Option(help="ARN of the replay workflow (construct Replay).")
    ] = None,
    stack: Annotated[
        str | None, typer.Option(help="Stack that has the workflow's ARN among its outputs.")
    ] = None,
    output: Annotated[
        str, typer.Option(help="Which output of --stack it is.")
    ] = "ReplayWorkflowArn",
    from_: Annotated[
        str | None,
        typer.Option("--from", help="First instant, ISO 8601 with offset: 2026-11-23T10:00:00Z."),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(help="First instant after the window; now if left out."),
    ] = None,
    last: Annotated[
        str | None, typer.Option(help="Instead of --from and --to: 90s, 30m, 2h or 7d until now.")
    ] = None,
    rule: Annotated[
        list[str] | None,
        typer.Option(
            help="Name or ARN of a rule that gets the events, repeatable; all if left out."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Deliver archived events once more, and follow it to the end.

    It starts the workflow of a Replay construct with your AWS credentials, region and
    AWS_ENDPOINT_URL, so that it works on AWS and on the embedded AWS alike. Ctrl-C leaves the
    replay running.

    Example: duet replay --stack DuetChoreography --last 2h

    Exit status: 0 if the window was replayed, 1 if it was refused or failed, 2 for bad options.
    """
    if (workflow is None) == (stack is None):
        _fail("the workflow must be given by --workflow or by --stack, one of them", _BAD_INPUT)
    try:
        window = TimeWindow.parse(start=from_, end=to, last=last, now=datetime.now(UTC))
    except TimeWindowError as error:
        _fail(error, _BAD_INPUT)
    run: ReplayRun | None = None
    try:
        arn = workflow or workflow_of_stack(stack or "", output)
        run = ReplayRun.start(arn, window=window, rules=rule or [])
        outcome = follow_with_bar(run, window, _errors)
    except ReplayError as error:
        _fail(error, 1)
    except KeyboardInterrupt:
        _fail(f"the replay goes on as {run.execution_arn}" if run else "interrupted", _INTERRUPTED)
    if as_json:
        typer.echo(outcome.as_json())
    elif outcome.succeeded:
        show_report(outcome, _console)
    if not outcome.succeeded:
        _fail(f"{outcome.error}: {outcome.cause}", 1)


def main() -> None:
    """Entry of the ``duet`` command: a signal that ends it still ends all that it started."""
    signal.signal(signal.SIGTERM, _interrupt)
    app()


def _interrupt(_signal_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _fail(reason: object, status: int) -> NoReturn:
    _errors.print(str(reason), style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(status)
