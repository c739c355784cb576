"""What a cost report says in words: units by their names, and whatever has no price."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.insight import load
from constructs_lib.insight.cost import cost_report
from constructs_lib.insight.cost.event_flows import EventFlow
from constructs_lib.insight.cost.tables import amount, units_text
from constructs_lib.insight.cost.units import units
from constructs_lib.insight.prices import prices


@pytest.mark.parametrize("price_id", [price.id for price in prices()])
def test_each_unit_has_a_name_for_tables(price_id: str) -> None:
    assert price_id not in units_text(units(price_id, 1))


@pytest.mark.parametrize(
    ("count", "written"),
    [
        (Decimal(3), "3"),
        (Decimal("0.625"), "0.625"),
        (Decimal("9.5367431640625e-7"), "0.000000954"),
        (Decimal("12345.678"), "12,346"),
    ],
)
def test_amounts_have_no_exponents(count: Decimal, written: str) -> None:
    assert amount(count) == written


def _flows(folder: Path, **resources: dict[str, Any]) -> dict[str, EventFlow]:
    path = folder / "app.json"
    path.write_text(json.dumps({"Resources": resources}), encoding="utf-8")
    return {flow.name: flow for flow in cost_report(load(path)).flows}


def _rule(**properties: Any) -> dict[str, Any]:
    pattern = {"source": ["shop"], "detail-type": ["Sold"]}
    return {"Type": "AWS::Events::Rule", "Properties": {"EventPattern": pattern, **properties}}


_TARGET = {"Id": "a", "Arn": {"Fn::GetAtt": ["Queue", "Arn"]}}


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (_rule(), "Rule takes it and has no target"),
        (_rule(State="DISABLED", Targets=[_TARGET]), "Rule is disabled and takes none"),
    ],
)
def test_why_nothing_becomes_of_an_event_is_said(
    rule: dict[str, Any], said: str, tmp_path: Path
) -> None:
    flows = _flows(tmp_path, Rule=rule, Queue={"Type": "AWS::SQS::Queue"})

    assert flows["Sold of shop"].notes == (said,)


def test_what_reading_a_stream_costs_is_not_passed_over(tmp_path: Path) -> None:
    pipe = {
        "Type": "AWS::Pipes::Pipe",
        "Properties": {
            "Source": {"Fn::GetAtt": ["Stream", "Arn"]},
            "Target": {"Fn::GetAtt": ["Queue", "Arn"]},
            "DesiredState": "STOPPED",
        },
    }

    flows = _flows(
        tmp_path,
        Pipe=pipe,
        Stream={"Type": "AWS::Kinesis::Stream"},
        Queue={"Type": "AWS::SQS::Queue"},
    )

    assert flows["record of Pipe"].notes[:2] == (
        "it is stopped: nothing is billed until it is started",
        "what it costs to read Stream is not known here",
    )


@pytest.mark.parametrize(
    ("arn", "price_id"),
    [
        ("arn:aws:sqs:eu-west-1:1:orders", "queue-requests"),
        ("arn:aws:sqs:eu-west-1:1:orders.fifo", "fifo-queue-requests"),
        ("arn:aws:sns:eu-west-1:1:news", "topic-publishes"),
        ("arn:aws:events:eu-west-1:1:event-bus/other", "cross-account-events"),
        ("arn:aws:events:eu-west-1:1:api-destination/crm/1", "api-destination-calls"),
        ("arn:aws:lambda:eu-west-1:1:function:pack", "lambda-requests"),
    ],
)
def test_a_delivery_out_of_the_assembly_has_its_price(
    arn: str, price_id: str, tmp_path: Path
) -> None:
    rule = _rule(Targets=[{"Id": "a", "Arn": arn}])

    flow = _flows(tmp_path, Rule=rule)["Sold of shop"]

    assert dict(flow.consumer_units.counts) == {price_id: 1}
    assert flow.notes == (f"what {arn} does with it is not in the assembly",)
