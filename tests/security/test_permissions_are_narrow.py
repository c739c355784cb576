"""No policy allows an action on every resource, or every action, where AWS can say it narrower."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.security.assemblies import Assembly, Template

_XRAY = "trace segments and sampling rules belong to the account; X-Ray has no resource for them"
_LOG_DELIVERY = "CloudWatch Logs defines no resource for log deliveries and their policies"
#: Actions for which the service authorization reference names no resource type (read 2026-11-23).
WITHOUT_RESOURCE: Mapping[str, str] = {
    "xray:PutTraceSegments": _XRAY,
    "xray:PutTelemetryRecords": _XRAY,
    "xray:GetSamplingRules": _XRAY,
    "xray:GetSamplingTargets": _XRAY,
    "events:ListReplays": "replays are listed for the account; there is no resource to name",
    "logs:CreateLogDelivery": _LOG_DELIVERY,
    "logs:GetLogDelivery": _LOG_DELIVERY,
    "logs:UpdateLogDelivery": _LOG_DELIVERY,
    "logs:DeleteLogDelivery": _LOG_DELIVERY,
    "logs:ListLogDeliveries": _LOG_DELIVERY,
    "logs:PutResourcePolicy": _LOG_DELIVERY,
    "logs:DescribeResourcePolicies": _LOG_DELIVERY,
    "logs:DescribeLogGroups": _LOG_DELIVERY,
}


def _statements(value: object) -> Iterator[Mapping[str, Any]]:
    """The statements that allow something, wherever in a template they stand."""
    if isinstance(value, Mapping):
        if value.get("Effect") == "Allow":
            yield value
        for part in value.values():
            yield from _statements(part)
    elif isinstance(value, list):
        for part in value:
            yield from _statements(part)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _is_key_administration(statement: Mapping[str, Any]) -> bool:
    """Whether it is what hands a key to the policies of its own account, as AWS advises."""
    principal = statement.get("Principal", {})
    return statement.get("Action") == "kms:*" and str(principal).endswith(":root']]}}")


def _too_wide(template: Template) -> list[str]:
    """What is wrong with each statement that allows more than it could."""
    found = []
    for logical_id, resource in template["Resources"].items():
        is_key = resource["Type"] == "AWS::KMS::Key"
        for statement in _statements(resource.get("Properties", {})):
            if is_key and _is_key_administration(statement):
                continue
            actions = [str(action) for action in _list(statement.get("Action", "*"))]
            found += [f"{logical_id}: action {action}" for action in actions if "*" in action]
            # In a key's own policy "*" is the key.
            if not is_key and "*" in _list(statement.get("Resource", "")):
                found += [
                    f"{logical_id}: {action} on *"
                    for action in actions
                    if action not in WITHOUT_RESOURCE
                ]
            if "NotAction" in statement or "NotResource" in statement:
                found.append(f"{logical_id}: allows all but something")
    return found


def test_no_statement_is_wider_than_aws_makes_it(assemblies: Mapping[str, Assembly]) -> None:
    assert [
        f"{app}, {stack}: {finding}"
        for app, assembly in assemblies.items()
        for stack, template in assembly.read().items()
        for finding in _too_wide(template)
    ] == []


def test_every_action_in_the_list_is_used(assemblies: Mapping[str, Assembly]) -> None:
    used = {
        str(action)
        for assembly in assemblies.values()
        for template in assembly.read().values()
        for statement in _statements(template)
        for action in _list(statement.get("Action", ""))
    }

    assert WITHOUT_RESOURCE.keys() - used == set()


@pytest.mark.parametrize(
    "statement",
    [
        {"Action": "dynamodb:GetItem", "Resource": "*"},
        {"Action": ["xray:PutTraceSegments", "s3:GetObject"], "Resource": ["*"]},
        {"Action": "dynamodb:*", "Resource": "arn:aws:dynamodb:us-east-1:1:table/users"},
        {"Action": "dynamodb:Get*", "Resource": "arn:aws:dynamodb:us-east-1:1:table/users"},
        {"NotAction": "iam:PassRole", "Resource": "arn:aws:s3:::bucket"},
    ],
    ids=str,
)
def test_a_wide_statement_is_found(statement: dict[str, object]) -> None:
    policy = {"PolicyDocument": {"Statement": [{"Effect": "Allow", **statement}]}}

    assert _too_wide({"Resources": {"Policy": {"Type": "AWS::IAM::Policy", "Properties": policy}}})


@pytest.mark.parametrize(
    "statement",
    [
        {"Action": "kms:*", "Principal": {"Service": "events.amazonaws.com"}},
        {"Action": "kms:*", "Principal": {"AWS": "*"}},
        {"Action": "kms:ReEncrypt*", "Principal": {"Service": "events.amazonaws.com"}},
    ],
    ids=str,
)
def test_a_wide_statement_in_the_policy_of_a_key_is_found(statement: dict[str, object]) -> None:
    policy = {"KeyPolicy": {"Statement": [{"Effect": "Allow", "Resource": "*", **statement}]}}

    assert _too_wide({"Resources": {"Key": {"Type": "AWS::KMS::Key", "Properties": policy}}})


def test_a_narrow_statement_is_not_found() -> None:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/a"}
    policy = {"PolicyDocument": {"Statement": [statement]}}

    template = {"Resources": {"Policy": {"Type": "AWS::IAM::Policy", "Properties": policy}}}
    assert _too_wide(template) == []
