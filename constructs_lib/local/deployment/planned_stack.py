"""A stack that is about to be deployed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from constructs_lib.local.deployment.assembly import AssembledStack
from constructs_lib.local.deployment.places import Place

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import ParameterTypeDef, StackTypeDef


@dataclass(frozen=True, kw_only=True)
class PlannedStack:
    """A stack, where it goes, what is there of it already, and its parameters."""

    stack: AssembledStack
    place: Place
    existing: StackTypeDef | None
    parameters: tuple[ParameterTypeDef, ...]
