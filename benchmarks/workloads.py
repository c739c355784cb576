"""What each figure does to an emulator."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from benchmarks.emulators import Emulator
from benchmarks.measuring import Measured, median_ms
from constructs_lib.local import deploy

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

#: The part that does not depend on what else the machine does.
PROCESSOR = "processor time of the emulator"
_ROLE = "arn:aws:iam::000000000000:role/any"
_TASKS = 8
_RULES = 1_000
_EXECUTIONS = 1_000
# Nearly all of the others' time is waiting.
_AT_A_TIME = 8
_REST_SECONDS = 0.05
_POLL_SECONDS = 0.001
_EXECUTION_SECONDS_MAX = 30.0


def processor_seconds(emulator: Emulator) -> float:
    """What the emulator's process has worked so far."""
    times = psutil.Process(emulator.pid).cpu_times()
    return float(times.user + times.system)


def _processor_ms(emulator: Emulator, run: Callable[[], object], runs: int) -> float:
    """What the emulator's process works for a run, in milliseconds."""
    before = processor_seconds(emulator)
    for _ in range(runs):
        run()
    return (processor_seconds(emulator) - before) / runs * 1000


def direct_deploy(emulator: Emulator, assembly: Path) -> float:
    """The three example stacks, from a synthesized assembly to outputs: the seconds it took."""
    begin = time.perf_counter()
    deploy(assembly, emulator.account)
    return time.perf_counter() - begin


def event_to_queue(emulator: Emulator, runs: int) -> Measured:
    """From the call of PutEvents until the message has been received from the rule's queue."""
    with (
        closing(emulator.account.client("events")) as events,
        closing(emulator.account.client("sqs")) as sqs,
    ):
        url = sqs.create_queue(QueueName="benchmark")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        events.put_rule(Name="all", EventPattern='{"source": ["benchmark"]}')
        events.put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": arn["QueueArn"]}])

        def publish() -> None:
            entry = {"Source": "benchmark", "DetailType": "Ran", "Detail": '{"n": 1}'}
            events.put_events(Entries=[entry])  # type: ignore[list-item]  # a dict is one

        def receive() -> None:
            while not sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1).get("Messages"):
                pass

        def publish_and_receive() -> None:
            publish()
            receive()

        whole = median_ms(publish_and_receive, runs)
        sending = median_ms(publish, runs)
        receiving = median_ms(receive, runs)
        processor = _processor_ms(emulator, publish_and_receive, runs)
    parts = {
        "PutEvents with delivery": sending,
        "ReceiveMessage": receiving,
        PROCESSOR: processor,
    }
    return Measured(value=whole, runs=runs, parts=parts)


def eight_tasks(emulator: Emulator, runs: int) -> Measured:
    """An execution of eight tasks, from StartExecution until DescribeExecution says its end."""
    with Tasks(emulator) as tasks:
        whole = median_ms(tasks.run, runs)
        execution = tasks.run()
        describe = median_ms(lambda: tasks.describe(execution), runs)
        processor = _processor_ms(emulator, tasks.run, runs)
    parts = {"one DescribeExecution": describe, PROCESSOR: processor}
    return Measured(value=whole, runs=runs, parts=parts)


def thousand_rules(emulator: Emulator, runs: int) -> Measured:
    """PutEvents of one event, that no rule wants, on a bus with 1,000 rules."""
    return _put_events_with(
        emulator,
        runs,
        [
            {
                "source": [f"shop-{number % 10}"],
                "detail-type": [f"Kind {number}"],
                "detail": {"n": [{"numeric": [">", number]}]},
            }
            for number in range(_RULES)
        ],
    )


def thousand_numbers(emulator: Emulator, runs: int) -> Measured:
    """The same where a numeric filter alone tells 1,000 rules apart."""
    return _put_events_with(
        emulator,
        runs,
        [
            {"source": ["shop"], "detail": {"n": [{"numeric": [">", number]}]}}
            for number in range(_RULES)
        ],
    )


def _put_events_with(emulator: Emulator, runs: int, patterns: Sequence[object]) -> Measured:
    with closing(emulator.account.client("events")) as events:
        bus = "benchmark"
        events.create_event_bus(Name=bus)
        entry: PutEventsRequestEntryTypeDef = {
            "EventBusName": bus,
            "Source": "shop",
            "DetailType": "Sold",
            "Detail": '{"n": -1}',
        }

        def publish() -> None:
            events.put_events(Entries=[entry])

        without = median_ms(publish, runs)
        for number, pattern in enumerate(patterns):
            text = json.dumps(pattern)
            events.put_rule(Name=f"rule-{number}", EventBusName=bus, EventPattern=text)
        whole = median_ms(publish, runs)
        processor = _processor_ms(emulator, publish, runs)
    parts = {"the same without a rule": without, PROCESSOR: processor}
    return Measured(value=whole, runs=runs, parts=parts)


def memory(emulator: Emulator) -> Measured:
    """Resident megabytes after 1,000 executions of eight tasks, some at a time."""
    process = psutil.Process(emulator.pid)
    before = process.memory_info().rss / 1e6
    with Tasks(emulator) as tasks:
        with ThreadPoolExecutor(_AT_A_TIME) as pool:
            for ended in [pool.submit(tasks.run, _REST_SECONDS) for _ in range(_EXECUTIONS)]:
                ended.result()
        after = process.memory_info().rss / 1e6
    return Measured(value=after, runs=1, parts={"before them": before})


class Tasks:
    """A workflow of eight tasks, writes to a table and messages to a queue by turns."""

    def __init__(self, emulator: Emulator) -> None:
        account = emulator.account
        self._workflows = account.client("stepfunctions")
        with closing(account.client("dynamodb")) as tables, closing(account.client("sqs")) as sqs:
            tables.create_table(
                TableName="benchmark",
                KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
            url = sqs.create_queue(QueueName="benchmark-tasks")["QueueUrl"]
        put = {"TableName": "benchmark", "Item": {"key": {"S.$": "$.key"}}}
        send = {"QueueUrl": url, "MessageBody.$": "$.key"}
        kinds = (("dynamodb:putItem", put), ("sqs:sendMessage", send))
        states = {}
        for number in range(_TASKS):
            resource, parameters = kinds[number % 2]
            following = {"End": True} if number == _TASKS - 1 else {"Next": f"Task {number + 1}"}
            states[f"Task {number}"] = {
                "Type": "Task",
                "Resource": f"arn:aws:states:::{resource}",
                "Parameters": parameters,
                "ResultPath": None,
                "TimeoutSeconds": 30,
                **following,
            }
        self._machine = self._workflows.create_state_machine(
            name="benchmark",
            definition=json.dumps({"StartAt": "Task 0", "States": states}),
            roleArn=_ROLE,
        )["stateMachineArn"]

    def __enter__(self) -> Tasks:
        """Nothing more to do."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Close the connections."""
        self._workflows.close()

    def run(self, poll_seconds: float = _POLL_SECONDS) -> str:
        """Run it once, to its end; the execution's ARN."""
        execution = self._workflows.start_execution(
            stateMachineArn=self._machine, name=uuid.uuid4().hex, input='{"key": "k"}'
        )["executionArn"]
        deadline = time.perf_counter() + _EXECUTION_SECONDS_MAX
        while (status := self.describe(execution)) == "RUNNING":
            if time.perf_counter() > deadline:
                raise RuntimeError("the execution does not end")
            time.sleep(poll_seconds)
        if status != "SUCCEEDED":
            raise RuntimeError(f"the execution has {status}")
        return execution

    def describe(self, execution: str) -> str:
        """The status of an execution."""
        return self._workflows.describe_execution(executionArn=execution)["status"]
