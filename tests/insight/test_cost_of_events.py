"""What becomes of an event, and what a mix of paths costs with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.insight import InsightError, load
from constructs_lib.insight.cost import DEFAULTS, CostReport, cost_report, read_mix, with_stated
from constructs_lib.insight.cost.event_flows import EventFlow
from constructs_lib.insight.model import Assembly
from tests.insight.machines import FAIL, SUCCEED, machine, read, task

_PATTERN = {"source": ["shop"], "detail-type": ["Ordered"]}


def _arn(name: str) -> dict[str, list[str]]:
    return {"Fn::GetAtt": [name, "Arn"]}


def _rule(*targets: str, pattern: Mapping[str, Any] = _PATTERN, **more: Any) -> dict[str, Any]:
    properties = {
        "EventBusName": {"Ref": "Bus"},
        "EventPattern": pattern,
        "Targets": [{"Id": name, "Arn": _arn(name)} for name in targets],
        **more,
    }
    return {"Type": "AWS::Events::Rule", "Properties": properties}


def _shop(tmp_path: Path, **resources: Any) -> Assembly:
    """A bus, a queue, a function that reads it, and what a test adds."""
    template = {
        "Resources": {
            "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "shop"}},
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {}},
            "Reader": {"Type": "AWS::Lambda::Function", "Properties": {"MemorySize": 1024}},
            "Polling": {
                "Type": "AWS::Lambda::EventSourceMapping",
                "Properties": {"FunctionName": {"Ref": "Reader"}, "EventSourceArn": _arn("Queue")},
            },
            **resources,
        }
    }
    path = tmp_path / "shop.template.json"
    path.write_text(json.dumps(template), encoding="utf-8")
    return load(path)


def _flow(report: CostReport, name: str = "Ordered of shop") -> EventFlow:
    return next(flow for flow in report.flows if flow.name == name)


def _units(assembly: Assembly, *assumed: str) -> dict[str, float]:
    return _flow(cost_report(assembly, assumptions=with_stated(DEFAULTS, assumed))).units.to_json()


def test_an_event_is_billed_once_and_its_delivery_by_the_queue(tmp_path: Path) -> None:
    assert _units(_shop(tmp_path, Rule=_rule("Queue"))) == {
        "custom-events": 1,
        # Sent by EventBridge, received and deleted by the poller.
        "queue-requests": 3,
        "lambda-requests": 1,
        "lambda-gb-seconds": 0.1,
    }


def test_a_function_is_billed_in_steps_of_a_millisecond(tmp_path: Path) -> None:
    units = _units(_shop(tmp_path, Rule=_rule("Reader")), "seconds:Reader=0.0103")

    assert units["lambda-gb-seconds"] == 0.011


def test_messages_that_are_taken_together_share_their_requests(tmp_path: Path) -> None:
    units = _units(_shop(tmp_path, Rule=_rule("Queue")), "batch_messages=10")

    assert (units["queue-requests"], units["lambda-requests"]) == (1.2, 0.1)


def test_a_large_event_is_billed_in_blocks_of_64_kb(tmp_path: Path) -> None:
    # EventBridge's page: 256 KB are 4 events.
    units = _units(_shop(tmp_path, Rule=_rule("Reader")), f"event_bytes={256 * 1024}")

    assert units["custom-events"] == 4


def test_archived_events_are_billed_by_size_and_days(tmp_path: Path) -> None:
    archive = {
        "Type": "AWS::Events::Archive",
        "Properties": {"SourceArn": _arn("Bus"), "RetentionDays": 15},
    }

    units = _units(_shop(tmp_path, Rule=_rule("Reader"), Kept=archive), f"event_bytes={2**30}")

    assert (units["archive-processing"], units["archive-storage"]) == (1, 0.5)


@pytest.mark.parametrize(
    ("pattern", "is_taken"),
    [
        (_PATTERN, True),
        ({"source": ["shop"]}, True),
        ({"detail-type": [{"prefix": "Ord"}]}, True),
        ({"detail-type": [{"anything-but": ["Ordered"]}]}, False),
        ({"detail-type": [{"anything-but": {"prefix": "Ord"}}]}, False),
        ({"source": [{"suffix": "op"}]}, True),
        ({"source": [{"wildcard": "s*p"}]}, True),
        ({"source": [{"equals-ignore-case": "SHOP"}]}, True),
        ({"source": ["other"]}, False),
        ({"$or": [{"source": ["other"]}, {"detail-type": ["Ordered"]}]}, True),
        ({"$or": [{"source": ["other"]}, {"source": ["another"]}]}, False),
    ],
)
def test_a_rule_takes_what_its_pattern_asks_for(
    tmp_path: Path, pattern: dict[str, Any], is_taken: bool
) -> None:
    assembly = _shop(tmp_path, Rule=_rule("Reader"), Other=_rule("Reader", pattern=pattern))

    assert _units(assembly)["lambda-requests"] == (2 if is_taken else 1)


def test_a_rule_that_is_switched_off_takes_nothing(tmp_path: Path) -> None:
    off = _rule("Reader", State="DISABLED")

    assert "lambda-requests" not in _units(_shop(tmp_path, Rule=off))


def test_events_of_aws_are_free(tmp_path: Path) -> None:
    rule = _rule("Reader", pattern={"source": ["aws.s3"], "detail-type": ["Object Created"]})

    flow = _flow(cost_report(_shop(tmp_path, Rule=rule)), "Object Created of aws.s3")

    assert flow.parts[0].units.to_json() == {"aws-events": 1}


def test_what_functions_do_inside_can_be_stated(tmp_path: Path) -> None:
    stated = tmp_path / "assumed.json"
    calls = {"calls": {"Reader": {"Ordered": {"dynamodb-writes": 3}}}}
    stated.write_text(json.dumps(calls), encoding="utf-8")

    assert _units(_shop(tmp_path, Rule=_rule("Queue")), str(stated))["dynamodb-writes"] == 3


def test_alarms_dashboards_keys_and_secrets_are_billed_by_the_month(tmp_path: Path) -> None:
    metric = {"Id": "a", "MetricStat": {}}
    assembly = _shop(
        tmp_path,
        One={"Type": "AWS::CloudWatch::Alarm", "Properties": {}},
        Ratio={
            "Type": "AWS::CloudWatch::Alarm",
            "Properties": {"Metrics": [metric, metric, {"Id": "c", "Expression": "a/b"}]},
        },
        Key={"Type": "AWS::KMS::Key", "Properties": {}},
        Board={"Type": "AWS::CloudWatch::Dashboard", "Properties": {}},
        Secret={"Type": "AWS::SecretsManager::Secret", "Properties": {}},
    )

    assert cost_report(assembly).monthly.to_json() == {
        "alarms": 3,
        "dashboards": 1,
        "keys": 1,
        "secrets": 1,
    }


def _saving(tmp_path: Path) -> Assembly:
    lost = [{"ErrorEquals": ["States.ALL"], "Next": "Lost"}]
    save = task("dynamodb:putItem", Next="Saved", Catch=lost)
    return read(tmp_path, machine("Save", Save=save, Saved=SUCCEED, Lost=FAIL))


def test_a_mix_weighs_the_paths(tmp_path: Path) -> None:
    shares = {"Saved": Decimal("0.75"), "Lost": Decimal("0.25")}

    (at_mix,) = cost_report(_saving(tmp_path), shares=shares).workflows

    assert at_mix.units.to_json() == {"dynamodb-writes": 1, "standard-transitions": 2}
    assert at_mix.most_likely is not None
    assert at_mix.most_likely.name == "Saved"


def test_without_a_mix_all_goes_well(tmp_path: Path) -> None:
    (at_mix,) = cost_report(_saving(tmp_path)).workflows

    assert at_mix.shares == {"p1": 1}


def test_shares_must_make_one(tmp_path: Path) -> None:
    with pytest.raises(InsightError, match=r"must make 1, got 0\.5; state all paths"):
        cost_report(_saving(tmp_path), shares={"Saved": Decimal("0.5")})


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InsightError, match="got 'Saved well'; they are Saved, Lost"):
        cost_report(_saving(tmp_path), shares={"Saved well": Decimal(1)})


@pytest.mark.parametrize("stated", ["Saved=2", "Saved=-1", "Saved=often", "no-such-file.json"])
def test_a_mix_that_is_none_is_refused(stated: str) -> None:
    with pytest.raises(InsightError):
        read_mix([stated])


@pytest.mark.parametrize(
    ("stated", "says"),
    [
        ("event_size=1", "got 'event_size'"),
        ("event_bytes=big", "event_bytes must be a whole number, 0 or more, got 'big'"),
        ("express_seconds=-1", "express_seconds must be a number, 0 or more, got '-1'"),
        ("retry_share=1", "retry_share must be below 1, got 1"),
        ("batch_messages=0", "batch_messages must be 1 or more, got 0"),
        ("no-such-file.json", "must be name=value or a JSON file"),
    ],
)
def test_an_assumption_that_is_none_is_refused(stated: str, says: str) -> None:
    with pytest.raises(InsightError, match=says):
        with_stated(DEFAULTS, [stated])


def test_the_month_takes_free_tiers_off_where_they_are_asked_for(tmp_path: Path) -> None:
    assembly = _saving(tmp_path)
    bills = [
        cost_report(assembly, runs_per_month=2000, with_free_tier=free).month
        for free in (False, True)
    ]

    # 4,000 transitions: $0.10, or free; 2,000 writes have no free tier.
    assert [bill and bill.usd for bill in bills] == [Decimal("0.10125"), Decimal("0.00125")]
