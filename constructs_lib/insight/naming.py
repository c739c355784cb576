"""Finding one of many things by a name that a person typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from constructs_lib.insight.errors import InsightError

_T = TypeVar("_T")


def named(
    things: Iterable[_T], name: str, *, names_of: Callable[[_T], Sequence[str]], among: str
) -> _T:
    """The one thing that bears a name; upper and lower case count only if they tell two apart.

    Args:
        names_of: A thing's names, the one that people read first, the unambiguous one last.
        among: What they are things of: ``workflows of cdk.out``.
    Raises:
        InsightError: None bears it, or several do.
    """
    all_things = list(things)
    found = [thing for thing in all_things if name in names_of(thing)] or [
        thing
        for thing in all_things
        if name.casefold() in {each.casefold() for each in names_of(thing)}
    ]
    if len(found) == 1:
        return found[0]
    if found:
        choices = _listed([names_of(thing)[-1] for thing in found])
        raise InsightError(f"{len(found)} {among} are named {name!r}; pass one of {choices}")
    names = [names_of(thing)[0] for thing in all_things]
    near = [each for each in names if name.casefold() in each.casefold()]
    known = f"pass one of {_listed(near or names)}" if names else "there is none at all"
    raise InsightError(f"none of the {among} is named {name!r}; {known}")


def _listed(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
