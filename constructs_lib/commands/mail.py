"""``duet mail``: read what the embedded AWS has sent by e-mail."""

import json
import time
from dataclasses import asdict
from typing import Annotated

import typer
from rich.panel import Panel
from rich.text import Text

from constructs_lib.commands._consoles import message_console, result_console
from constructs_lib.commands._ends import BAD_RESULT, fail
from constructs_lib.commands._target import EndpointUrl, OnAws, embedded_only
from constructs_lib.local import Mail, Mailbox

app = typer.Typer(add_completion=False)
_POLL_SECONDS = 0.2


@app.command()
def mail(
    to: Annotated[str | None, typer.Option(help="Only what this address gets.")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Wait for more, until Ctrl-C.")] = False,
    aws: OnAws = False,
    endpoint_url: EndpointUrl = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a line of JSON for each mail.")
    ] = False,
) -> None:
    """Read the mails that the embedded AWS has sent by SES or Cognito; none leaves this machine.

    Example: duet mail --to ada@example.com --follow

    Exit status: 0; 1 if the embedded AWS does not answer, 2 if there is none.
    """
    target = embedded_only(
        "--aws must be left out: AWS keeps no mailbox that could be read",
        aws=aws,
        endpoint_url=endpoint_url,
    )
    mailbox = Mailbox(target.embedded)
    shown = 0
    try:
        while True:
            mails = mailbox.messages(to=to)
            for each in mails[shown:]:
                _show(each, as_json=as_json)
            shown = len(mails)
            if not follow:
                break
            time.sleep(_POLL_SECONDS)
    except OSError as error:
        fail(f"the embedded AWS does not answer: {error}; run: duet up", BAD_RESULT)
    except KeyboardInterrupt:
        return
    if not shown and not as_json:
        message_console().print("no mail yet")


def _show(each: Mail, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(asdict(each)))
        return
    head = f"from {each.sender} to {', '.join(each.to)}"
    body = each.text or each.html
    result_console().print(Panel(Text(body), title=Text(each.subject), subtitle=Text(head)))
