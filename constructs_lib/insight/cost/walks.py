"""The ways through a state machine, from its start to its ends."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from constructs_lib.insight.cost.distributed_map import most_items
from constructs_lib.insight.model import State, StateMachine

# Beyond it, partial ways are no longer followed: a foreign definition may have more than stars.
_MOST_STEPS = 10_000
# Of the ways through a branch or an iteration, how many are combined with those of its siblings.
_MOST_INNER = 24


@dataclass(frozen=True, kw_only=True)
class Inner:
    """What runs inside a Parallel or Map: one way, so many times."""

    walk: Walk
    times: int


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One state that is entered; ``caught`` names the errors by which it is left, if it fails."""

    state: State
    caught: str = ""
    inner: tuple[Inner, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Walk:
    """One way from the start to an end."""

    visits: tuple[Visit, ...]
    fails: bool

    @property
    def deviations(self) -> int:
        """How often something fails on the way."""
        own = sum(bool(visit.caught) for visit in self.visits)
        inner = sum(each.walk.deviations for visit in self.visits for each in visit.inner)
        return own + inner + self.fails

    @property
    def repeats(self) -> int:
        """How often it comes back to a state."""
        names = [visit.state.name for visit in self.visits]
        return len(names) - len(set(names))

    def entered(self) -> Iterator[tuple[Visit, int]]:
        """Each visit at any depth, in order, and how many times it is made."""
        for visit in self.visits:
            yield visit, 1
            for inner in visit.inner:
                for each, times in inner.walk.entered():
                    yield each, times * inner.times

    @property
    def states_entered(self) -> int:
        """How many states are entered, iterations counted."""
        return sum(times for _, times in self.entered())


@dataclass(frozen=True, kw_only=True)
class Walks:
    """The ways that were found, those with the fewest failures first.

    ``is_complete`` is False where there are more than were looked for.
    """

    found: tuple[Walk, ...]
    is_complete: bool

    @property
    def happy(self) -> Walk | None:
        """The way on which nothing fails and most is done; the first one where all fail.

        One that comes back to a state is taken for it only where there is no other.
        """
        good = [walk for walk in self.found if not walk.deviations]
        if good:
            return max(good, key=lambda walk: (-walk.repeats, walk.states_entered))
        return next((walk for walk in self.found if not walk.fails), next(iter(self.found), None))


@dataclass(frozen=True, kw_only=True)
class Travel:
    """How ways are followed.

    Args:
        items: How many items a Map has whose definition does not say.
        loop_passes: How often a state may be come back to.
        limit: Most ways that are listed.
    """

    items: Callable[[State], int]
    loop_passes: int = 1
    limit: int = 500

    def walks(self, machine: StateMachine) -> Walks:
        """All ways through a state machine, or ``limit`` of those that fail least."""
        states = {state.name: state for state in machine.states}
        numbers = itertools.count()
        # A way so far, by its failures, the newest first: good ones are found first, and each is
        # followed to its end before another is begun.
        heap: list[tuple[int, int, tuple[Visit, ...], str]] = []
        heapq.heappush(heap, (0, next(numbers), (), machine.start_at))
        ended: list[Walk] = []
        steps = 0
        is_complete = True
        while heap:
            steps += 1
            if steps > _MOST_STEPS or len(ended) >= self.limit:
                is_complete = False
                break
            failures, _, visits, name = heapq.heappop(heap)
            state = states.get(name)
            if state is None:
                ended.append(Walk(visits=visits, fails=True))
                continue
            if sum(visit.state.name == name for visit in visits) > self.loop_passes:
                continue
            outcomes, all_inner = self._outcomes(state)
            is_complete = is_complete and all_inner
            # The first choice of a state is the newest.
            for visit, target in reversed(outcomes):
                way = (*visits, visit)
                worse = failures + bool(visit.caught)
                if target is None:
                    fails = state.type == "Fail" or any(each.walk.fails for each in visit.inner)
                    ended.append(Walk(visits=way, fails=fails))
                else:
                    heapq.heappush(heap, (worse, -next(numbers), way, target))
        ended.sort(key=lambda walk: (walk.deviations, walk.repeats))
        return Walks(found=tuple(ended), is_complete=is_complete)

    def repetitions(self, state: State) -> int:
        """How often the inside of a Map runs; 1 for branches."""
        if state.type != "Map":
            return 1
        written = state.fields.get("Items")
        if isinstance(written, list):
            return len(written)
        most = most_items(state)
        return self.items(state) if most is None else min(self.items(state), most)

    def _outcomes(self, state: State) -> tuple[list[tuple[Visit, str | None]], bool]:
        """How a state is left: each way once, however many errors or choices lead there."""
        ways: dict[str, list[str]] = {}
        caught: dict[str, list[str]] = {}
        for transition in state.transitions:
            into = caught if transition.kind == "catch" else ways
            into.setdefault(transition.target, []).append(transition.label)
        targets: list[str | None] = [*ways]
        if not targets:
            targets = [None]
        good, bad, is_complete = self._insides(state)
        outcomes = [
            (Visit(state=state, inner=inner), target) for inner in good for target in targets
        ]
        if not caught:
            outcomes += [(Visit(state=state, inner=inner), None) for inner in bad]
        for target, labels in caught.items():
            if target in ways:
                continue  # the same states follow as after a success
            errors = ", ".join(dict.fromkeys(label for label in labels if label)) or "an error"
            # What fails inside without a Fail state of its own has entered no more than this.
            outcomes += [
                (Visit(state=state, caught=errors, inner=inner), target)
                for inner in (*bad, *good[:1])
            ]
        return outcomes, is_complete

    def _insides(
        self, state: State
    ) -> tuple[list[tuple[Inner, ...]], list[tuple[Inner, ...]], bool]:
        """What may run inside: so that it goes on, and so that it fails."""
        if not state.branches:
            return [()], [], True
        times = self.repetitions(state)
        branches = [self.walks(branch) for branch in state.branches]
        is_complete = all(walks.is_complete for walks in branches)
        per_branch = [[w for w in walks.found if not w.fails][:_MOST_INNER] for walks in branches]
        combinations = itertools.product(*per_branch)
        good = [
            tuple(Inner(walk=walk, times=times) for walk in combination)
            for combination in itertools.islice(combinations, self.limit)
        ]
        is_complete = is_complete and next(combinations, None) is None
        is_complete = is_complete and all(
            sum(not w.fails for w in walks.found) <= _MOST_INNER for walks in branches
        )
        bad = [
            inner
            for index, walks in enumerate(branches)
            for walk in walks.found
            if walk.fails
            for inner in [_one_fails(branches, index, walk, times)]
        ]
        return good, bad, is_complete


def _one_fails(
    branches: Sequence[Walks], failing: int, walk: Walk, times: int
) -> tuple[Inner, ...]:
    """One branch or iteration fails, the others had come to their happy end by then."""
    insides: list[Inner] = []
    for index, walks in enumerate(branches):
        if index == failing:
            insides.append(Inner(walk=walk, times=1 if times else 0))
        if index != failing or times > 1:
            others = times - 1 if index == failing else times
            if walks.happy is not None and not walks.happy.fails:
                insides.append(Inner(walk=walks.happy, times=others))
    return tuple(insides)
