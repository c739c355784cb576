"""``duet trace``: follow an event or an execution to all that came of it."""

import json
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from constructs_lib.commands._consoles import result_console
from constructs_lib.commands._ends import BAD_INPUT, BAD_RESULT, fail
from constructs_lib.commands._target import EndpointUrl, OnAws, target_of
from constructs_lib.operations.trace import TraceError, trace_of
from constructs_lib.operations.trace_view import render

app = typer.Typer(add_completion=False)


@app.command()
def trace(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="EXECUTION|EVENT",
            help="ARN or name of an execution, or id of an event; on the embedded AWS the first "
            "six characters or more are enough.",
        ),
    ],
    aws: OnAws = False,
    endpoint_url: EndpointUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the tree as JSON.")] = False,
) -> None:
    """Follow an event or an execution to all that came of it, with times.

    An event leads to the rules that matched, their targets with every attempt and error, the
    dead-letter queue; an execution to its states, retries, caught errors and injected faults; both
    to the functions that ran, the executions that were started, the events that those published in
    turn. Payloads are not shown. Red is what failed for good, yellow what was retried or caught.

    On a real account (--aws) an execution of a Standard workflow is told from its history; an event
    cannot be traced there, as AWS keeps no such record.

    Example: duet trace 5bdd31d8

    Exit status: 0 if the trace is shown, whatever it shows; 1 if AWS refuses; 2 if nothing, or more
    than one thing, is known by that name.
    """
    target = target_of(aws=aws, endpoint_url=endpoint_url)
    try:
        found = trace_of(target.embedded if target.is_embedded else target.client, subject)
    except TraceError as error:
        fail(error, BAD_INPUT)
    except (BotoCoreError, ClientError) as error:
        fail(error, BAD_RESULT)
    except OSError as error:
        # The journal is asked for without boto3.
        where = target.embedded.endpoint_url
        fail(f"an embedded AWS must answer at {where}, got {error}; run: duet up", BAD_RESULT)
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2))
    else:
        result_console().print(render(found))
