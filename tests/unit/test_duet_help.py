"""What ``duet --help`` teaches."""

from __future__ import annotations

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from constructs_lib.cli import VERBS, app


def _commands_of(verb: str) -> list[str]:
    """The verb, or the several commands that it has."""
    command = get_command(app).get_command(None, verb)  # type: ignore[attr-defined]  # is a group
    return [f"{verb} {name}".strip() for name in getattr(command, "commands", [""])]


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_a_command_has_an_example_and_the_exit_statuses(verb: str) -> None:
    for command in _commands_of(verb):
        ran = CliRunner(env={"COLUMNS": "200"}).invoke(app, [*command.split(), "--help"])

        assert f"duet {command}" in ran.stdout.partition("Example: ")[2], command
        assert "Exit status: 0" in ran.stdout, command


def test_a_verb_that_is_misspelt_is_told_what_it_is_like() -> None:
    refused = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["publsh"])

    assert refused.exit_code == 2
    assert "Did you mean 'publish'?" in refused.stderr


def test_the_lines_of_a_help_text_flow() -> None:
    shown = CliRunner(env={"COLUMNS": "400"}).invoke(app, ["up", "--help"]).stdout

    assert "prints the outputs, and deploys again" in shown
