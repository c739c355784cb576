"""Distributed Maps on the embedded AWS: reading, bounds, tolerance, results, child executions."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from constructs_lib.local import EmbeddedAws
from tests.local.workflows import Json, Workflows, pass_state, sdk_task

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions.type_defs import DescribeMapRunOutputTypeDef

    from tests.local.conftest import WaitUntil

READ = "arn:aws:states:::s3:getObject"
LIST = "arn:aws:states:::s3:listObjectsV2"
WRITE = "arn:aws:states:::s3:putObject"
EXCEEDED = "States.ExceedToleratedFailureThreshold"
AS_IT_IS = {"Item": pass_state()}
# Fails for items that say so, and gives the others back.
FAILING = {
    "Check": {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $states.input = 'bad' %}", "Next": "No"}],
        "Default": "Yes",
    },
    "No": {"Type": "Fail", "Error": "Row.Bad", "Cause": "no good"},
    "Yes": pass_state(),
}


@pytest.fixture(scope="module")
def workflows(aws: EmbeddedAws, wait_until: WaitUntil) -> Iterator[Workflows]:
    with closing(aws.client("stepfunctions")) as client:
        yield Workflows(client, wait_until)


@pytest.fixture(scope="module")
def s3(aws: EmbeddedAws) -> Iterator[S3Client]:
    with closing(aws.client("s3")) as client:
        yield client


@pytest.fixture
def bucket(s3: S3Client) -> Iterator[str]:
    name = f"items-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name)
    yield name
    for found in s3.list_objects_v2(Bucket=name).get("Contents", []):
        s3.delete_object(Bucket=name, Key=found["Key"])
    s3.delete_bucket(Bucket=name)


@pytest.fixture
def read_json(s3: S3Client, bucket: str) -> Callable[[str], Any]:
    def read(key: str) -> Any:
        return json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())

    return read


def distributed(states: Json, **fields: object) -> Json:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    processor = {"ProcessorConfig": config, "StartAt": next(iter(states)), "States": states}
    return {"Type": "Map", "Label": "Each", "ItemProcessor": processor, "End": True, **fields}


def reader(bucket: str, resource: str = READ, **config: object) -> Json:
    arguments = {"Bucket": bucket, "Key": "{% $states.input.key %}"}
    if resource == LIST:
        arguments = {"Bucket": bucket, "Prefix": "{% $states.input.key %}"}
    return {"Resource": resource, "ReaderConfig": config, "Arguments": arguments}


def writer(bucket: str, **fields: object) -> Json:
    return {"Resource": WRITE, "Arguments": {"Bucket": bucket, "Prefix": "reports/"}, **fields}


def map_run(workflows: Workflows, execution: str) -> DescribeMapRunOutputTypeDef:
    [found] = workflows.client.list_map_runs(executionArn=execution)["mapRuns"]
    return workflows.client.describe_map_run(mapRunArn=found["mapRunArn"])


def wait_for_running(
    workflows: Workflows, wait_until: WaitUntil, execution: str, number: int
) -> None:
    def so_many_run() -> bool:
        begun = workflows.client.list_map_runs(executionArn=execution)["mapRuns"]
        return bool(begun) and map_run(workflows, execution)["itemCounts"]["running"] == number

    wait_until(so_many_run)


def children(workflows: Workflows, execution: str) -> Counter[str]:
    """How many child executions are in which status."""
    arn = map_run(workflows, execution)["mapRunArn"]
    found = workflows.client.list_executions(mapRunArn=arn)["executions"]
    return Counter(child["status"] for child in found)


# ── Items ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("body", "config", "items"),
    [
        (
            'email,name\na@x,"A, B"\nb@x\n',
            {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
            [{"email": "a@x", "name": "A, B"}, {"email": "b@x", "name": ""}],
        ),
        (
            "a@x;A\r\nb@x;B\r\n",
            {
                "InputType": "CSV",
                "CSVHeaderLocation": "GIVEN",
                "CSVHeaders": ["email", "name"],
                "CSVDelimiter": "SEMICOLON",
            },
            [{"email": "a@x", "name": "A"}, {"email": "b@x", "name": "B"}],
        ),
        ('{"n": 1}\n\n{"n": "a\u2028b"}', {"InputType": "JSONL"}, [{"n": 1}, {"n": "a\u2028b"}]),
        ("[1, 2, 3]", {"InputType": "JSON", "MaxItems": "{% $states.input.most %}"}, [1, 2]),
        (
            '{"in": {"a": 1}}',
            {"InputType": "JSON", "ItemsPointer": "/in"},
            [{"Key": "a", "Value": 1}],
        ),
    ],
)
def test_the_items_of_an_object_in_s3_are_read(
    workflows: Workflows, s3: S3Client, bucket: str, body: str, config: Json, items: list[object]
) -> None:
    s3.put_object(Bucket=bucket, Key="in", Body=body.encode())

    found = workflows.output(
        {"M": distributed(AS_IT_IS, ItemReader=reader(bucket, **config))}, {"key": "in", "most": 2}
    )

    assert found == items


def test_the_objects_under_a_prefix_are_items(
    workflows: Workflows, s3: S3Client, bucket: str
) -> None:
    for key in ("in/a", "in/b", "out/c"):
        s3.put_object(Bucket=bucket, Key=key, Body=b"four")

    found = workflows.output(
        {"M": distributed(AS_IT_IS, ItemReader=reader(bucket, LIST))}, {"key": "in/"}
    )

    assert [(item["Key"], item["Size"]) for item in found] == [("in/a", 4), ("in/b", 4)]


def test_the_selector_sees_item_index_and_the_states_input(workflows: Workflows) -> None:
    selector = {
        "of": "{% $states.input.of & $states.context.Map.Item.Value %}",
        "at": "{% $states.context.Map.Item.Index %}",
    }
    state = distributed(AS_IT_IS, Items="{% $states.input.list %}", ItemSelector=selector)

    found = workflows.output({"M": state}, {"of": "x", "list": ["a", "b"]})

    assert found == [{"of": "xa", "at": 0}, {"of": "xb", "at": 1}]


def test_an_expression_among_the_items_stays_text(workflows: Workflows) -> None:
    assert workflows.output({"M": distributed(AS_IT_IS)}, ["{% 1 + 1 %}"]) == ["{% 1 + 1 %}"]


def test_an_objects_entries_are_items_with_their_keys(workflows: Workflows) -> None:
    selector = "{% $states.context.Map.Item.Key & $string($states.context.Map.Item.Value) %}"

    state = distributed(AS_IT_IS, Items={"a": 1, "b": 2}, ItemSelector=selector)

    assert workflows.output({"M": state}) == ["a1", "b2"]


@pytest.mark.parametrize(
    ("limits", "sizes"),
    [
        ({"MaxItemsPerBatch": "{% 1 + 1 %}"}, [2, 2, 1]),
        # {"BatchInput": "b", "Items": ["aaaa", "aaaa"]} has 46 bytes.
        ({"MaxInputBytesPerBatch": 46}, [2, 2, 1]),
        ({"MaxInputBytesPerBatch": 45}, [1, 1, 1, 1, 1]),
    ],
)
def test_items_come_in_batches(workflows: Workflows, limits: Json, sizes: list[int]) -> None:
    batcher = {**limits, "BatchInput": "{% $states.input.b %}"}
    state = distributed(AS_IT_IS, Items=["aaaa"] * 5, ItemBatcher=batcher)

    found = workflows.output({"M": state}, {"b": "b"})

    assert found == [{"BatchInput": "b", "Items": ["aaaa"] * size} for size in sizes]


@pytest.mark.parametrize(
    ("key", "body"), [("missing", "[]"), ("in", "{"), ("in", "1"), ("in", b"\xff")]
)
def test_what_cannot_be_read_fails_the_reader_and_can_be_caught(
    workflows: Workflows, s3: S3Client, bucket: str, key: str, body: str | bytes
) -> None:
    s3.put_object(Bucket=bucket, Key="in", Body=body)
    caught = {"ErrorEquals": ["States.ItemReaderFailed"], "Next": "After"}
    state = distributed(
        AS_IT_IS, ItemReader=reader(bucket, InputType="JSON"), Catch=[caught], Output="read"
    )

    found = workflows.output({"M": state, "After": pass_state("caught")}, {"key": key})

    assert found == "caught"


def test_a_format_that_is_not_emulated_is_said_so(
    workflows: Workflows, s3: S3Client, bucket: str
) -> None:
    s3.put_object(Bucket=bucket, Key="in", Body=b"PAR1")
    state = distributed(AS_IT_IS, ItemReader=reader(bucket, InputType="PARQUET"))

    ended = workflows.run({"M": state}, {"key": "in"})

    assert (ended["error"], "PARQUET" in ended["cause"]) == ("States.Runtime", True)


# ── Bounds ───────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def sqs(aws: EmbeddedAws) -> Iterator[SQSClient]:
    with closing(aws.client("sqs")) as client:
        yield client


@pytest.fixture
def queue(sqs: SQSClient) -> Iterator[str]:
    url = sqs.create_queue(QueueName=f"tokens-{uuid.uuid4().hex[:8]}")["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


def waiting(queue: str) -> Json:
    """Each child sends its token and waits to be answered."""
    arguments = {"QueueUrl": queue, "MessageBody": "{% $states.context.Task.Token %}"}
    return {"Wait": sdk_task("aws-sdk:sqs:sendMessage.waitForTaskToken", arguments)}


@pytest.mark.parametrize("bound", [3, "{% $states.input.most %}"])
def test_never_more_children_run_at_once_than_are_allowed(
    workflows: Workflows, sqs: SQSClient, queue: str, wait_until: WaitUntil, bound: object
) -> None:
    state = distributed(waiting(queue), Items=list(range(7)), MaxConcurrency=bound)
    execution = workflows.start({"M": state}, {"most": 3})
    at_once = []

    for answered in range(7):
        # Nobody waits for the last ones' places.
        wait_for_running(workflows, wait_until, execution, min(3, 7 - answered))
        [message] = wait_until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
        at_once.append(children(workflows, execution)["RUNNING"])
        workflows.client.send_task_success(taskToken=message["Body"], output="1")

    assert at_once == [3, 3, 3, 3, 3, 2, 1]
    assert json.loads(workflows.end(execution)["output"])


@pytest.mark.parametrize(
    ("tolerance", "status"),
    [
        ({}, "FAILED"),
        ({"ToleratedFailureCount": 1}, "FAILED"),
        ({"ToleratedFailureCount": 2}, "SUCCEEDED"),
        ({"ToleratedFailureCount": "{% $states.input.count %}"}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 49}, "FAILED"),
        ({"ToleratedFailurePercentage": 50}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": "{% $states.input.share %}"}, "SUCCEEDED"),
        ({"ToleratedFailurePercentage": 50, "ToleratedFailureCount": 1}, "FAILED"),
        # Measured on AWS: a threshold of 0 is none.
        ({"ToleratedFailurePercentage": 50, "ToleratedFailureCount": 0}, "SUCCEEDED"),
    ],
)
def test_more_failures_than_are_tolerated_fail_the_map(
    workflows: Workflows, tolerance: Json, status: str
) -> None:
    state = distributed(FAILING, Items=["a", "bad", "b", "bad"], **tolerance)

    ended = workflows.run({"M": state}, {"count": 2, "share": 50})

    assert ended["status"] == status, ended
    assert ended.get("error") == (EXCEEDED if status == "FAILED" else None)
    assert map_run(workflows, ended["executionArn"])["status"] == status


def test_no_child_begins_once_too_many_have_failed(workflows: Workflows) -> None:
    state = distributed(FAILING, Items=["a", "bad", "b", "bad"], MaxConcurrency=1)

    ended = workflows.run({"M": state})

    counts = map_run(workflows, ended["executionArn"])["itemCounts"]
    assert (counts["succeeded"], counts["failed"], counts["pending"]) == (1, 1, 2)
    assert children(workflows, ended["executionArn"]) == {"SUCCEEDED": 1, "FAILED": 1}


def test_what_runs_is_aborted_once_too_many_have_failed(
    workflows: Workflows, sqs: SQSClient, queue: str, wait_until: WaitUntil
) -> None:
    execution = workflows.start({"M": distributed(waiting(queue), Items=[1, 2])})
    wait_for_running(workflows, wait_until, execution, 2)
    [message] = wait_until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))

    workflows.client.send_task_failure(taskToken=message["Body"], error="E", cause="c")

    assert workflows.end(execution)["error"] == EXCEEDED
    assert children(workflows, execution) == {"FAILED": 1, "ABORTED": 1}
    counts = map_run(workflows, execution)["itemCounts"]
    assert (counts["failed"], counts["aborted"], counts["running"]) == (1, 1, 0)


def test_a_stopped_workflow_aborts_its_map_run_and_starts_no_further_child(
    workflows: Workflows, queue: str, wait_until: WaitUntil
) -> None:
    state = distributed(waiting(queue), Items=[1, 2, 3], MaxConcurrency=2)
    execution = workflows.start({"M": state})
    wait_for_running(workflows, wait_until, execution, 2)

    workflows.client.stop_execution(executionArn=execution)

    wait_until(lambda: map_run(workflows, execution)["status"] == "ABORTED")
    assert children(workflows, execution) == {"ABORTED": 2}
    assert workflows.events(execution)[-1]["type"] == "ExecutionAborted"


def test_a_child_that_is_stopped_alone_is_no_failure(
    workflows: Workflows, sqs: SQSClient, queue: str, wait_until: WaitUntil
) -> None:
    execution = workflows.start({"M": distributed(waiting(queue), Items=[1])})
    wait_until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
    arn = map_run(workflows, execution)["mapRunArn"]
    [child] = workflows.client.list_executions(mapRunArn=arn)["executions"]

    workflows.client.stop_execution(executionArn=child["executionArn"])

    [record] = json.loads(workflows.end(execution)["output"])
    assert record["Status"] == "ABORTED"


def test_a_map_is_retried_in_a_map_run_of_its_own(workflows: Workflows) -> None:
    retrier = {"ErrorEquals": [EXCEEDED], "MaxAttempts": 2}

    ended = workflows.run({"M": distributed(FAILING, Items=["bad"], Retry=[retrier])})

    runs = workflows.client.list_map_runs(executionArn=ended["executionArn"])["mapRuns"]
    assert (ended["error"], len(runs)) == (EXCEEDED, 3)


# ── Results ──────────────────────────────────────────────────────────────────────────────────────


def test_the_results_go_to_s3_as_the_manifest_names_them(
    workflows: Workflows, bucket: str, read_json: Callable[[str], Any]
) -> None:
    state = distributed(
        FAILING,
        Items=["a", "bad", "b"],
        ToleratedFailurePercentage=40,
        ResultWriter=writer(bucket),
    )

    output = workflows.output({"M": state})

    folder = f"reports/{output['MapRunArn'].rpartition(':')[2]}"
    details = {"Bucket": bucket, "Key": f"{folder}/manifest.json"}
    assert output == {"MapRunArn": output["MapRunArn"], "ResultWriterDetails": details}
    manifest = read_json(details["Key"])
    files = manifest.pop("ResultFiles")
    assert manifest == {"DestinationBucket": bucket, "MapRunArn": output["MapRunArn"]}
    assert [file["Key"] for status in files for file in files[status]] == [
        f"{folder}/FAILED_0.json",
        f"{folder}/SUCCEEDED_0.json",
    ]
    succeeded = read_json(f"{folder}/SUCCEEDED_0.json")
    assert [(record["Input"], record["Output"]) for record in succeeded] == [
        ('"a"', '"a"'),
        ('"b"', '"b"'),
    ]
    [failed] = read_json(f"{folder}/FAILED_0.json")
    assert (failed["Input"], failed["Error"], failed["Cause"]) == ('"bad"', "Row.Bad", "no good")
    assert "Output" not in failed
    child = workflows.client.describe_execution(executionArn=failed["ExecutionArn"])
    assert (child["status"], child["mapRunArn"]) == (failed["Status"], output["MapRunArn"])


def test_a_failed_map_run_reports_too_with_what_never_began(
    workflows: Workflows, s3: S3Client, bucket: str, read_json: Callable[[str], Any]
) -> None:
    state = distributed(FAILING, Items=["bad", "a"], MaxConcurrency=1, ResultWriter=writer(bucket))

    ended = workflows.run({"M": state})

    run = map_run(workflows, ended["executionArn"])
    folder = f"reports/{run['mapRunArn'].rpartition(':')[2]}"
    assert ended["error"] == EXCEEDED
    assert read_json(f"{folder}/PENDING_0.json") == [
        {"Input": '"a"', "InputDetails": {"Included": True}, "Status": "PENDING"}
    ]
    [failed] = read_json(f"{folder}/FAILED_0.json")
    assert failed["Input"] == '"bad"'
    assert run["itemCounts"]["resultsWritten"] == 1
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 3


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ({"Transformation": "COMPACT"}, '[[1, 2], "a"]'),
        ({"Transformation": "FLATTEN"}, '[1, 2, "a"]'),
        ({"Transformation": "FLATTEN", "OutputType": "JSONL"}, '1\n2\n"a"\n'),
    ],
)
def test_results_are_written_as_the_writer_is_configured(
    workflows: Workflows, s3: S3Client, bucket: str, config: Json, text: str
) -> None:
    results = writer(bucket, WriterConfig=config)
    state = distributed(AS_IT_IS, Items=[[1, 2], "a"], ResultWriter=results)

    key = workflows.output({"M": state})["ResultWriterDetails"]["Key"]

    file = key.replace("manifest", "SUCCEEDED_0")
    assert s3.get_object(Bucket=bucket, Key=file)["Body"].read().decode() == text


def test_without_a_destination_the_configured_results_stay_in_the_execution(
    workflows: Workflows,
) -> None:
    flat = {"WriterConfig": {"Transformation": "FLATTEN"}}

    state = distributed(AS_IT_IS, Items=[[1], [2]], ResultWriter=flat)

    assert workflows.output({"M": state}) == [1, 2]


def test_a_bucket_that_is_not_there_fails_the_writer(workflows: Workflows) -> None:
    state = distributed(AS_IT_IS, Items=[1], ResultWriter=writer("no-such-bucket"))

    ended = workflows.run({"M": state})

    assert ended["error"] == "States.ResultWriterFailed"
    assert map_run(workflows, ended["executionArn"])["status"] == "FAILED"


def test_a_tolerated_failure_stands_in_the_result_as_it_ended(workflows: Workflows) -> None:
    state = distributed(FAILING, Items=["bad", "a"], ToleratedFailureCount=1)

    failed, good = workflows.output({"M": state})

    assert (failed["Status"], failed["Error"], good) == ("FAILED", "Row.Bad", "a")


def test_output_and_assign_see_the_result(workflows: Workflows) -> None:
    state = distributed(
        AS_IT_IS,
        Items=[1, 2],
        Output={"sum": "{% $sum($states.result) %}"},
        Assign={"first": "{% $states.result[0] %}"},
        Next="After",
    )
    del state["End"]
    after = pass_state({"in": "{% $states.input %}", "first": "{% $first %}"})

    assert workflows.output({"M": state, "After": after}) == {"in": {"sum": 3}, "first": 1}


# ── Child executions ─────────────────────────────────────────────────────────────────────────────


def test_a_child_is_an_execution_with_a_history_of_its_own(workflows: Workflows) -> None:
    own = {"A": pass_state({"id": "{% $states.context.Execution.Id %}"})}

    ended = workflows.run({"M": distributed(own, Items=["x"])})

    [output] = json.loads(ended["output"])
    child = workflows.client.describe_execution(executionArn=output["id"])
    assert (child["status"], child["input"]) == ("SUCCEEDED", '"x"')
    assert ":execution:workflow-" in output["id"]
    assert "/Each:" in output["id"]
    assert [event["type"] for event in workflows.events(output["id"])] == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
    kinds = [event["type"] for event in workflows.events(ended["executionArn"])]
    assert kinds == [
        "ExecutionStarted",
        "MapStateEntered",
        "MapStateStarted",
        "MapRunStarted",
        "MapRunSucceeded",
        "MapStateSucceeded",
        "MapStateExited",
        "ExecutionSucceeded",
    ]


def test_a_child_knows_no_variable_of_the_workflow(workflows: Workflows) -> None:
    states = {
        "Start": {"Type": "Pass", "Assign": {"outer": 1}, "Next": "M"},
        "M": distributed({"A": pass_state("{% $exists($outer) %}")}, Items=[1]),
    }

    assert workflows.output(states) == [False]


def test_jsonpath_has_its_own_fields_for_all_of_it(
    workflows: Workflows, s3: S3Client, bucket: str, read_json: Callable[[str], Any]
) -> None:
    s3.put_object(Bucket=bucket, Key="in", Body=b'["a", "bad", "b"]')
    failing = {
        "Check": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.row", "StringEquals": "bad", "Next": "No"}],
            "Default": "Yes",
        },
        "No": {"Type": "Fail", "Error": "Row.Bad"},
        "Yes": pass_state(),
    }
    state = distributed(
        failing,
        ItemReader={
            "Resource": READ,
            "ReaderConfig": {"InputType": "JSON", "MaxItemsPath": "$.most"},
            "Parameters": {"Bucket": bucket, "Key.$": "$.key"},
        },
        ItemSelector={"row.$": "$$.Map.Item.Value", "of.$": "$.key"},
        MaxConcurrencyPath="$.most",
        ToleratedFailureCountPath="$.tolerated",
        ResultWriter={"Resource": WRITE, "Parameters": {"Bucket": bucket, "Prefix.$": "$.key"}},
        ResultPath="$.written",
    )
    given = {"key": "in", "most": 2, "tolerated": 1}

    ended = workflows.run({"M": state}, given, QueryLanguage="JSONPath")

    output = json.loads(ended["output"])
    key = output.pop("written")["ResultWriterDetails"]["Key"]
    assert output == given
    [record] = read_json(key.replace("manifest", "SUCCEEDED_0"))
    assert json.loads(record["Output"]) == {"row": "a", "of": "in"}
    assert map_run(workflows, ended["executionArn"])["maxConcurrency"] == 2
