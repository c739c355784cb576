"""The example's rules against the table of who gets which event, on the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from constructs_lib.local import EmbeddedAws
from tests.routing.negatives import NEGATIVES
from tests.routing.stack_rules import stack_rules
from tests.routing.table import SAMPLES, Bus, Sample

if TYPE_CHECKING:
    from tests.local.conftest import WaitUntil

RULES = tuple(stack_rules())
_BATCH = 10  # PutEvents takes no more


def _resources() -> dict[str, object]:
    """The stacks' buses and rules, each rule with a queue of its own in its targets' place."""
    resources: dict[str, object] = {
        bus.value: {
            "Type": "AWS::Events::EventBus",
            "Properties": {"Name": {"Fn::Sub": f"${{AWS::StackName}}-{bus.value}"}},
        }
        for bus in Bus
    }
    for rule in RULES:
        queue = f"{rule.name}Queue"
        resources[queue] = {"Type": "AWS::SQS::Queue"}
        resources[rule.name] = {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventBusName": {"Ref": rule.bus.value},
                "EventPattern": rule.pattern,
                "Targets": [{"Id": "queue", "Arn": {"Fn::GetAtt": [queue, "Arn"]}}],
            },
        }
    return resources


class Routing:
    """The deployed rules: publishes events and says whom each reached."""

    def __init__(self, aws: EmbeddedAws, physical_id: Callable[[str], str]) -> None:
        self._events = aws.client("events")
        self._queues = aws.client("sqs")
        self._buses = {bus: physical_id(bus.value) for bus in Bus}
        self._urls = {rule.name: physical_id(f"{rule.name}Queue") for rule in RULES}

    def close(self) -> None:
        self._events.close()
        self._queues.close()

    def publish(self, samples: Sequence[Sample]) -> list[str]:
        """Publish events; their ids in the same order."""
        ids: list[str] = []
        for start in range(0, len(samples), _BATCH):
            answer = self._events.put_events(
                Entries=[
                    {
                        "EventBusName": self._buses[sample.bus],
                        "Source": sample.source,
                        "DetailType": sample.detail_type,
                        "Detail": json.dumps(sample.detail),
                    }
                    for sample in samples[start : start + _BATCH]
                ]
            )
            assert answer["FailedEntryCount"] == 0, answer
            ids += [entry["EventId"] for entry in answer["Entries"]]
        return ids

    def take(self) -> dict[str, set[str]]:
        """What came since the last look: the rules by the event's id."""
        reached: dict[str, set[str]] = {}
        for rule, url in self._urls.items():
            while messages := self._queues.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10
            ).get("Messages"):
                for message in messages:
                    reached.setdefault(json.loads(message["Body"])["id"], set()).add(rule)
                    self._queues.delete_message(
                        QueueUrl=url, ReceiptHandle=message["ReceiptHandle"]
                    )
        return reached


@pytest.fixture(scope="module")
def routing(aws: EmbeddedAws, wait_until: WaitUntil) -> Iterator[Routing]:
    name = "routing"
    with closing(aws.client("cloudformation")) as stacks:
        stacks.create_stack(StackName=name, TemplateBody=json.dumps({"Resources": _resources()}))

        def made() -> bool:
            status: str = stacks.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]
            assert status in ("CREATE_IN_PROGRESS", "CREATE_COMPLETE")
            return status == "CREATE_COMPLETE"

        wait_until(made)

        def physical_id(logical_id: str) -> str:
            found = stacks.describe_stack_resource(StackName=name, LogicalResourceId=logical_id)
            return found["StackResourceDetail"]["PhysicalResourceId"]

        with closing(Routing(aws, physical_id)) as routing:
            yield routing
        stacks.delete_stack(StackName=name)


def _published_until_seen(
    routing: Routing, samples: Sequence[Sample], wait_until: WaitUntil
) -> list[set[str]]:
    """Whom each event reached, once events that came after all of them have come everywhere."""
    ids = routing.publish(samples)
    last = [sample for sample in SAMPLES if sample.receivers()]
    awaited = {
        (id_, rule)
        for id_, sample in zip(routing.publish(last), last, strict=True)
        for rule in sample.receivers()
    }
    reached: dict[str, set[str]] = {}

    def all_came() -> bool:
        for id_, rules in routing.take().items():
            reached.setdefault(id_, set()).update(rules)
        return {(id_, rule) for id_, rules in reached.items() for rule in rules} >= awaited

    wait_until(all_came)
    return [reached.get(id_, set()) for id_ in ids]


def test_each_event_reaches_those_who_follow_it_and_nobody_else(
    routing: Routing, wait_until: WaitUntil
) -> None:
    reached = _published_until_seen(routing, SAMPLES, wait_until)

    assert dict(zip(map(repr, SAMPLES), reached, strict=True)) == {
        repr(sample): sample.receivers() for sample in SAMPLES
    }


def test_events_that_are_nearly_one_reach_nobody(routing: Routing, wait_until: WaitUntil) -> None:
    reached = _published_until_seen(routing, [n.sample for n in NEGATIVES], wait_until)

    wrong = {
        f"{negative.sample.name}: {negative.change}": rules
        for negative, rules in zip(NEGATIVES, reached, strict=True)
        if rules
    }
    assert wrong == {}
