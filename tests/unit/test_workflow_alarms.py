from collections.abc import Callable

import pytest
from aws_cdk import CfnParameter, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template

from constructs_lib.observability import WorkflowAlarms
from constructs_lib.orchestration import Workflow
from constructs_lib.validation import ConfigError
from tests.unit.alarms import dimensions, properties
from tests.unit.documented_metrics import undocumented_alarms


@pytest.fixture
def topic(stack: Stack) -> sns.ITopic:
    return sns.Topic(stack, "Topic")


def _workflow(
    stack: Stack, workflow_type: sfn.StateMachineType = sfn.StateMachineType.STANDARD
) -> sfn.IStateMachine:
    definition = sfn.Pass.jsonata(stack, "Do")
    return Workflow(
        stack, "Workflow", definition=definition, workflow_type=workflow_type
    ).state_machine


@pytest.mark.parametrize("workflow_type", sfn.StateMachineType)
def test_each_way_for_an_execution_to_go_wrong_has_an_alarm_on_this_workflow(
    stack: Stack,
    topic: sns.ITopic,
    synthesize: Callable[[], Template],
    workflow_type: sfn.StateMachineType,
) -> None:
    state_machine = _workflow(stack, workflow_type)

    watched = WorkflowAlarms(
        stack, "Alarms", state_machine=state_machine, topic=topic, title="Sign-up"
    )

    template = synthesize()
    metrics = {
        id_: properties(template, alarm)["MetricName"] for id_, alarm in watched.alarms.items()
    }
    assert metrics == {
        "Failed": "ExecutionsFailed",
        "TimedOut": "ExecutionsTimedOut",
        "Aborted": "ExecutionsAborted",
        "Throttled": "ExecutionThrottled",
    }
    of = {"StateMachineArn": stack.resolve(state_machine.state_machine_arn)}
    assert all(dimensions(template, alarm) == of for alarm in watched.alarms.values())


def test_what_starts_no_execution_has_the_alarms_of_its_dead_letter_queue(
    stack: Stack, topic: sns.ITopic, synthesize: Callable[[], Template]
) -> None:
    queue = sqs.Queue(stack, "DeadLetters")

    watched = WorkflowAlarms(
        stack,
        "Alarms",
        state_machine=_workflow(stack),
        topic=topic,
        title="Sign-up",
        dead_letter_queue=queue,
    )

    template = synthesize()
    of_queue = {"QueueName": stack.resolve(queue.queue_name)}
    found = {id_ for id_, each in watched.alarms.items() if dimensions(template, each) == of_queue}
    assert found == {"DeadLetters", "DeadLettersExpire"}


def test_every_alarm_is_on_a_metric_that_aws_documents(
    stack: Stack, topic: sns.ITopic, synthesize: Callable[[], Template]
) -> None:
    WorkflowAlarms(stack, "Alarms", state_machine=_workflow(stack), topic=topic, title="Sign-up")

    assert undocumented_alarms(synthesize().to_json()) == []


def test_every_alarm_tells_the_topic_what_happened_to_whom_and_is_quiet_without_data(
    stack: Stack, topic: sns.ITopic, synthesize: Callable[[], Template]
) -> None:
    watched = WorkflowAlarms(
        stack, "Alarms", state_machine=_workflow(stack), topic=topic, title="Sign-up"
    )

    template = synthesize()
    for alarm in watched.alarms.values():
        found = properties(template, alarm)
        assert found["AlarmActions"] == [stack.resolve(topic.topic_arn)]
        assert found["AlarmDescription"].startswith("Sign-up: ")
        assert found["TreatMissingData"] == "notBreaching"


def test_one_failure_within_five_minutes_alarms(
    stack: Stack, topic: sns.ITopic, synthesize: Callable[[], Template]
) -> None:
    watched = WorkflowAlarms(
        stack, "Alarms", state_machine=_workflow(stack), topic=topic, title="Sign-up"
    )

    failed = properties(synthesize(), watched.alarms["Failed"])
    expected = {
        "Statistic": "Sum",
        "Period": 300,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    }
    assert expected.items() <= failed.items()


def test_throttling_alarms_only_when_it_lasts(
    stack: Stack, topic: sns.ITopic, synthesize: Callable[[], Template]
) -> None:
    watched = WorkflowAlarms(
        stack, "Alarms", state_machine=_workflow(stack), topic=topic, title="Sign-up"
    )

    assert properties(synthesize(), watched.alarms["Throttled"])["EvaluationPeriods"] == 3


def test_a_workflow_that_refuses_by_failing_may_fail_more_often(
    stack: Stack, topic: sns.ITopic, synthesize: Callable[[], Template]
) -> None:
    watched = WorkflowAlarms(
        stack,
        "Alarms",
        state_machine=_workflow(stack),
        topic=topic,
        title="Sign-up",
        failed_per_5_minutes=20,
    )

    template = synthesize()
    thresholds = {
        id_: properties(template, alarm)["Threshold"] for id_, alarm in watched.alarms.items()
    }
    assert thresholds == {"Failed": 20, "TimedOut": 1, "Aborted": 1, "Throttled": 1}


@pytest.mark.parametrize("failed_per_5_minutes", [0, 1_000_001])
def test_a_number_of_failures_out_of_range_is_refused(
    stack: Stack, topic: sns.ITopic, failed_per_5_minutes: int
) -> None:
    with pytest.raises(ConfigError, match="failed_per_5_minutes must be between 1 and 1000000"):
        WorkflowAlarms(
            stack,
            "Alarms",
            state_machine=_workflow(stack),
            topic=topic,
            title="Sign-up",
            failed_per_5_minutes=failed_per_5_minutes,
        )


@pytest.mark.parametrize("title", ["", " ", "x" * 101])
def test_a_title_that_nobody_can_read_is_refused(
    stack: Stack, topic: sns.ITopic, title: str
) -> None:
    with pytest.raises(ConfigError, match="title must be text of 1 to 100 characters"):
        WorkflowAlarms(stack, "Alarms", state_machine=_workflow(stack), topic=topic, title=title)


def test_what_is_known_only_at_deployment_passes(
    stack: Stack, topic: sns.ITopic, synthesize: Callable[[], Template]
) -> None:
    often = CfnParameter(stack, "Often", type="Number")
    title = CfnParameter(stack, "Title")

    watched = WorkflowAlarms(
        stack,
        "Alarms",
        state_machine=_workflow(stack),
        topic=topic,
        title=title.value_as_string,
        failed_per_5_minutes=often.value_as_number,  # type: ignore[arg-type]  # CDK says float
    )

    failed = properties(synthesize(), watched.alarms["Failed"])
    assert failed["Threshold"] == {"Ref": "Often"}
    assert {"Ref": "Title"} in failed["AlarmDescription"]["Fn::Join"][1]


def test_an_alarm_can_be_changed_behind_the_construct(
    stack: Stack, topic: sns.ITopic, synthesize: Callable[[], Template]
) -> None:
    watched = WorkflowAlarms(
        stack, "Alarms", state_machine=_workflow(stack), topic=topic, title="Sign-up"
    )

    resource = watched.alarms["Failed"].node.default_child
    assert isinstance(resource, cloudwatch.CfnAlarm)
    resource.actions_enabled = False

    assert properties(synthesize(), watched.alarms["Failed"])["ActionsEnabled"] is False


def test_two_workflows_in_one_stack_have_their_own_alarms(
    stack: Stack, topic: sns.ITopic, synthesize: Callable[[], Template]
) -> None:
    state_machine = _workflow(stack)
    for id_ in ("First", "Second"):
        WorkflowAlarms(stack, id_, state_machine=state_machine, topic=topic, title=id_)

    synthesize().resource_count_is("AWS::CloudWatch::Alarm", 8)
