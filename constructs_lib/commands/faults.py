"""``duet faults``: let calls fail on purpose, and let them be again."""

import json
import urllib.error
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from constructs_lib.commands._consoles import result_console
from constructs_lib.commands._ends import BAD_INPUT, BAD_RESULT, fail
from constructs_lib.commands._target import EndpointUrl, OnAws, embedded_only
from constructs_lib.local import ActiveFault, EmbeddedAccount, Fault
from constructs_lib.operations.json_arguments import JsonArgumentError, read_json_or_file

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Let calls fail on purpose, on the embedded AWS alone, and let them be again.",
)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command("list")
def list_faults(
    aws: OnAws = False, endpoint_url: EndpointUrl = None, as_json: AsJson = False
) -> None:
    """List the faults that are injected and how many calls each has struck.

    Example: duet faults list

    Exit status: 0; 1 if the embedded AWS does not answer, 2 if there is none.
    """
    account = _account(aws=aws, endpoint_url=endpoint_url)
    with _answering():
        active = account.active_faults()
    if as_json:
        typer.echo(json.dumps([_as_json(each) for each in active], indent=2))
    else:
        result_console().print(_table(active))


@app.command()
def inject(
    faults: Annotated[
        str,
        typer.Argument(
            metavar="FAULTS",
            help="File, - (standard input) or JSON: one fault or a list, each "
            '{"service": "dynamodb", "action": "PutItem", "error": "ThrottlingException"}; also '
            '"count", "share", "seed", "latency_seconds", "after_effect", "parameters".',
        ),
    ],
    aws: OnAws = False,
    endpoint_url: EndpointUrl = None,
    as_json: AsJson = False,
) -> None:
    """Let calls fail from now on, whoever makes them, until they are cleared or used up.

    Example: duet faults inject '{"service": "sesv2", "action": "SendEmail", "latency_seconds": 5}'

    Exit status: 0; 1 if the embedded AWS does not answer, 2 for what is no fault.
    """
    account = _account(aws=aws, endpoint_url=endpoint_url)
    try:
        written = read_json_or_file("FAULTS", faults)
        checked = [
            Fault.from_json(each) for each in (written if isinstance(written, list) else [written])
        ]
    except (JsonArgumentError, ValueError) as error:
        fail(error, BAD_INPUT)
    with _answering():
        active = [account.inject(each) for each in checked]
    if as_json:
        typer.echo(json.dumps([_as_json(each) for each in active], indent=2))
    else:
        result_console().print(_table(active))


@app.command()
def clear(
    number: Annotated[
        list[int] | None, typer.Argument(help="Numbers of faults; all if left out.")
    ] = None,
    aws: OnAws = False,
    endpoint_url: EndpointUrl = None,
    as_json: AsJson = False,
) -> None:
    """Inject no more: all faults of the account, or those of the numbers.

    Example: duet faults clear

    Exit status: 0; 1 if the embedded AWS does not answer, 2 for an unknown number.
    """
    account = _account(aws=aws, endpoint_url=endpoint_url)
    with _answering():
        active = {each.number: each for each in account.active_faults()}
        unknown = sorted(set(number or ()) - active.keys())
        if unknown:
            fail(
                f"NUMBER must be that of a fault, got {unknown[0]}; there are: "
                f"{', '.join(map(str, active)) or 'none'}",
                BAD_INPUT,
            )
        cleared = [active[each] for each in number or active]
        for each in cleared:
            each.remove()
    if as_json:
        typer.echo(json.dumps([_as_json(each) for each in cleared], indent=2))
    else:
        result_console().print(f"{len(cleared)} faults are injected no more", highlight=False)


def _account(*, aws: bool, endpoint_url: str | None) -> EmbeddedAccount:
    reason = "--aws must be left out: faults are injected into the embedded AWS alone"
    return embedded_only(reason, aws=aws, endpoint_url=endpoint_url).embedded


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except urllib.error.URLError as error:
        fail(f"the embedded AWS does not answer: {error.reason}; run: duet up", BAD_RESULT)


def _as_json(active: ActiveFault) -> dict[str, object]:
    return {"number": active.number, "struck": active.struck, **active.fault.to_json()}


def _table(active: Sequence[ActiveFault]) -> Table:
    table = Table("number", "call", "what happens", "struck", title="Faults", title_justify="left")
    for each in active:
        fault = each.fault
        what = [fault.error] if fault.error else []
        if fault.latency_seconds:
            what.append(f"{fault.latency_seconds:g} s slower")
        if fault.count is not None:
            what.append(f"{fault.count} times")
        if fault.share < 1:
            what.append(f"{fault.share:.0%} of the calls")
        call = f"{fault.service} {fault.action}"
        table.add_row(str(each.number), call, escape(", ".join(what)), str(each.struck))
    return table
