"""The clock of an account at time scale 0: what waits ends in order, and the clock can be led."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from typing import TYPE_CHECKING

import pytest

from constructs_lib.local import EmbeddedAws
from constructs_lib.local.faults import Fault
from tests.local.workflows import Json, Workflows, pass_state, sdk_task, seconds_between

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

    from constructs_lib.local.account import EmbeddedAccount
    from tests.local.conftest import WaitUntil

DAY = 86_400
_numbers = count(501_000_000_001)


@pytest.fixture
def own(aws: EmbeddedAws) -> EmbeddedAccount:
    """An account whose clock is nobody else's."""
    return aws.account(str(next(_numbers)))


@pytest.fixture
def workflows(own: EmbeddedAccount, wait_until: WaitUntil) -> Iterator[Workflows]:
    with closing(own.client("stepfunctions")) as client:
        yield Workflows(client, wait_until)


@pytest.fixture
def sqs(own: EmbeddedAccount) -> Iterator[SQSClient]:
    with closing(own.client("sqs")) as client:
        yield client


def wait(seconds: int, **fields: object) -> Json:
    return {"Type": "Wait", "Seconds": seconds, "End": True, **fields}


def side_by_side(*branches: Json) -> Json:
    """A Parallel of branches of states each."""
    made = [{"StartAt": next(iter(states)), "States": states} for states in branches]
    return {"Type": "Parallel", "Branches": made, "End": True}


def ask(queue_url: str, **fields: object) -> Json:
    """Send the token to a queue and wait for the answer."""
    arguments = {"QueueUrl": queue_url, "MessageBody": "{% $states.context.Task.Token %}"}
    return sdk_task("sqs:sendMessage.waitForTaskToken", arguments, **fields)


def exits(workflows: Workflows, execution: str) -> list[str]:
    return [name for what, name in workflows.trace(execution) if what == "exited"]


def token_in(sqs: SQSClient, queue_url: str, wait_until: WaitUntil) -> str:
    def received() -> str | None:
        messages = sqs.receive_message(QueueUrl=queue_url).get("Messages", [])
        return messages[0]["Body"] if messages else None

    return wait_until(received)


def test_waits_end_in_the_order_of_their_times_and_a_days_timeout_after_them(
    workflows: Workflows, sqs: SQSClient
) -> None:
    queue_url = sqs.create_queue(QueueName="tokens")["QueueUrl"]
    caught = [{"ErrorEquals": ["States.Timeout"], "Next": "Late"}]
    asking = ask(queue_url, TimeoutSeconds=DAY, Catch=caught)
    states = side_by_side(
        {"Ask": asking, "Late": pass_state()}, {"Twenty": wait(20)}, {"Ten": wait(10)}
    )
    execution = workflows.start({"All": states})
    assert workflows.end(execution)["status"] == "SUCCEEDED"
    assert exits(workflows, execution) == ["Ten", "Twenty", "Ask", "Late", "All"]


def test_the_history_tells_how_long_it_took_on_the_clock(workflows: Workflows) -> None:
    ended = workflows.run({"Week": wait(7 * DAY)})
    took = ended["stopDate"] - ended["startDate"]
    assert took == pytest.approx(timedelta(days=7), abs=timedelta(seconds=5))


def test_states_read_the_clocks_time(workflows: Workflows) -> None:
    entered = "{% $toMillis($states.context.State.EnteredTime) %}"
    states = {
        "First": {"Type": "Pass", "Assign": {"then": "{% $millis() %}"}, "Next": "Day"},
        "Day": {**wait(DAY), "Next": "Last"},
        "Last": pass_state(
            {
                "by millis": "{% ($millis() - $then) / 1000 %}",
                "by now": "{% ($toMillis($now()) - $then) / 1000 %}",
                "by context": f"{{% ({entered[3:-3]} - $then) / 1000 %}}",
            }
        ),
    }
    del states["Day"]["End"]
    assert workflows.output(states) == pytest.approx(
        {"by millis": DAY, "by now": DAY, "by context": DAY}, abs=5
    )


def test_a_wait_for_a_point_in_time_is_over_at_that_time(
    own: EmbeddedAccount, workflows: Workflows
) -> None:
    then = own.clock.now() + timedelta(days=3)
    workflows.run({"Wait": {"Type": "Wait", "Timestamp": then.isoformat(), "End": True}})
    assert own.clock.now() == pytest.approx(then, abs=timedelta(seconds=5))


def test_a_retry_waits_as_long_as_it_says(workflows: Workflows) -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 600, "MaxAttempts": 1}]
    broken = sdk_task("aws-sdk:sqs:getQueueUrl", {"QueueName": "nowhere"}, Retry=retry)
    execution = workflows.start({"Call": broken})
    workflows.end(execution)
    events = [
        e for e in workflows.events(execution) if e["type"] in ("TaskScheduled", "TaskFailed")
    ]
    [waited] = seconds_between(events[1:3], "TaskFailed", "TaskScheduled")
    assert waited == pytest.approx(600, abs=5)


def test_a_workflows_limit_comes_before_a_longer_wait(workflows: Workflows) -> None:
    ended = workflows.run({"Long": wait(2 * DAY)}, TimeoutSeconds=DAY)
    assert ended["status"] == "TIMED_OUT"


def test_a_tasks_limit_comes_before_the_end_of_a_longer_nested_execution(
    workflows: Workflows,
) -> None:
    inner = workflows.make({"Long": wait(2 * DAY)})
    start = sdk_task("states:startExecution.sync:2", {"StateMachineArn": inner}, TimeoutSeconds=DAY)
    assert workflows.run({"Start": start})["error"] == "States.Timeout"


def test_a_nested_execution_that_waits_is_waited_for(workflows: Workflows) -> None:
    inner = workflows.make({"Long": wait(DAY)})
    start = sdk_task("states:startExecution.sync:2", {"StateMachineArn": inner})
    assert workflows.run({"Start": start})["status"] == "SUCCEEDED"


def test_iterations_wait_as_many_at_a_time_as_the_map_allows(workflows: Workflows) -> None:
    each = {
        "Type": "Map",
        "Items": "{% [1..5] %}",
        "MaxConcurrency": 2,
        "ItemProcessor": {"StartAt": "Wait", "States": {"Wait": wait(DAY)}},
        "End": True,
    }
    ended = workflows.run({"Each": each})
    took = ended["stopDate"] - ended["startDate"]
    assert took == pytest.approx(timedelta(days=3), abs=timedelta(seconds=5))


def test_under_a_hold_a_person_has_all_the_time_to_confirm(
    own: EmbeddedAccount, workflows: Workflows, sqs: SQSClient, wait_until: WaitUntil
) -> None:
    queue_url = sqs.create_queue(QueueName="tokens")["QueueUrl"]
    with own.clock.hold():
        execution = workflows.start({"Ask": ask(queue_url, TimeoutSeconds=DAY)})
        token = token_in(sqs, queue_url, wait_until)
        own.clock.advance(hours=23, minutes=59)
        workflows.client.send_task_success(taskToken=token, output='"yes"')
        assert json.loads(workflows.end(execution)["output"]) == "yes"


def test_an_advance_by_the_whole_limit_is_the_end_of_the_task(
    own: EmbeddedAccount, workflows: Workflows, sqs: SQSClient
) -> None:
    queue_url = sqs.create_queue(QueueName="tokens")["QueueUrl"]
    execution = workflows.start({"Ask": ask(queue_url, TimeoutSeconds=DAY)})
    own.clock.advance(hours=24)
    ended = workflows.client.describe_execution(executionArn=execution)
    assert ended.get("error") == "States.Timeout"


def test_under_a_hold_nothing_ends_before_the_clock_is_moved(
    own: EmbeddedAccount, workflows: Workflows
) -> None:
    def status() -> str:
        return workflows.client.describe_execution(executionArn=execution)["status"]

    with own.clock.hold():
        execution = workflows.start({"Hour": wait(3600)})
        own.clock.advance(minutes=59)
        before = status()
        own.clock.advance(minutes=1)
        assert (before, status()) == ("RUNNING", "SUCCEEDED")


def test_an_advance_runs_what_is_due_in_order_though_it_was_started_otherwise(
    own: EmbeddedAccount, workflows: Workflows
) -> None:
    with own.clock.hold():
        late = workflows.start({"Late": wait(20)})
        early = workflows.start(
            {"Early": {"Type": "Wait", "Seconds": 5, "Next": "More"}, "More": wait(10)}
        )
        own.clock.advance(seconds=30)
        began, first, second = (
            own.clock.now(),
            workflows.end(early)["stopDate"],
            workflows.end(late)["stopDate"],
        )
    assert [round((began - each).total_seconds()) for each in (first, second)] == [15, 10]


def test_a_hold_stops_the_clock_itself(own: EmbeddedAccount) -> None:
    with own.clock.hold():
        assert own.clock.now() == own.clock.now()


def test_the_clock_of_one_account_is_not_that_of_another(
    aws: EmbeddedAws, own: EmbeddedAccount
) -> None:
    own.clock.advance(timedelta(days=400))
    other = aws.account(str(next(_numbers)))
    assert own.clock.now() - other.clock.now() > timedelta(days=399)


def test_the_clock_never_goes_back(own: EmbeddedAccount) -> None:
    with pytest.raises(ValueError, match="step must be 0 or more, got -1 day"):
        own.clock.advance(timedelta(days=-1))


def test_events_happen_when_the_clock_says(own: EmbeddedAccount, sqs: SQSClient) -> None:
    queue_url = sqs.create_queue(QueueName="events")["QueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=["QueueArn"])
    with closing(own.client("events")) as events:
        events.put_rule(Name="all", EventPattern='{"source": ["shop"]}')
        target = {"Id": "queue", "Arn": attributes["Attributes"]["QueueArn"]}
        events.put_targets(Rule="all", Targets=[target])  # type: ignore[list-item]  # a dict is one
        with own.clock.hold():
            then = own.clock.advance(hours=48)
            events.put_events(Entries=[{"Source": "shop", "DetailType": "Sold", "Detail": "{}"}])
    [message] = sqs.receive_message(QueueUrl=queue_url)["Messages"]
    assert datetime.fromisoformat(json.loads(message["Body"])["time"]) == then.replace(
        microsecond=0
    )


def test_a_refused_delivery_is_given_up_when_its_day_is_over(
    own: EmbeddedAccount, sqs: SQSClient, wait_until: WaitUntil
) -> None:
    own.inject(Fault(service="sqs", action="SendMessage", error="ServiceUnavailable"))
    queue_url = sqs.create_queue(QueueName="events")["QueueUrl"]
    arn = queue_url.rsplit("/", 1)[-1]
    began = own.clock.now()
    with closing(own.client("events")) as events:
        events.put_rule(Name="all", EventPattern='{"source": ["shop"]}')
        target = {"Id": "queue", "Arn": f"arn:aws:sqs:{own.region}:{own.account_id}:{arn}"}
        events.put_targets(Rule="all", Targets=[target])  # type: ignore[list-item]  # a dict is one
        events.put_events(Entries=[{"Source": "shop", "DetailType": "Sold", "Detail": "{}"}])
    wait_until(lambda: own.clock.now() - began > timedelta(hours=23))
    assert own.clock.now() - began < timedelta(hours=25)


def jittered_delays(seed: int) -> list[float]:
    """The delays before the retries of one workflow, on an embedded AWS of that seed."""
    retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 600, "MaxAttempts": 3}
    broken = sdk_task(
        "aws-sdk:sqs:getQueueUrl",
        {"QueueName": "nowhere"},
        Retry=[{**retry, "JitterStrategy": "FULL"}],
    )
    definition = {"QueryLanguage": "JSONata", "StartAt": "Call", "States": {"Call": broken}}
    with (
        EmbeddedAws(time_scale=0, seed=seed) as aws,
        closing(aws.client("stepfunctions")) as client,
    ):
        machine = client.create_state_machine(
            name="flaky", definition=json.dumps(definition), roleArn="arn:aws:iam::1:role/any"
        )["stateMachineArn"]
        with aws.clock.hold():
            execution = client.start_execution(stateMachineArn=machine)["executionArn"]
            aws.clock.advance(hours=2)
        events = client.get_execution_history(executionArn=execution)["events"]
    scheduled = [event["timestamp"] for event in events if event["type"] == "TaskScheduled"]
    return [round((after - before).total_seconds(), 1) for before, after in pairwise(scheduled)]


def test_a_seed_repeats_the_jitter_of_retries() -> None:
    assert jittered_delays(7) == jittered_delays(7) != jittered_delays(8)


def test_a_clock_is_told_in_utc(own: EmbeddedAccount) -> None:
    assert own.clock.now().tzinfo is UTC
