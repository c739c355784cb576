"""The ``duet`` command: its verbs by name, each loaded when it is used."""

import difflib
import importlib
import inspect
import signal
import sys
from types import FrameType
from typing import Any, NoReturn

try:
    import typer
    from typer.core import TyperGroup
    from typer.main import get_command
except ModuleNotFoundError as missing:
    sys.exit(f"duet needs the package {missing.name!r}; run: pip install 'cdk-duet[local]'")

#: In the order in which ``duet --help`` shows them.
VERBS = (
    "up",
    "down",
    "status",
    "start",
    "publish",
    "partner",
    "mail",
    "confirm",
    "trace",
    "faults",
    "dead-letters",
    "replay",
    "draw",
    "report",
    "check",
    "cost",
    "compare",
    "demo",
    "serve",
    "doctor",
)
#: The extra that brings what a verb imports, where it is not ``local``.
_EXTRAS: dict[str, str] = {
    "draw": "insight",
    "report": "insight",
    "check": "insight",
    "cost": "insight",
}


class _Verbs(TyperGroup):
    """Loads the file of a verb when it is asked for: nobody waits for what the others import."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - Click's own signature
        return list(VERBS)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Typer's own names what comes near among ``commands``, of which there are none yet."""
        near = difflib.get_close_matches(args[0], VERBS, n=1) if args else []
        if near and args[0] not in VERBS:
            ctx.fail(f"No such command {args[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - as above
        if cmd_name not in VERBS:
            return None
        try:
            module = importlib.import_module(
                f"constructs_lib.commands.{cmd_name.replace('-', '_')}"
            )
        except ModuleNotFoundError as missing:
            if (missing.name or "").startswith("constructs_lib"):
                raise
            extra = _EXTRAS.get(cmd_name, "local")
            sys.exit(
                f"duet {cmd_name} needs the package {missing.name!r}; "
                f"run: pip install 'cdk-duet[{extra}]'"
            )
        command = get_command(module.app)
        command.name = cmd_name
        for each in (command, *getattr(command, "commands", {}).values()):
            each.help = _flowing(each.help or "")
        return command


def _flowing(text: str) -> str:
    """Paragraphs without the line ends of the source, which Typer keeps in all but the first."""
    paragraphs = inspect.cleandoc(text).split("\n\n")
    return "\n\n".join(" ".join(each.split()) for each in paragraphs)


app = typer.Typer(
    cls=_Verbs,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Orchestrated, choreographed and hybrid serverless systems, proven on your machine.",
)


@app.callback()
def _duet() -> None:
    """Hold the verbs together; without it Typer makes a program of one command."""


def main() -> None:
    """Entry of the ``duet`` command: a signal that ends it still ends all that it started."""
    signal.signal(signal.SIGTERM, _interrupt)
    app()


def _interrupt(_signal_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
