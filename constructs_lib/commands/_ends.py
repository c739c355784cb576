"""How commands end when they cannot do what they were asked for."""

from typing import NoReturn

import typer

from constructs_lib.commands._consoles import message_console

#: Exit statuses. 1 stands for "done, and the result is bad", or "AWS refused".
BAD_RESULT = 1
BAD_INPUT = 2
INTERRUPTED = 130


def fail(reason: object, status: int) -> NoReturn:
    """Say why on standard error, in one line, and end."""
    message_console().print(str(reason), style="red", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(status)
