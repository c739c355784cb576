"""The rules of the example's three stacks, from the committed templates."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.golden.golden_files import GOLDEN_FOLDER
from tests.routing.table import Bus

_HASH_LENGTH = 8


@dataclass(frozen=True, kw_only=True)
class StackRule:
    """A rule as synthesized; logical ids are without their hashes."""

    name: str
    bus: Bus
    targets: tuple[str, ...]
    pattern: Mapping[str, object]


def _bus(name: object) -> Bus:
    """The bus that an ``EventBusName`` refers to, in its own stack or through an output."""
    (bus,) = [bus for bus in Bus if bus.value in json.dumps(name)]
    return bus


def _target(arn: Mapping[str, str | list[str]]) -> str:
    """What an ``Arn`` of a target refers to, by ``Ref`` or ``Fn::GetAtt``."""
    (referred,) = arn.values()
    logical_id = referred if isinstance(referred, str) else referred[0]
    return logical_id[:-_HASH_LENGTH]


def stack_rules() -> Iterator[StackRule]:
    """Every rule of every stack."""
    for path in sorted((GOLDEN_FOLDER / "stacks").glob("*.template.json")):
        template = json.loads(path.read_text(encoding="utf-8"))
        for logical_id, resource in template["Resources"].items():
            if resource["Type"] != "AWS::Events::Rule":
                continue
            properties = resource["Properties"]
            yield StackRule(
                name=logical_id[:-_HASH_LENGTH],
                bus=_bus(properties["EventBusName"]),
                targets=tuple(_target(target["Arn"]) for target in properties["Targets"]),
                pattern=properties["EventPattern"],
            )
