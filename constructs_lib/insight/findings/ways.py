"""Ways from name to name, and what lies on them: in one walk, however large they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

#: From each name to those that come right after it; every one of them is a key itself.
Ways = Mapping[str, Sequence[str]]


def reachable(ways: Ways, starts: Iterable[str]) -> set[str]:
    """What can be come to from any of ``starts``, themselves among it."""
    found: set[str] = set()
    pending = [start for start in starts if start in ways]
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += ways[name]
    return found


def backwards(ways: Ways) -> Ways:
    """The same ways, walked against their direction."""
    turned: dict[str, list[str]] = {name: [] for name in ways}
    for name, following in ways.items():
        for one in following:
            turned[one].append(name)
    return turned


def rounds(ways: Ways) -> Iterator[set[str]]:
    """The largest sets of names of which each can be come to from each other, and from itself.

    Source: S. R. Kosaraju's algorithm, in A. Aho, J. Hopcroft, J. Ullman, "Data Structures and
    Algorithms" (1983), 6.7.
    """
    back = backwards(ways)
    placed: set[str] = set()
    for start in reversed(_by_their_end(ways)):
        if start in placed:
            continue
        together: set[str] = set()
        pending = [start]
        while pending:
            name = pending.pop()
            if name not in placed:
                placed.add(name)
                together.add(name)
                pending += back[name]
        if len(together) > 1 or start in ways[start]:
            yield together


def _by_their_end(ways: Ways) -> list[str]:
    """All names, each after everything that can be come to from it and not back."""
    ended: list[str] = []
    seen: set[str] = set()
    for start in ways:
        if start in seen:
            continue
        seen.add(start)
        pending = [(start, iter(ways[start]))]
        while pending:
            name, following = pending[-1]
            new = next((one for one in following if one not in seen), None)
            if new is None:
                ended.append(name)
                pending.pop()
            else:
                seen.add(new)
                pending.append((new, iter(ways[new])))
    return ended
