"""What a redriven event looks like to its target, as AWS was seen to make it."""

import json

import pytest

from constructs_lib.operations.target_input import TargetInputError, target_input

RULE = "arn:aws:events:eu-west-1:123456789012:rule/orders/Billing"
DETAIL = {
    "command": "display-message",
    "sum": 3,
    "valid": True,
    "payload": {"acc_id": "0a787ecb-4015", "sf_id": "baz"},
    "list": ["ACTIVE", "INACTIVE"],
    "quote": 'say "hi"',
}
EVENT = {
    "version": "0",
    "id": "e-1",
    "detail-type": "OrderPlaced",
    "source": "shop",
    "account": "123456789012",
    "time": "2026-11-23T10:00:00Z",
    "region": "eu-west-1",
    "resources": [],
    "detail": DETAIL,
}


def made(target: dict[str, object]) -> str:
    return target_input(target, EVENT, rule_arn=RULE)


def test_without_input_the_target_gets_the_whole_event() -> None:
    assert json.loads(made({"Arn": "any"})) == EVENT


def test_a_constant_replaces_the_event() -> None:
    assert made({"Input": '{"fixed": 1}'}) == '{"fixed": 1}'


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("$", EVENT),
        ("$.detail", DETAIL),
        ("$.detail.command", "display-message"),
        ("$.detail.list[1]", "INACTIVE"),
        ("$['detail-type']", "OrderPlaced"),
        ("$.detail-type", "OrderPlaced"),
        ("$.detail.none", ""),
        ("$.detail.list[7]", ""),
        ("$.source.deeper", ""),
    ],
)
def test_a_path_takes_a_part_of_the_event(path: str, expected: object) -> None:
    assert json.loads(made({"InputPath": path})) == expected


@pytest.mark.parametrize("path", ["$.detail.list[*]", "$..id", "detail", "$.detail[?(@.a)]"])
def test_a_path_beyond_names_and_indexes_is_refused(path: str) -> None:
    with pytest.raises(TargetInputError, match="names and indexes"):
        made({"InputPath": path})


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ('"Event of <type> type"', '"Event of OrderPlaced type"'),
        ('"Payload of <payload>"', '"Payload of {acc_id:0a787ecb-4015,sf_id:baz}"'),
        ('"<list> multiple"', '"[ACTIVE,INACTIVE] multiple"'),
        ('"Command is <valid>, <none>!"', '"Command is true, !"'),
        ('{"type": <type>, "n": <sum>}', '{"type": "OrderPlaced", "n": 3}'),
        ('{"type": "<type>/<sum>"}', '{"type": "OrderPlaced/3"}'),
        ('{"p": <payload>}', '{"p": {"acc_id": "0a787ecb-4015", "sf_id": "baz"}}'),
        ('{"q": "<quote>"}', '{"q": "say \\"hi\\""}'),
        ('{"none": <none>}', '{"none": ""}'),
    ],
)
def test_a_template_is_filled_in_as_eventbridge_does_it(template: str, expected: str) -> None:
    paths = {name: f"$.detail.{name}" for name in (*DETAIL, "none")}
    paths["type"] = "$.detail-type"

    assert made({"InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}}) == (
        expected
    )


def test_a_template_knows_the_rule_and_the_event() -> None:
    template = (
        '{"rule": <aws.events.rule-arn>, "name": "<aws.events.rule-name>", '
        '"at": <aws.events.event.ingestion-time>, "all": <aws.events.event.json>, '
        '"head": <aws.events.event>}'
    )

    filled = json.loads(made({"InputTransformer": {"InputTemplate": template}}))

    assert (filled["rule"], filled["name"], filled["all"]) == (RULE, "Billing", EVENT)
    assert filled["at"] == "2026-11-23T10:00:00Z"
    assert filled["head"]["detailType"] == "OrderPlaced"
    assert "detail" not in filled["head"]


@pytest.mark.parametrize(
    ("template", "problem"),
    [
        ('{"a": <unknown>}', "not in its map of paths"),
        ('{"a": <aws.events.rule-arn>,}', "not JSON"),
    ],
)
def test_a_template_that_eventbridge_would_not_deliver_is_refused(
    template: str, problem: str
) -> None:
    with pytest.raises(TargetInputError, match=problem):
        made({"InputTransformer": {"InputTemplate": template}})
