"""The options by which every command is told which AWS it talks to."""

from pathlib import Path
from typing import Annotated

import typer

from constructs_lib.commands._ends import BAD_INPUT, fail
from constructs_lib.operations.target import Target, TargetError, find_target

OnAws = Annotated[
    bool,
    typer.Option("--aws", help="The real account of your AWS credentials, no embedded AWS."),
]
EndpointUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="An embedded AWS; by default that of [b]duet up[/b] in this folder, "
        "then that of AWS_ENDPOINT_URL.",
    ),
]


def target_of(*, aws: bool = False, endpoint_url: str | None = None) -> Target:
    """The AWS that the options mean, seen from the current folder; end the command without one."""
    try:
        return find_target(Path.cwd(), aws=aws, endpoint_url=endpoint_url)
    except TargetError as error:
        fail(error, BAD_INPUT)


def embedded_only(reason: str, *, aws: bool, endpoint_url: str | None = None) -> Target:
    """The embedded AWS that the options mean; end the command, with the reason, on ``--aws``."""
    if aws:
        fail(reason, BAD_INPUT)
    return target_of(endpoint_url=endpoint_url)
