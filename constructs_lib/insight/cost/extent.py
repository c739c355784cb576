"""How many ways there are, and the cheapest and the dearest of them, where they are too many to
list."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from constructs_lib.insight.cost.walks import Inner, Travel, Visit, Walk
from constructs_lib.insight.model import State, StateMachine


@dataclass(frozen=True, kw_only=True)
class Extent:
    """All ways without a loop: how many, the cheapest, the dearest."""

    count: int
    cheapest: Walk
    dearest: Walk


_Priced = tuple[Decimal, Walk]


def extent(
    machine: StateMachine, *, travel: Travel, usd: Callable[[Visit], Decimal]
) -> Extent | None:
    """The extent of a state machine, in time that grows with its size and not with its ways.

    Ways back are not taken. What fails inside a Parallel or Map is counted with the inside's
    cheapest or dearest way. None if there is no state.
    """
    states = {state.name: state for state in machine.states}
    order, back = _order(states, machine.start_at)
    found: dict[str, tuple[int, _Priced, _Priced]] = {}
    for name in order:
        state = states[name]
        inner, insides = _insides(state, travel=travel, usd=usd)
        targets = {t.target: t for t in state.transitions if (name, t.target) not in back}
        count, lows, highs = 0, list[_Priced](), list[_Priced]()
        for low in (True, False):
            best = inner[0] if low else inner[1]
            for target, transition in targets.items():
                if target not in found:
                    continue
                caught = transition.label or "an error"
                visit = Visit(
                    state=state,
                    inner=best,
                    caught=caught if transition.kind == "catch" else "",
                )
                ways, cheapest, dearest = found[target]
                rest = cheapest if low else dearest
                whole = usd(visit) + rest[0], _after(visit, rest[1])
                (lows if low else highs).append(whole)
                count += ways * insides if low else 0
            if state.ends or not targets:
                visit = Visit(state=state, inner=best)
                end = Walk(visits=(visit,), fails=state.type == "Fail")
                (lows if low else highs).append((usd(visit), end))
                count += insides if low else 0
        found[name] = (
            count,
            min(lows, key=lambda each: each[0]),
            max(highs, key=lambda each: each[0]),
        )
    if machine.start_at not in found:
        return None
    count, low_end, high_end = found[machine.start_at]
    return Extent(count=count, cheapest=low_end[1], dearest=high_end[1])


def _after(visit: Visit, walk: Walk) -> Walk:
    return Walk(visits=(visit, *walk.visits), fails=walk.fails)


def _insides(
    state: State, *, travel: Travel, usd: Callable[[Visit], Decimal]
) -> tuple[tuple[tuple[Inner, ...], tuple[Inner, ...]], int]:
    """The cheapest and the dearest inside, and how many there are."""
    times = travel.repetitions(state)
    extents = [extent(branch, travel=travel, usd=usd) for branch in state.branches]
    known = [each for each in extents if each is not None]
    cheapest = tuple(Inner(walk=each.cheapest, times=times) for each in known)
    dearest = tuple(Inner(walk=each.dearest, times=times) for each in known)
    return (cheapest, dearest), math.prod(each.count for each in known)


def _order(states: dict[str, State], start: str) -> tuple[Sequence[str], set[tuple[str, str]]]:
    """States with those they lead to before them, and the ways back that close a loop."""
    order: list[str] = []
    back: set[tuple[str, str]] = set()
    under_way: set[str] = set()
    done: set[str] = set()
    stack: list[tuple[str, bool]] = [(start, False)]
    while stack:
        name, is_left = stack.pop()
        if is_left:
            under_way.discard(name)
            done.add(name)
            order.append(name)
            continue
        if name in done or name in under_way or name not in states:
            continue
        under_way.add(name)
        stack.append((name, True))
        for transition in states[name].transitions:
            if transition.target in under_way:
                back.add((name, transition.target))
            elif transition.target not in done:
                stack.append((transition.target, False))
    return order, back
