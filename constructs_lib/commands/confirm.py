"""``duet confirm``: confirm a sign-up with its code."""

import json
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape

from constructs_lib.commands._consoles import result_console
from constructs_lib.commands._ends import BAD_INPUT, BAD_RESULT, fail
from constructs_lib.commands._target import EndpointUrl, OnAws, embedded_only, target_of
from constructs_lib.names import UnknownNameError
from constructs_lib.operations.confirmation import (
    CONFIRMED,
    NoCodeError,
    confirm,
    find_confirmation,
    newest_code,
    result_of,
)
from constructs_lib.operations.target import TargetError

app = typer.Typer(add_completion=False)


@app.command("confirm")
def confirm_sign_up(
    code: Annotated[str | None, typer.Argument(metavar="CODE", help="As it was mailed.")] = None,
    to: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Instead: take the newest code of this mailbox."),
    ] = None,
    workflow: Annotated[
        str | None,
        typer.Option(help="The workflow that takes codes; left out: that of ConfirmEmail."),
    ] = None,
    aws: OnAws = False,
    endpoint_url: EndpointUrl = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Confirm a sign-up with the code that was mailed, as the person's click would.

    It calls the Express workflow of the ConfirmEmail construct.

    Example: duet confirm --to ada@example.com

    Exit status: 0 if it is confirmed, 1 if the code is unknown, used or expired, 2 if there is no
    code or no workflow.
    """
    if (code is None) == (to is None):
        fail("the code must be given by CODE or by --to, one of them", BAD_INPUT)
    if to:
        reason = "--aws must go with CODE, not with --to: AWS keeps no mailbox that could be read"
        target = embedded_only(reason, aws=aws, endpoint_url=endpoint_url)
    else:
        target = target_of(aws=aws, endpoint_url=endpoint_url)
    try:
        found = find_confirmation(target, workflow)
        result = confirm(target, found, code or newest_code(target, to or ""))
    except (NoCodeError, TargetError, UnknownNameError) as error:
        fail(error, BAD_INPUT)
    except (BotoCoreError, ClientError, OSError) as error:
        fail(f"the code could not be sent: {error}", BAD_RESULT)
    came = result_of(result)
    if as_json:
        typer.echo(json.dumps({"result": came, **result.to_json()}, indent=2))
    else:
        colour = "green" if came == CONFIRMED else "red"
        result_console().print(f"[{colour}]{escape(came)}[/{colour}]")
    if came != CONFIRMED:
        raise typer.Exit(BAD_RESULT)
