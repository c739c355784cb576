"""Names for the ways through a workflow, by what sets each apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from constructs_lib.insight.cost.walks import Walk


def path_names(walks: Sequence[Walk], *, happy: Walk | None) -> list[str]:
    """A name for each: its last state; where that is shared, what fails; else what it enters.

    The happy way bears the plain name of its last state.
    """
    usual = {visit.state.full_name for visit, _ in happy.entered()} if happy else set()
    shared = Counter(_last(walk) for walk in walks)
    names = []
    for walk in walks:
        name = _last(walk)
        failing = _failing(walk)
        if shared[name] > 1 and walk is not happy:
            other = [
                visit.state.name
                for visit, _ in walk.entered()
                if visit.state.full_name not in usual and visit.state.name != name
            ]
            if failing:
                name += f" after {' and '.join(failing)} failed"
            elif other:
                name += f" by {', '.join(dict.fromkeys(other))}"
        names.append(name)
    return _numbered(names)


def _last(walk: Walk) -> str:
    return walk.visits[-1].state.name if walk.visits else "nothing"


def _failing(walk: Walk) -> list[str]:
    """The states that failed, the first and the last of them."""
    failed = [visit.state.name for visit, _ in walk.entered() if visit.caught]
    return list(dict.fromkeys([*failed[:1], *failed[-1:]]))


def _numbered(names: list[str]) -> list[str]:
    """The same, those that are still shared told apart by a number."""
    total = Counter(names)
    seen: Counter[str] = Counter()
    numbered = []
    for name in names:
        seen[name] += 1
        numbered.append(f"{name} ({seen[name]})" if total[name] > 1 and seen[name] > 1 else name)
    return numbered
