"""``duet publish``: put events on a bus."""

import json
from collections.abc import Sequence
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from constructs_lib.commands._consoles import result_console
from constructs_lib.commands._ends import BAD_INPUT, BAD_RESULT, fail
from constructs_lib.commands._target import EndpointUrl, OnAws, target_of
from constructs_lib.names import UnknownNameError
from constructs_lib.operations.json_arguments import JsonArgumentError, read_json_or_file
from constructs_lib.operations.publishing import (
    EventError,
    Published,
    entries_of,
    find_bus,
    publish,
)
from constructs_lib.operations.target import TargetError

app = typer.Typer(add_completion=False)


@app.command("publish")
def publish_events(
    event: Annotated[
        str,
        typer.Argument(
            metavar="EVENT",
            help="File, - (standard input) or JSON: one event or a list, each "
            '{"source": …, "detail-type": …, "detail": {…}}.',
        ),
    ],
    bus: Annotated[
        str | None,
        typer.Option(
            help="Name, ARN, logical id or construct path; left out: the only bus of the stacks."
        ),
    ] = None,
    aws: OnAws = False,
    endpoint_url: EndpointUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Publish one event or several, written as EventBridge delivers them.

    What AWS sets itself (id, account, region, …) may be in it and is left out. Sources that start
    with aws. are refused, as AWS does.

    Example: duet publish '{"source": "shop", "detail-type": "OrderPlaced", "detail": {"id": 1}}'

    Exit status: 0 if all were taken, 1 if one was not, 2 for what is no event or an unknown bus.
    """
    target = target_of(aws=aws, endpoint_url=endpoint_url)
    try:
        entries = entries_of(read_json_or_file("EVENT", event))
        name = find_bus(target, bus)
        outcomes = publish(target, entries, name)
    except (JsonArgumentError, EventError, UnknownNameError, TargetError) as error:
        fail(error, BAD_INPUT)
    except (BotoCoreError, ClientError) as error:
        fail(f"the events could not be published: {error}", BAD_RESULT)
    show_outcomes(outcomes, where=name, as_json=as_json)


def show_outcomes(outcomes: Sequence[Published], *, where: str, as_json: bool) -> None:
    """Print the ids of the events, or why they were refused; end the command if one was."""
    refused = [each for each in outcomes if each.reason]
    if as_json:
        told = {"to": where, "events": [each.to_json() for each in outcomes]}
        typer.echo(json.dumps(told, indent=2))
    else:
        console = result_console()
        for each in outcomes:
            console.print(each.event_id or each.reason, markup=False, highlight=False)
        taken = len(outcomes) - len(refused)
        console.print(f"{taken} of {len(outcomes)} published to {where}", highlight=False)
    if refused:
        raise typer.Exit(BAD_RESULT)
