"""``duet status``: what runs, and how it is."""

import json
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError

from constructs_lib.commands._consoles import result_console
from constructs_lib.commands._ends import BAD_INPUT, BAD_RESULT, fail
from constructs_lib.commands._target import EndpointUrl, OnAws, target_of
from constructs_lib.operations.status import read_status
from constructs_lib.operations.status_view import show_status
from constructs_lib.operations.target import TargetError

app = typer.Typer(add_completion=False)


@app.command()
def status(
    aws: OnAws = False,
    endpoint_url: EndpointUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Show what is deployed and how it is: stacks, workflows, queues, dead letters, faults.

    Failed executions and dead letters are red. With --aws it looks at the stacks of the assembly
    in cdk.out.

    Example: duet status

    Exit status: 0; 1 if AWS refused or does not answer, 2 if there is no AWS to look at.
    """
    target = target_of(aws=aws, endpoint_url=endpoint_url)
    try:
        found = read_status(target)
    except TargetError as error:
        fail(error, BAD_INPUT)
    except (BotoCoreError, ClientError, OSError) as error:
        fail(f"the status cannot be read: {error}", BAD_RESULT)
    if as_json:
        typer.echo(json.dumps(found.to_json(), indent=2))
    else:
        show_status(found, result_console())
