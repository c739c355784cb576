"""The transitions that a level of tests does not take, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.coverage_table import Excepted, Row
from tests.workflow_coverage import Transition

_TOO_MUCH_DATA = Excepted(
    "no service answers here with more than 256 KB", Transition("", "States.DataLimitExceeded", "")
)


def _each(reason: str, *transitions: tuple[str, str, str]) -> list[Excepted]:
    return [Excepted(reason, Transition(*transition)) for transition in transitions]


#: An empty text stands for any name. What is not listed here must be complete.
EXCEPTED: Mapping[Row, Sequence[Excepted]] = {
    Row("sign-up", "b"): [_TOO_MUCH_DATA],
    Row("sign-up", "c"): [_TOO_MUCH_DATA],
    Row("ticket-triage", "c"): _each(
        "no tag is so bad; it takes an evaluator that breaks down",
        ("Normalize tags", "States.ALL", ""),
    ),
}
