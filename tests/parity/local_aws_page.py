"""The tables of the page on the embedded AWS, from the extensions, the emulator and the scores."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from tests.parity.case_files import expected_failures
from tests.parity.questions import Outcome
from tests.parity.scores import table

PAGE = Path(__file__).parents[2] / "docs" / "local-aws.md"
_EXTENSIONS = Path(__file__).parents[2] / "constructs_lib" / "local" / "extensions"
_GAP = "Upstream gap: "
_ASK_TYPES = """
import json
from constructs_lib.local._serve import prepare
prepare()
from ministack.services.cloudformation import provisioners
print(json.dumps(sorted(provisioners._RESOURCE_HANDLERS)))
"""


def gaps() -> str:
    """What the extensions close, by their first lines."""
    rows = [f"| `{name}` | {gap} |" for name, gap in _gaps()]
    return "\n".join(["| extension | in plain MiniStack |", "|---|---|", *rows])


def limits() -> str:
    """What the extensions say is not emulated, and the cases that fail."""
    told = [f"- {sentence}" for sentence in _limits()]
    cases = {case: why for listed in expected_failures().values() for case, why in listed.items()}
    told += [f"- `{case}`: {why}" for case, why in sorted(cases.items())]
    return "\n".join([*told, "" if cases else "\nNo case of the two tables below fails."]).rstrip()


def resource_types() -> str:
    """The types that CloudFormation makes here, by service."""
    output = subprocess.check_output([sys.executable, "-c", _ASK_TYPES], text=True)  # noqa: S603 - our own program
    names: list[str] = [name for name in json.loads(output) if name.startswith("AWS::")]
    rows = []
    for service, group in groupby(names, lambda name: name.split("::")[1]):
        rows.append(f"| {service} | {', '.join(name.split('::', 2)[2] for name in group)} |")
    return "\n".join(["| service | types |", "|---|---|", *rows])


def own_scores(outcomes: Sequence[Outcome]) -> str:
    """The scores of the project's own cases."""
    return table([each for each in outcomes if each.case.is_own])


def recorded_scores(outcomes: Sequence[Outcome]) -> str:
    """The scores of the cases that others recorded."""
    return table([each for each in outcomes if not each.case.is_own])


def marked(name: str) -> re.Pattern[str]:
    """Where the page holds what is written into it."""
    return re.compile(
        rf"(?<=<!-- {name}: written -->\n\n).*?(?=\n\n<!-- {name}: end -->)", re.DOTALL
    )


def _docstrings() -> Iterator[tuple[str, str]]:
    for path in sorted(_EXTENSIONS.glob("*.py")):
        text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        yield path.stem, text or ""


def _gaps() -> Iterator[tuple[str, str]]:
    for name, text in _docstrings():
        if text.startswith(_GAP):
            yield name, _plain(text.removeprefix(_GAP).split("\n\n")[0])


def _limits() -> Iterator[str]:
    for name, text in _docstrings():
        for listed in re.findall(r"^Not emulated: (.*?)\.(?=\s|$)", text, re.MULTILINE | re.DOTALL):
            yield f"Not emulated by `{name}`: {_plain(listed)}."
        for sentence in re.split(r"(?<=[.;:])\s+(?=[A-Z*])|;\s+|\n\n", text):
            if "not emulated" in sentence:
                said = _plain(sentence.removeprefix("* ")).rstrip(".")
                yield f"{said[0].upper()}{said[1:]}."


def _plain(text: str) -> str:
    return " ".join(text.split()).replace("``", "`")
