"""Lengths, counts and sizes that a schema demands, and which of them a newer schema loosens."""

from collections.abc import Callable, Iterator, Mapping

from constructs_lib.contracts.breaking_change import BreakingChange

_REMEDY = "keep the bound, or add a field"
# A bound, and whether the bound itself is excluded: of two lower bounds the greater is tighter.
_Bound = tuple[float, bool]


def loosened_bounds(
    old: Mapping[str, object], new: Mapping[str, object], path: str
) -> Iterator[BreakingChange]:
    """The bounds of ``old`` that ``new`` does not keep."""
    for what in ("Length", "Items", "Properties", "imum"):
        for end, sign in (("min", 1), ("max", -1)):
            before = max(_bounds(old, end, what, sign), default=None)
            after = max(
                [*_bounds(new, end, what, sign), *_bounds_of_values(new, what, sign)], default=None
            )
            if before is None or (after is not None and after >= before):
                continue
            is_now = "gone" if after is None else f"{sign * after[0]:g}"
            yield BreakingChange(
                path=path,
                rule=f"{end}{what} was {sign * before[0]:g}, is {is_now}",
                remedy=_REMEDY,
            )
    step, new_step = _number(old.get("multipleOf")), _number(new.get("multipleOf"))
    if step is not None and (new_step is None or new_step % step != 0):
        yield BreakingChange(
            path=path, rule=f"multipleOf was {step:g}, is {new_step or 'gone'}", remedy=_REMEDY
        )


def _bounds(schema: Mapping[str, object], end: str, what: str, sign: int) -> list[_Bound]:
    """The bounds of one kind; upper ones are negated, so that greater is tighter."""
    found: list[_Bound] = []
    inclusive = _number(schema.get(f"{end}{what}"))
    if inclusive is not None:
        found.append((sign * inclusive, False))
    exclusive = _number(schema.get(f"exclusive{end.title()}{what}"))
    if exclusive is not None:
        whole = schema.get("type") == "integer"
        found.append((sign * exclusive + 1, False) if whole else (sign * exclusive, True))
    return found


def _bounds_of_values(schema: Mapping[str, object], what: str, sign: int) -> list[_Bound]:
    """The bound that an enumeration amounts to."""
    values = schema.get("enum", [])
    sizes = [_SIZES[what](value) for value in (values if isinstance(values, list) else [])]
    known = [sign * size for size in sizes if size is not None]
    return [(min(known), False)] if known and len(known) == len(sizes) else []


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


_SIZES: dict[str, Callable[[object], float | None]] = {
    "Length": lambda value: len(value) if isinstance(value, str) else None,
    "Items": lambda value: len(value) if isinstance(value, list) else None,
    "Properties": lambda value: len(value) if isinstance(value, dict) else None,
    "imum": _number,
}
