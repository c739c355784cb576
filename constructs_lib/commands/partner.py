"""``duet partner``: send what SaaS partners send."""

import json
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape
from rich.table import Table

from constructs_lib.commands._consoles import result_console
from constructs_lib.commands._ends import BAD_INPUT, BAD_RESULT, fail
from constructs_lib.commands._target import EndpointUrl, OnAws, embedded_only, target_of
from constructs_lib.commands.publish import show_outcomes
from constructs_lib.names import UnknownNameError
from constructs_lib.operations.json_arguments import JsonArgumentError
from constructs_lib.operations.partner_events import (
    find_partner,
    find_sample,
    partners_as_json,
    send_as_partner,
    sources_of,
    stand_in_entry,
)
from constructs_lib.operations.publishing import EventError, find_bus, publish
from constructs_lib.operations.target import TargetError
from constructs_lib.rules import ConfigError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Send what SaaS partners send, and list them."
)
_ONLY_THE_PARTNER = (
    "--aws must go with --stand-in: on AWS only the partner can send its events "
    "(PutPartnerEvents); deploy a stand-in bus (PartnerEventBus without a source) and name it by "
    "--stand-in"
)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command()
def send(
    partner: Annotated[
        str, typer.Argument(metavar="PARTNER", help="Name or domain, see duet partner list.")
    ],
    event: Annotated[
        str | None,
        typer.Argument(
            metavar="SAMPLE|EVENT",
            help="Detail type of a published sample (the first if left out), or an event of your "
            'own: {"detail-type": …, "detail": {…}}, a .json file, or -.',
        ),
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="Name of the event source; left out: the only one.")
    ] = None,
    stand_in: Annotated[
        str | None, typer.Option(metavar="BUS", help="Simulate it on a stand-in bus instead.")
    ] = None,
    aws: OnAws = False,
    endpoint_url: EndpointUrl = None,
    as_json: AsJson = False,
) -> None:
    """Send an event as a partner does, with PutPartnerEvents on the embedded AWS.

    duet up has offered the event sources of all partner buses that you deploy. With --stand-in it
    is published as your own event, as it must be where the partner is not connected.

    Example: duet partner send freshworks

    Exit status: 0 if it was taken, 1 if not, 2 for an unknown partner, sample or source.
    """
    if stand_in is None:
        target = embedded_only(_ONLY_THE_PARTNER, aws=aws, endpoint_url=endpoint_url)
    else:
        target = target_of(aws=aws, endpoint_url=endpoint_url)
    try:
        found = find_partner(partner)
        sample = find_sample(found, event)
        if stand_in is None:
            where, outcomes = send_as_partner(target, found, sample, source)
        else:
            where = find_bus(target, stand_in, option="--stand-in")
            outcomes = publish(target, [stand_in_entry(found, sample, where, source)], where)
    except (ConfigError, EventError, JsonArgumentError, TargetError, UnknownNameError) as error:
        fail(error, BAD_INPUT)
    except (BotoCoreError, ClientError) as error:
        fail(f"the event could not be sent: {error}", BAD_RESULT)
    show_outcomes(outcomes, where=where, as_json=as_json)


@app.command("list")
def list_partners(
    aws: OnAws = False, endpoint_url: EndpointUrl = None, as_json: AsJson = False
) -> None:
    """List the known partners with their samples, and the event sources that the account has.

    Example: duet partner list

    Exit status: 0, 1 if AWS refused, 2 if there is no AWS to ask.
    """
    try:
        sources = sources_of(target_of(aws=aws, endpoint_url=endpoint_url))
    except (BotoCoreError, ClientError) as error:
        fail(f"the event sources cannot be listed: {error}", BAD_RESULT)
    partners = partners_as_json(sources)
    if as_json:
        typer.echo(json.dumps(partners, indent=2))
        return
    table = Table("partner", "samples", "event sources", title="Partners", title_justify="left")
    for each in partners:
        samples, owned = each["samples"], each["sources"]
        assert isinstance(samples, list)  # noqa: S101 - as partners_as_json makes it
        assert isinstance(owned, dict)  # noqa: S101 - as above
        shown = "\n".join(f"{name} ({state})" for name, state in owned.items())
        table.add_row(str(each["name"]), escape("\n".join(samples)), escape(shown))
    result_console().print(table)
