"""Find the one thing that is meant by a name, or by a part of it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

_T = TypeVar("_T")
_SHOWN = 10


class UnknownNameError(Exception):
    """Nothing, or more than one thing, is meant; the message names what comes near."""


def pick(
    wanted: str, things: Iterable[_T], *, names: Callable[[_T], Sequence[str]], what: str
) -> _T:
    """The thing of that name; else the only one of whose names it is a part.

    A whole name goes before the end of a path (``SignUp/Workflow``), that before other whole parts
    of a path, these before any part; upper and lower case are the same.

    Args:
        wanted: The name.
        things: What is looked through.
        names: The names of a thing; the first is what it is called in messages, the last is told
            where that is the same for several.
        what: What the things are called in messages, such as ``workflow``.
    Raises:
        UnknownNameError: It is the name of none, or a part of several.
    """
    candidates = list(things)
    text = wanted.casefold()
    for fits in (str.__eq__, _is_path_end, _is_path_part, str.__contains__):
        found = [
            each for each in candidates if any(fits(name.casefold(), text) for name in names(each))
        ]
        if len(found) == 1:
            return found[0]
        if found:
            told = [names(each)[0] for each in found]
            if len(set(told)) < len(told):
                told = [names(each)[-1] for each in found]
            raise UnknownNameError(
                f"{what} must be the name of one, {wanted!r} fits {_listed(told)}; write more of it"
            )
    called: dict[str, list[str]] = {}
    for each in candidates:
        for name in _parts(names(each)):
            called.setdefault(name, []).append(names(each)[0])
    near = difflib.get_close_matches(wanted, called, n=3, cutoff=0.5)
    hint = (
        f"did you mean {_listed(dict.fromkeys(each for name in near for each in called[name]))}?"
        if near
        else f"there are: {_listed(names(each)[0] for each in candidates) or 'none'}"
    )
    raise UnknownNameError(f"{what} must be one that there is, got {wanted!r}; {hint}")


def _is_path_end(name: str, wanted: str) -> bool:
    return f"/{name}".endswith(f"/{wanted}")


def _is_path_part(name: str, wanted: str) -> bool:
    return f"/{wanted}/" in f"/{name}/"


def _parts(names: Sequence[str]) -> Iterable[str]:
    for name in names:
        yield name
        yield from name.split("/")


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    more = f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return ", ".join(found[:_SHOWN]) + more
