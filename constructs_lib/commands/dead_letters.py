"""``duet dead-letters``: show what consumers did not get, and bring it back to them."""

import json
from collections.abc import Iterator, Sequence
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from constructs_lib.commands._consoles import message_console, result_console
from constructs_lib.commands._ends import BAD_INPUT, INTERRUPTED, fail
from constructs_lib.commands._target import EndpointUrl, OnAws, target_of
from constructs_lib.names import UnknownNameError
from constructs_lib.operations.dead_letter import DeadLetter
from constructs_lib.operations.dead_letter_queue import DeadLetterQueue, DeadLetterQueueError
from constructs_lib.operations.redrive import Redrive, Redriven
from constructs_lib.operations.target import TargetError

_COLUMNS = {
    "time": "time",
    "event type": "eventType",
    "event id": "eventId",
    "rule": "rule",
    "target": "target",
    "error": "errorCode",
    "attempts": "attempts",
}

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Show what consumers did not get, and bring it back to them.",
)
_errors = message_console()

Queues = Annotated[
    list[str],
    typer.Argument(
        metavar="QUEUE...",
        help="Name, ARN or URL of each dead-letter queue, or its construct path as duet status "
        "shows it, or a part of that.",
    ),
]
Limit = Annotated[int, typer.Option(min=1, help="Most messages of each queue.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command("list")
def list_letters(
    queues: Queues,
    limit: Limit = 1000,
    with_body: Annotated[
        bool,
        typer.Option(help="With --json: add the messages' bodies, which may hold personal data."),
    ] = False,
    aws: OnAws = False,
    endpoint_url: EndpointUrl = None,
    as_json: AsJson = False,
) -> None:
    """List the messages that wait in dead-letter queues, and leave them there.

    It knows what rules, functions' failure destinations and other queues move there. Of an event
    it shows no detail.

    Example: duet dead-letters list OnboardingDeadLetters

    Exit status: 0, or 2 if a queue cannot be read.
    """
    letters: list[DeadLetter] = []
    for queue in _found(queues, aws=aws, endpoint_url=endpoint_url):
        try:
            letters += queue.read(limit=limit)
            queue.release()
        except (BotoCoreError, ClientError) as error:
            fail(f"the queue {queue.url} cannot be read: {error}", BAD_INPUT)
    if as_json:
        bodies = [{"body": one.message["Body"]} if with_body else {} for one in letters]
        rows = [one.summary() | body for one, body in zip(letters, bodies, strict=True)]
        typer.echo(json.dumps(rows, indent=2))
        return
    table = _table(f"{len(letters)} dead letters", *_COLUMNS)
    for letter in letters:
        table.add_row(*_row(letter))
    result_console().print(table)


@app.command()
def redrive(
    queues: Queues,
    limit: Limit = 1000,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Look everything up, send and delete nothing.")
    ] = False,
    aws: OnAws = False,
    endpoint_url: EndpointUrl = None,
    as_json: AsJson = False,
) -> None:
    """Bring the messages of dead-letter queues back to the consumers they were meant for.

    Mend the cause first. An event goes to the one target that did not get it, and keeps its id; no
    other consumer sees it again. A message is deleted once its delivery was taken; the others stay.
    With --aws you need the rights on the queue and to call the target yourself.

    Example: duet dead-letters redrive OnboardingDeadLetters --dry-run

    Exit status: 0 if all went back, 1 if some stay, 2 if a queue cannot be read.
    """
    found = _found(queues, aws=aws, endpoint_url=endpoint_url)
    try:
        outcomes = list(_redriven(found, limit=limit, dry_run=dry_run))
    except (BotoCoreError, ClientError) as error:
        fail(f"a queue cannot be read: {error}; what was not delivered is still there", BAD_INPUT)
    except KeyboardInterrupt:
        fail("interrupted; what was not delivered is still in its queue", INTERRUPTED)
    stay = [outcome for outcome in outcomes if not outcome.succeeded]
    if as_json:
        rows = [one.letter.summary() | {"reason": one.reason} for one in outcomes]
        typer.echo(json.dumps({"dryRun": dry_run, "letters": rows}, indent=2))
    else:
        verb = "would go back" if dry_run else "went back"
        result_console().print(f"{len(outcomes) - len(stay)} of {len(outcomes)} {verb}")
        if stay:
            table = _table("they stay", *_COLUMNS, "stays because")
            for outcome in stay:
                table.add_row(*_row(outcome.letter), escape(outcome.reason))
            result_console().print(table)
    if stay:
        raise typer.Exit(1)


def _found(names: Sequence[str], *, aws: bool, endpoint_url: str | None) -> list[DeadLetterQueue]:
    target = target_of(aws=aws, endpoint_url=endpoint_url)
    try:
        return [DeadLetterQueue.find_deployed(target, name) for name in names]
    except (DeadLetterQueueError, TargetError, UnknownNameError) as error:
        fail(error, BAD_INPUT)


def _redriven(
    queues: Sequence[DeadLetterQueue], *, limit: int, dry_run: bool
) -> Iterator[Redriven]:
    total = sum(min(limit, queue.size()) for queue in queues)
    with Progress(console=_errors, transient=True) as progress:
        task = progress.add_task("looking" if dry_run else "redriving", total=total)
        for queue in queues:
            for outcome in Redrive(queue).run(limit=limit, dry_run=dry_run):
                progress.advance(task)
                yield outcome


def _table(title: str, *columns: str) -> Table:
    """A table that folds what is too long for the terminal: an id cut short is of no use."""
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _row(letter: DeadLetter) -> list[str]:
    summary = letter.summary()
    summary["rule"] = summary["rule"].split(":rule/")[-1]
    # Service, and name without region and account.
    parts = summary["target"].split(":", 5)
    summary["target"] = f"{parts[2]}:{parts[5]}" if len(parts) == 6 else summary["target"]
    return [escape(summary[key]) for key in _COLUMNS.values()]
