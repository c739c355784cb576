"""Whether the secrets and parameters that templates read are there, before anything is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from constructs_lib.local.deployment.errors import Failure
from constructs_lib.local.deployment.outside_values import OutsideValue, outside_values
from constructs_lib.local.deployment.places import Place
from constructs_lib.local.deployment.planned_stack import PlannedStack


def missing_values(
    planned: Iterable[PlannedStack], parameters: Mapping[str, str]
) -> Iterator[Failure]:
    """Those that an embedded account lacks; a real one is CloudFormation's to look at."""
    stacks = [(each.stack, each.place) for each in planned if each.place.embedded]
    for place, value in outside_values(stacks, parameters):
        if not is_there(place, value):
            yield Failure(
                stack=value.stack,
                resource=value.reader,
                path=value.path,
                type=value.reader_type,
                reason=f"{value} does not exist",
            )


def is_there(place: Place, value: OutsideValue) -> bool:
    """Whether the account has it."""
    if value.service == "secretsmanager":
        secrets = place.secrets_manager
        try:
            secrets.describe_secret(SecretId=value.name)
        except secrets.exceptions.ResourceNotFoundException:
            return False
        return True
    name = f"{value.name}:{value.version}" if value.version else value.name
    try:
        place.ssm.get_parameter(Name=name)
    except (place.ssm.exceptions.ParameterNotFound, place.ssm.exceptions.ParameterVersionNotFound):
        return False
    return True
