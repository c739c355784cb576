"""``duet replay``: deliver archived events once more."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from constructs_lib.commands._consoles import message_console, result_console
from constructs_lib.commands._ends import BAD_INPUT, INTERRUPTED, fail
from constructs_lib.commands._target import EndpointUrl, OnAws, target_of
from constructs_lib.operations import (
    ReplayError,
    ReplayRun,
    TimeWindow,
    TimeWindowError,
    rules_of_stack,
    workflow_of_stack,
)
from constructs_lib.operations.replay_view import follow_with_bar, show_report

app = typer.Typer(add_completion=False)


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
            help="Rule that gets the events, repeatable; all if left out: its name or ARN, "
            "or with --stack a part of its name there."
        ),
    ] = None,
    aws: OnAws = False,
    endpoint_url: EndpointUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Deliver archived events once more, and follow it to the end.

    It starts the workflow of a Replay construct. Ctrl-C leaves the replay running.

    Example: duet replay --stack DuetChoreography --last 2h

    Exit status: 0 if the window was replayed, 1 if it was refused or failed, 2 for bad options.
    """
    if (workflow is None) == (stack is None):
        fail("the workflow must be given by --workflow or by --stack, one of them", BAD_INPUT)
    try:
        window = TimeWindow.parse(start=from_, end=to, last=last, now=datetime.now(UTC))
    except TimeWindowError as error:
        fail(error, BAD_INPUT)
    clients = target_of(aws=aws, endpoint_url=endpoint_url).client
    run: ReplayRun | None = None
    try:
        arn = workflow or workflow_of_stack(stack or "", output, clients=clients)
        rules = rules_of_stack(stack, rule, clients=clients) if stack and rule else rule or []
        run = ReplayRun.start(arn, window=window, rules=rules, clients=clients)
        outcome = follow_with_bar(run, window, message_console())
    except ReplayError as error:
        fail(error, 1)
    except KeyboardInterrupt:
        fail(f"the replay goes on as {run.execution_arn}" if run else "interrupted", INTERRUPTED)
    if as_json:
        typer.echo(outcome.as_json())
    elif outcome.succeeded:
        show_report(outcome, result_console())
    if not outcome.succeeded:
        fail(f"{outcome.error}: {outcome.cause}", 1)
