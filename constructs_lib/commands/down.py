"""``duet down``: end what ``duet up`` runs for this folder."""

import json
from pathlib import Path
from typing import Annotated

import typer

from constructs_lib.commands._consoles import result_console
from constructs_lib.commands._ends import BAD_RESULT, fail
from constructs_lib.local.instance import InstanceError, end_instance

app = typer.Typer(add_completion=False)


@app.command()
def down(
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """End the embedded AWS that duet up runs for this folder, and all that is deployed to it.

    Everything it holds is in memory and gone afterwards.

    Example: duet down

    Exit status: 0, also if there was none; 1 if it could not be ended.
    """
    try:
        ended = end_instance(Path.cwd())
    except InstanceError as error:
        fail(error, BAD_RESULT)
    if as_json:
        typer.echo(json.dumps({"ended": ended.to_json() if ended else None}, indent=2))
    else:
        result_console().print(
            f"the embedded AWS at {ended.endpoint_url} has stopped"
            if ended
            else "no embedded AWS runs for this folder: nothing to do",
            highlight=False,
        )
