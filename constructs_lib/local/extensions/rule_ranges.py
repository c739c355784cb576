"""The part of the rule index for numbers: which patterns ask for one above or below a threshold."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator, Mapping

from ministack.services import eventbridge

Path = tuple[str, ...]
_Threshold = tuple[float, float]
# Before and behind the rules of one threshold.
_FIRST, _LAST = -1.0, float("inf")


class RuleRanges:
    """Rules by the thresholds of one numeric condition of theirs."""

    def __init__(self) -> None:
        self._rules: dict[Path, dict[str, list[_Threshold]]] = defaultdict(
            lambda: defaultdict(list)
        )

    def add(self, rule: int, alternative: Mapping[str, object]) -> bool:
        """Keep a rule by a condition of its pattern; whether there is one."""
        for path, operator, threshold in _conditions(alternative):
            insort(self._rules[path][operator], (threshold, rule))
            return True
        return False

    @property
    def paths(self) -> Iterator[Path]:
        """The fields that are asked for."""
        yield from tuple(self._rules)

    def met_by(self, path: Path, number: float) -> Iterator[int]:
        """The rules whose condition on a field a number meets."""
        for operator, thresholds in self._rules[path].items():
            below = bisect_left(thresholds, (number, _FIRST))
            upto = bisect_left(thresholds, (number, _LAST))
            met = {
                ">": thresholds[:below],
                ">=": thresholds[:upto],
                "=": thresholds[below:upto],
                "<=": thresholds[below:],
                "<": thresholds[upto:],
            }
            for _, rule in met[operator]:
                yield int(rule)


def _conditions(
    alternative: Mapping[str, object], path: Path = ()
) -> Iterator[tuple[Path, str, float]]:
    """The first condition of each field that must meet one set of numeric conditions."""
    for name, asked in alternative.items():
        if isinstance(asked, Mapping):
            yield from _conditions(asked, (*path, name))
        elif isinstance(asked, list) and len(asked) == 1 and isinstance(asked[0], Mapping):
            conditions = eventbridge._numeric_conditions(asked[0].get("numeric"))
            if conditions:
                operator, threshold = conditions[0]
                yield (*path, name), operator, threshold
