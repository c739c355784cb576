"""How often each way through a workflow is taken."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path

from constructs_lib.insight.cost.workflow_cost import PathCost, WorkflowCost
from constructs_lib.insight.errors import InsightError

_TOLERANCE = Decimal("0.000001")


def read_mix(stated: Iterable[str]) -> dict[str, Decimal]:
    """Shares by name or id of a path.

    Args:
        stated: ``path=share`` each, or the path of a JSON file with an object of shares.
    Raises:
        InsightError: A share is no number from 0 to 1, or the file cannot be read.
    """
    shares: dict[str, Decimal] = {}
    for one in stated:
        name, equals, value = one.rpartition("=")
        written = {name: value} if equals else _from_file(Path(one))
        shares.update({key: _share(key, each) for key, each in written.items()})
    return shares


def mix_of(cost: WorkflowCost, shares: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The shares of one workflow's paths, by their id; all on the happy path if none is stated.

    Raises:
        InsightError: The shares of this workflow do not make 1.
    """
    mix: dict[str, Decimal] = {}
    for name, share in shares.items():
        path = named_path(cost, name)
        if path is not None:
            mix[path.id] = mix.get(path.id, Decimal(0)) + share
    if not mix:
        return {cost.happy.id: Decimal(1)} if cost.happy else {}
    whole = sum(mix.values(), Decimal(0))
    if abs(whole - 1) > _TOLERANCE:
        raise InsightError(
            f"the shares of the paths of {cost.name} must make 1, got {whole}; "
            "state all paths that are taken"
        )
    return mix


def named_path(cost: WorkflowCost, name: str) -> PathCost | None:
    """The path of that name or id; of that last state, the one on which least fails."""
    exact = [path for path in cost.paths if name in (path.name, path.id)]
    ending = [path for path in cost.paths if path.ends_in == name]
    return next(iter([*exact, *ending]), None)


def require_known(costs: Iterable[WorkflowCost], shares: Mapping[str, Decimal]) -> None:
    """See that every share is that of some path.

    Raises:
        InsightError: One is not.
    """
    counted = tuple(costs)
    for name in shares:
        if not any(named_path(cost, name) for cost in counted):
            names = [path.name for cost in counted for path in cost.paths]
            raise InsightError(
                f"the mix must name paths of the workflows, got {name!r}; "
                f"they are {', '.join(names[:20])}"
            )


def _from_file(path: Path) -> Mapping[str, object]:
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InsightError(
            f"the mix must be path=share or a JSON file, got {str(path)!r}: {error}"
        ) from None
    if not isinstance(written, Mapping):
        raise InsightError(f"{path} must hold an object of shares, got {type(written).__name__}")
    return written


def _share(name: str, value: object) -> Decimal:
    try:
        share = Decimal(str(value))
    except InvalidOperation:
        share = Decimal(-1)
    if not 0 <= share <= 1:
        raise InsightError(
            f"the share of {name!r} must be from 0 to 1, got {value!r}; 0.9 is nine in ten"
        )
    return share
