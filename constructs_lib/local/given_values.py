"""Secrets and SSM parameters that an app expects of its account, with values that are given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from constructs_lib.local.account import EmbeddedAccount
from constructs_lib.local.deployment.assembly import AssembledStack
from constructs_lib.local.deployment.outside_values import OutsideValue, outside_values
from constructs_lib.local.deployment.places import Place, Places

if TYPE_CHECKING:
    from mypy_boto3_ssm.literals import ParameterTypeType


@dataclass(frozen=True, kw_only=True)
class GivenValues:
    """Values of secrets and SSM parameters by their names; they are neither printed nor logged."""

    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    ssm: Mapping[str, str] = field(default_factory=dict, repr=False)


def keep_values(
    aws: EmbeddedAccount,
    stacks: Sequence[AssembledStack],
    parameters: Mapping[str, str],
    given: GivenValues,
) -> list[str]:
    """Keep secrets and SSM parameters in all places of the stacks; what is there stays as it is.

    An SSM parameter is made of the type that the templates read, and as often as the version that
    they read.

    Returns:
        The names of those that were not there before.
    """
    if not given.secrets and not given.ssm:
        return []
    kept: dict[str, None] = {}
    with Places(aws) as places:
        at = [(stack, places.of(stack)) for stack in stacks]
        read = [value for _, value in outside_values(at, parameters)]
        for place in {id(place): place for _, place in at}.values():
            for name, value in given.secrets.items():
                called = _called(read, "secretsmanager", name)
                for full_name in {each.short_name for each in called} or {name}:
                    if _keep_secret(place, full_name, value):
                        kept[full_name] = None
            for name, value in given.ssm.items():
                if _keep_parameter(place, name, value, _called(read, "ssm", name)):
                    kept[name] = None
    return list(kept)


def _called(read: Iterable[OutsideValue], service: str, name: str) -> list[OutsideValue]:
    return [each for each in read if each.service == service and each.is_called(name)]


def _keep_secret(place: Place, name: str, value: str) -> bool:
    secrets = place.secrets_manager
    try:
        secrets.create_secret(Name=name, SecretString=value)
    except secrets.exceptions.ResourceExistsException:
        return False
    return True


def _keep_parameter(place: Place, name: str, value: str, read_as: Sequence[OutsideValue]) -> bool:
    kind: ParameterTypeType = next(
        (each.kind for each in read_as if each.kind != "String"), "String"
    )
    try:
        place.ssm.put_parameter(Name=name, Value=value, Type=kind)
    except place.ssm.exceptions.ParameterAlreadyExists:
        return False
    for _ in range(1, max((each.version for each in read_as), default=1)):
        place.ssm.put_parameter(Name=name, Value=value, Type=kind, Overwrite=True)
    return True
