"""``duet start``: run a workflow and follow it to its end."""

import json
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape
from rich.table import Table

from constructs_lib.commands._consoles import message_console, result_console
from constructs_lib.commands._ends import BAD_INPUT, BAD_RESULT, INTERRUPTED, fail
from constructs_lib.commands._target import EndpointUrl, OnAws, target_of
from constructs_lib.names import UnknownNameError
from constructs_lib.operations.json_arguments import JsonArgumentError, read_json
from constructs_lib.operations.target import Target, TargetError
from constructs_lib.operations.workflows import (
    ExecutionResult,
    find_workflow,
    follow_execution,
    run_synchronously,
    start_execution,
)

app = typer.Typer(add_completion=False)


@app.command()
def start(
    workflow: Annotated[
        str,
        typer.Argument(
            metavar="WORKFLOW",
            help="Construct path, logical id, name or ARN; a part that only one has will do.",
        ),
    ],
    input_: Annotated[
        str,
        typer.Option("--input", metavar="JSON|@FILE|-", help="Input; - is standard input."),
    ] = "{}",
    name: Annotated[str | None, typer.Option(help="Name of the execution.")] = None,
    wait: Annotated[bool, typer.Option(help="Follow it to its end.")] = True,
    aws: OnAws = False,
    endpoint_url: EndpointUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Run a workflow and follow it to its end, state by state.

    A Standard workflow is started and followed, an Express workflow called synchronously. Ctrl-C
    leaves it running.

    Example: duet start SignUp --input '{"name": "Ada", "email": "ada@example.com"}'

    Exit status: 0 if it succeeded (or was started, with --no-wait), 1 if it failed or AWS refused,
    2 for an unknown workflow or bad options.
    """
    target = target_of(aws=aws, endpoint_url=endpoint_url)
    execution_arn: str | None = None
    try:
        written = json.dumps(read_json("--input", input_))
        found = find_workflow(target, workflow)
        if wait and found.is_express:
            result = run_synchronously(target, found, written, name)
        else:
            execution_arn = start_execution(target, found, written, name)
            result = (
                _follow(target, execution_arn)
                if wait
                else ExecutionResult(execution_arn=execution_arn, status="RUNNING")
            )
    except (JsonArgumentError, UnknownNameError, TargetError) as error:
        fail(error, BAD_INPUT)
    except (BotoCoreError, ClientError) as error:
        fail(f"the workflow could not be run: {error}", BAD_RESULT)
    except KeyboardInterrupt:
        fail(f"it goes on as {execution_arn}" if execution_arn else "interrupted", INTERRUPTED)
    if as_json:
        typer.echo(json.dumps(result.to_json(), indent=2))
    else:
        result_console().print(_table(result))
    if wait and not result.succeeded:
        raise typer.Exit(BAD_RESULT)


def _follow(target: Target, execution_arn: str) -> ExecutionResult:
    errors = message_console()

    def show(state: str) -> None:
        errors.print(f"→ {state}", markup=False, highlight=False)

    return follow_execution(target, execution_arn, show)


def _table(result: ExecutionResult) -> Table:
    table = Table("", title="Execution", title_justify="left", show_header=False)
    table.add_column("", overflow="fold")  # half an ARN is of no use
    colour = {"SUCCEEDED": "green", "RUNNING": "yellow"}.get(result.status, "red")
    table.add_row("execution", escape(result.execution_arn))
    table.add_row("status", f"[{colour}]{result.status}[/{colour}]")
    if result.seconds is not None:
        table.add_row("seconds", f"{result.seconds:.3f}")
    if result.path:
        table.add_row("path", escape(" → ".join(result.path)))
    if result.error:
        table.add_row("error", escape(result.error))
        table.add_row("cause", escape(result.cause or ""))
    elif result.succeeded:
        table.add_row("output", escape(json.dumps(result.output, indent=2)))
    return table
