"""Put each case to an AWS and compare its answer."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tests.parity.answers import is_same, is_same_history, is_same_output
from tests.parity.case_files import Case

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

    from constructs_lib.local import EmbeddedAws

_ROLE = "arn:aws:iam::111111111111:role/any"
_THREADS = 8
_DEADLINE_SECONDS = 30.0
_POLL_SECONDS = 0.005
# What a pattern is tested with that is only asked to be valid.
_ENVELOPE = {
    "id": "1",
    "source": "any",
    "detail-type": "any",
    "account": "111111111111",
    "region": "us-east-1",
    "time": "2026-11-23T12:00:00Z",
    "resources": [],
    "detail": {},
}


@dataclass(frozen=True)
class Outcome:
    """Whether AWS's answer was given, and its history; None where that was not recorded."""

    case: Case
    is_answered: bool
    has_history: bool | None
    answer: str


class Questions:
    """An AWS under question."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self._states: SFNClient = aws.client("stepfunctions")
        self._events: EventBridgeClient = aws.client("events")
        self._queues: SQSClient = aws.client("sqs")

    def ask(self, cases: Iterable[Case]) -> list[Outcome]:
        """Ask all of them, several at a time."""
        with ThreadPoolExecutor(_THREADS) as pool:
            return list(pool.map(self._ask, cases))

    def close(self) -> None:
        for client in (self._states, self._events, self._queues):
            client.close()

    def _ask(self, case: Case) -> Outcome:
        if case.kind == "workflows":
            return self._execute(case)
        if case.kind == "event_patterns":
            return self._match(case)
        return self._transform(case)

    def _execute(self, case: Case) -> Outcome:
        expected = case.expected
        execution = self._states.start_execution(
            stateMachineArn=self._states.create_state_machine(
                name=f"parity-{uuid.uuid4().hex}",
                definition=_text(case.given["definition"]),
                roleArn=_ROLE,
            )["stateMachineArn"],
            input=_text(case.given["input"]),
        )["executionArn"]
        ended = self._end(execution)
        right = ended["status"] == expected["status"] and ended.get("error") == expected.get(
            "error"
        )
        if "output" in expected and not case.given.get("nondeterministic"):
            right = right and is_same_output(expected["output"], json.loads(ended["output"]))
        if "cause" in expected:
            right = right and is_same(expected["cause"], ended.get("cause"))
        kinds = self._history(execution) if "event_types" in expected else []
        has_history = is_same_history(expected["event_types"], kinds) if kinds else None
        told = {key: ended.get(key) for key in ("status", "output", "error", "cause")}
        return Outcome(case, right, has_history, f"{told} {' '.join(kinds)}")

    def _end(self, execution: str) -> Any:
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while True:
            found = self._states.describe_execution(executionArn=execution)
            if found["status"] != "RUNNING" or time.monotonic() > deadline:
                return found
            time.sleep(_POLL_SECONDS)

    def _history(self, execution: str) -> list[str]:
        pages = self._states.get_paginator("get_execution_history").paginate(executionArn=execution)
        return [event["type"] for page in pages for event in page["events"]]

    def _match(self, case: Case) -> Outcome:
        event = case.given["event"]
        if not isinstance(event, str):
            event = json.dumps({**_ENVELOPE, **(event or {})})
        try:
            pattern = _text(case.given["pattern"])
            answer: object = self._events.test_event_pattern(EventPattern=pattern, Event=event)[
                "Result"
            ]
        except ClientError as error:
            answer = "exception"
            if error.response["Error"]["Code"] != "InvalidEventPatternException":
                answer = str(error)
        right = answer == case.expected
        if case.expected == "valid":
            right = isinstance(answer, bool)
        return Outcome(case, right, None, str(answer))

    def _transform(self, case: Case) -> Outcome:
        name = f"parity-{uuid.uuid4().hex}"
        queue = self._queues.create_queue(QueueName=name)["QueueUrl"]
        arn = self._queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
        rule = self._events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
        transformer = {"InputTemplate": case.given["template"]}
        if case.given["input_paths"]:
            transformer["InputPathsMap"] = case.given["input_paths"]
        target: Any = {
            "Id": "queue",
            "Arn": arn["Attributes"]["QueueArn"],
            "InputTransformer": transformer,
        }
        self._events.put_targets(Rule=name, Targets=[target])
        detail = json.dumps(case.given["event"]["detail"])
        self._events.put_events(Entries=[{"Source": name, "DetailType": "any", "Detail": detail}])
        bodies = self._bodies(queue)
        right = bool(bodies) and is_same(case.expected, json.loads(bodies[0]))
        self._events.remove_targets(Rule=name, Ids=["queue"])
        self._events.delete_rule(Name=rule["RuleArn"].rpartition("/")[2])
        return Outcome(case, right, None, str(bodies))

    def _bodies(self, queue: str) -> Sequence[str]:
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while time.monotonic() < deadline:
            found = self._queues.receive_message(QueueUrl=queue).get("Messages")
            if found:
                return [message["Body"] for message in found]
            time.sleep(_POLL_SECONDS)
        return []


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
