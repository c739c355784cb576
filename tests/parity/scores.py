"""How many cases of each feature are answered as AWS answers them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from tests.parity.questions import Outcome

_Row = tuple[str, str, str]


def rows(outcomes: Sequence[Outcome]) -> list[_Row]:
    """Feature, answers and histories, each as ``right of all``; the sum comes last."""
    ordered = sorted(outcomes, key=_feature)
    made = [_row(feature, list(group)) for feature, group in groupby(ordered, _feature)]
    return [*made, _row("all", outcomes)]


def table(outcomes: Sequence[Outcome]) -> str:
    """The rows in Markdown."""
    lines = ["| feature | answers | histories |", "|---|---|---|"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows(outcomes))])


def _feature(outcome: Outcome) -> str:
    return outcome.case.feature


def _row(feature: str, outcomes: Sequence[Outcome]) -> _Row:
    histories = [each for each in outcomes if each.has_history is not None]
    answers = _share(outcomes, lambda each: each.is_answered)
    return feature, answers, _share(histories, lambda each: bool(each.has_history))


def _share(outcomes: Sequence[Outcome], is_right: Callable[[Outcome], bool]) -> str:
    right = sum(map(is_right, outcomes))
    return f"{right} of {len(outcomes)}" if outcomes else ""
