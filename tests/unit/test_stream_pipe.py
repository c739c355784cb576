from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import CfnParameter, Duration, Stack, Token
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_pipes as pipes
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template

from constructs_lib.choreography import PipeTarget, StreamPipe, StreamReading
from constructs_lib.validation import ConfigError

Make = Callable[..., StreamPipe]


@pytest.fixture
def table(stack: Stack) -> dynamodb.ITable:
    return dynamodb.Table.from_table_attributes(
        stack,
        "Table",
        table_name="users",
        table_stream_arn="arn:aws:dynamodb:us-east-1:123456789012:table/users/stream/now",
    )


@pytest.fixture
def target(stack: Stack) -> PipeTarget:
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:welcome"
    return PipeTarget.state_machine(sfn.StateMachine.from_state_machine_arn(stack, "W", arn))


@pytest.fixture
def bus_target(event_bus: events.IEventBus) -> PipeTarget:
    return PipeTarget.event_bus(event_bus, source="users", detail_type="UserChanged")


def _pipe(template: Template) -> dict[str, Any]:
    (pipe,) = template.find_resources("AWS::Pipes::Pipe").values()
    properties: dict[str, Any] = pipe["Properties"]
    return properties


def _reading(template: Template) -> dict[str, Any]:
    reading: dict[str, Any] = _pipe(template)["SourceParameters"]["DynamoDBStreamParameters"]
    return reading


def _statements(template: Template) -> list[dict[str, Any]]:
    (policy,) = template.find_resources("AWS::IAM::Policy").values()
    statements: list[dict[str, Any]] = policy["Properties"]["PolicyDocument"]["Statement"]
    return statements


def test_a_pipe_reads_the_whole_stream_and_gives_up_before_the_stream_forgets(
    stack: Stack,
    table: dynamodb.ITable,
    target: PipeTarget,
    synthesize: Callable[[], Template],
) -> None:
    made = StreamPipe(stack, "Pipe", table=table, target=target)

    template = synthesize()
    assert _pipe(template)["Source"] == table.table_stream_arn
    assert _pipe(template)["Target"] == target.arn
    assert _reading(template) == {
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 1,
        "ParallelizationFactor": 1,
        "MaximumRetryAttempts": 10,
        "MaximumRecordAgeInSeconds": 12 * 3600,
        "OnPartialBatchItemFailure": "AUTOMATIC_BISECT",
        "DeadLetterConfig": {"Arn": stack.resolve(made.dead_letter_queue.queue_arn)},
    }


def test_errors_are_logged_without_the_records(
    stack: Stack,
    table: dynamodb.ITable,
    target: PipeTarget,
    synthesize: Callable[[], Template],
) -> None:
    StreamPipe(stack, "Pipe", table=table, target=target)

    template = synthesize()
    ((log_id, log_group),) = template.find_resources("AWS::Logs::LogGroup").items()
    assert log_group["Properties"]["LogGroupName"].startswith("/aws/vendedlogs/pipes/")
    assert _pipe(template)["LogConfiguration"] == {
        "Level": "ERROR",
        "CloudwatchLogsLogDestination": {"LogGroupArn": {"Fn::GetAtt": [log_id, "Arn"]}},
    }


def test_the_role_may_read_this_stream_deliver_and_give_up_and_nothing_else(
    stack: Stack,
    table: dynamodb.ITable,
    target: PipeTarget,
    synthesize: Callable[[], Template],
) -> None:
    made = StreamPipe(stack, "Pipe", table=table, target=target)

    assert _statements(synthesize()) == [
        {
            "Effect": "Allow",
            "Action": [
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
                "dynamodb:ListStreams",
            ],
            "Resource": table.table_stream_arn,
        },
        {
            "Effect": "Allow",
            "Action": "sqs:SendMessage",
            "Resource": stack.resolve(made.dead_letter_queue.queue_arn),
        },
        {"Effect": "Allow", "Action": "states:StartExecution", "Resource": target.arn},
    ]


def test_only_pipes_of_this_account_take_on_the_role(
    stack: Stack,
    table: dynamodb.ITable,
    target: PipeTarget,
    synthesize: Callable[[], Template],
) -> None:
    StreamPipe(stack, "Pipe", table=table, target=target)

    (role,) = synthesize().find_resources("AWS::IAM::Role").values()
    assert role["Properties"]["AssumeRolePolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": "pipes.amazonaws.com"},
            "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
        }
    ]


def test_the_pipe_is_made_after_the_rights_that_it_tries(
    stack: Stack,
    table: dynamodb.ITable,
    target: PipeTarget,
    synthesize: Callable[[], Template],
) -> None:
    StreamPipe(stack, "Pipe", table=table, target=target)

    template = synthesize()
    (pipe,) = template.find_resources("AWS::Pipes::Pipe").values()
    assert pipe["DependsOn"] == list(template.find_resources("AWS::IAM::Policy"))


def test_to_a_bus_the_role_may_publish_under_the_one_source_only(
    stack: Stack,
    table: dynamodb.ITable,
    bus_target: PipeTarget,
    synthesize: Callable[[], Template],
) -> None:
    StreamPipe(stack, "Pipe", table=table, target=bus_target)

    assert _statements(synthesize())[-1] == {
        "Effect": "Allow",
        "Action": "events:PutEvents",
        "Resource": stack.resolve(bus_target.arn),
        "Condition": {
            "ForAllValues:StringEquals": {"events:source": ["users"]},
            "Null": {"events:source": "false"},
        },
    }


def test_a_synchronous_workflow_is_started_so(
    stack: Stack, table: dynamodb.ITable, synthesize: Callable[[], Template]
) -> None:
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:express"
    express = sfn.StateMachine.from_state_machine_arn(stack, "Express", arn)

    StreamPipe(
        stack, "Pipe", table=table, target=PipeTarget.state_machine(express, wait_for_result=True)
    )

    assert _statements(synthesize())[-1]["Action"] == "states:StartSyncExecution"


def test_customer_keys_of_table_and_dead_letter_queue_open_to_the_role(
    stack: Stack, target: PipeTarget, synthesize: Callable[[], Template]
) -> None:
    table_key, queue_key = kms.Key(stack, "TableKey"), kms.Key(stack, "QueueKey")
    table = dynamodb.Table(
        stack,
        "Table",
        partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
        stream=dynamodb.StreamViewType.NEW_IMAGE,
        encryption_key=table_key,
    )
    queue = sqs.Queue(stack, "Queue", encryption_master_key=queue_key)

    StreamPipe(stack, "Pipe", table=table, target=target, dead_letter_queue=queue)

    about_keys = {
        str(statement["Resource"]): statement["Action"]
        for statement in _statements(synthesize())
        if "kms:" in str(statement["Action"])
    }
    assert about_keys == {
        str(stack.resolve(table_key.key_arn)): "kms:Decrypt",
        str(stack.resolve(queue_key.key_arn)): ["kms:Decrypt", "kms:GenerateDataKey"],
    }


def test_every_argument_reaches_the_template(
    stack: Stack,
    table: dynamodb.ITable,
    bus_target: PipeTarget,
    synthesize: Callable[[], Template],
) -> None:
    dead_letters = sqs.Queue(stack, "CallersDeadLetters")

    made = StreamPipe(
        stack,
        "Pipe",
        table=table,
        target=bus_target,
        filters=[{"eventName": ["INSERT"]}, {"dynamodb": {"NewImage": {"a": {"S": ["b"]}}}}],
        reading=StreamReading(
            batch_size=5,
            batching_window=Duration.seconds(30),
            parallel_batches=2,
            retry_attempts=0,
            halve_failed_batches=False,
            max_record_age=Duration.hours(1),
            skip_existing=True,
        ),
        dead_letter_queue=dead_letters,
        description="Why",
    )

    assert made.dead_letter_queue is dead_letters
    template = synthesize()
    template.resource_count_is("AWS::SQS::Queue", 1)
    assert _pipe(template)["Description"] == "Why"
    assert _pipe(template)["SourceParameters"]["FilterCriteria"] == {
        "Filters": [
            {"Pattern": '{"eventName":["INSERT"]}'},
            {"Pattern": '{"dynamodb":{"NewImage":{"a":{"S":["b"]}}}}'},
        ]
    }
    assert _reading(template) == {
        "StartingPosition": "LATEST",
        "BatchSize": 5,
        "MaximumBatchingWindowInSeconds": 30,
        "ParallelizationFactor": 2,
        "MaximumRetryAttempts": 0,
        "MaximumRecordAgeInSeconds": 3600,
        "DeadLetterConfig": {"Arn": stack.resolve(dead_letters.queue_arn)},
    }


def test_tokens_pass_the_checks_and_stand_in_the_template(
    stack: Stack,
    table: dynamodb.ITable,
    bus_target: PipeTarget,
    synthesize: Callable[[], Template],
) -> None:
    number = CfnParameter(stack, "Number", type="Number").value_as_number
    text = CfnParameter(stack, "Text").value_as_string

    StreamPipe(
        stack,
        "Pipe",
        table=table,
        target=bus_target,
        filters=[
            {"dynamodb": {"NewImage": {"status": {"S": [text, Token.as_any({"Ref": "Text"})]}}}}
        ],
        reading=StreamReading(
            batch_size=number,  # type: ignore[arg-type]  # CDK's number tokens are floats
            batching_window=Duration.seconds(number),
            parallel_batches=number,  # type: ignore[arg-type]  # as above
            retry_attempts=number,  # type: ignore[arg-type]  # as above
            max_record_age=Duration.seconds(number),
        ),
    )

    template = synthesize()
    reading = _reading(template)
    assert [reading[name] for name in reading if reading[name] == {"Ref": "Number"}] == [
        {"Ref": "Number"}
    ] * 5
    assert _pipe(template)["SourceParameters"]["FilterCriteria"]["Filters"] == [
        {
            "Pattern": {
                "Fn::Join": [
                    "",
                    [
                        '{"dynamodb":{"NewImage":{"status":{"S":["',
                        {"Ref": "Text"},
                        '","',
                        {"Ref": "Text"},
                        '"]}}}}',
                    ],
                ]
            }
        }
    ]


def test_two_pipes_from_one_table_fit_in_one_stack_and_the_resource_stays_within_reach(
    stack: Stack,
    table: dynamodb.ITable,
    target: PipeTarget,
    synthesize: Callable[[], Template],
) -> None:
    first, _second = (
        StreamPipe(stack, id_, table=table, target=target) for id_ in ("First", "Second")
    )
    resource = first.node.default_child
    assert isinstance(resource, pipes.CfnPipe)
    resource.desired_state = "STOPPED"

    template = synthesize()
    template.resource_count_is("AWS::Pipes::Pipe", 2)
    assert first.pipe is resource
    template.resource_properties_count_is("AWS::Pipes::Pipe", {"DesiredState": "STOPPED"}, 1)


def test_a_table_without_a_stream_is_refused(stack: Stack, target: PipeTarget) -> None:
    table = dynamodb.Table.from_table_name(stack, "Still", "still")

    with pytest.raises(ConfigError, match="table must have a stream, got Stack/Still"):
        StreamPipe(stack, "Pipe", table=table, target=target)


def test_a_fifo_queue_for_dead_letters_is_refused(
    stack: Stack, table: dynamodb.ITable, target: PipeTarget
) -> None:
    queue = sqs.Queue(stack, "Queue", fifo=True)

    with pytest.raises(ConfigError, match="dead_letter_queue must be a standard queue"):
        StreamPipe(stack, "Pipe", table=table, target=target, dead_letter_queue=queue)


def test_more_records_than_a_bus_takes_are_refused(
    stack: Stack, table: dynamodb.ITable, bus_target: PipeTarget
) -> None:
    with pytest.raises(ConfigError, match="batch_size must be between 1 and 10, got 11"):
        StreamPipe(
            stack, "Pipe", table=table, target=bus_target, reading=StreamReading(batch_size=11)
        )


def test_a_window_longer_than_five_minutes_is_refused(
    stack: Stack, table: dynamodb.ITable, target: PipeTarget
) -> None:
    reading = StreamReading(batching_window=Duration.seconds(301))

    with pytest.raises(ConfigError, match="batching_window in seconds must be between 0 and 300"):
        StreamPipe(stack, "Pipe", table=table, target=target, reading=reading)


@pytest.mark.parametrize(
    ("argument", "values"),
    [
        ("parallel_batches", (0, 11)),
        ("retry_attempts", (-1, 10_001)),
        ("max_record_age", (Duration.seconds(59), Duration.hours(25))),
    ],
)
def test_a_way_of_reading_that_pipes_or_streams_do_not_have_is_refused(
    argument: str, values: tuple[Any, Any]
) -> None:
    for value in values:
        with pytest.raises(ConfigError, match=f"{argument}.* must be between"):
            StreamReading(**{argument: value})


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ({}, r"filters\[1\]: event_pattern must be an object"),
        ({"eventName": "INSERT"}, r"filters\[1\]: event_pattern at eventName must be a list"),
        ({"eventSource": ["aws:dynamodb"]}, r"must ask for dynamodb, eventName, got 'eventSource'"),
        ({"$or": [{"eventName": ["A"]}, {"detail": {"a": [1]}}]}, "got 'detail'"),
        ({"dynamodb": {"Keys": {"id": {"S": [{"wildcard": "a*"}]}}}}, "operators that pipes have"),
        (
            {
                "$or": [
                    {"eventName": ["A"]},
                    {"dynamodb": {"a": [{"anything-but": {"prefix": "x"}}]}},
                ]
            },
            "operators that pipes have",
        ),
        ({"dynamodb": {"a": ["x" * 4096]}}, "at most 4096 characters of JSON, got"),
    ],
)
def test_a_filter_that_pipes_refuse_or_do_not_heed_is_refused(
    stack: Stack,
    table: dynamodb.ITable,
    target: PipeTarget,
    pattern: dict[str, object],
    message: str,
) -> None:
    with pytest.raises(ConfigError, match=message):
        StreamPipe(
            stack,
            "Pipe",
            table=table,
            target=target,
            filters=[{"eventName": ["INSERT"]}, pattern],
        )


def test_fields_may_have_the_names_of_operators(
    stack: Stack, table: dynamodb.ITable, target: PipeTarget
) -> None:
    pattern = {"dynamodb": {"wildcard": {"S": [{"anything-but": ["a"]}]}}}

    StreamPipe(stack, "Pipe", table=table, target=target, filters=[pattern])


@pytest.mark.parametrize("filters", [[{"eventName": ["A"]}] * 6, {"eventName": ["A"]}])
def test_more_than_five_filters_or_no_list_of_them_is_refused(
    stack: Stack, table: dynamodb.ITable, target: PipeTarget, filters: list[dict[str, object]]
) -> None:
    with pytest.raises(ConfigError, match="filters must be a list of at most 5 patterns"):
        StreamPipe(stack, "Pipe", table=table, target=target, filters=filters)
