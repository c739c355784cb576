"""``aws-sdk:`` tasks on the embedded AWS: names, results and errors are those of AWS."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING, cast

import pytest
from botocore.exceptions import ClientError

from constructs_lib.local import EmbeddedAws
from tests.local.workflows import Workflows, sdk_task

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient

    from tests.local.conftest import Deliveries, WaitUntil

RunTask = Callable[[str, object], dict[str, object]]


@pytest.fixture
def dynamodb(aws: EmbeddedAws) -> Iterator[DynamoDBClient]:
    with closing(aws.client("dynamodb")) as client:
        yield client


@pytest.fixture
def sns(aws: EmbeddedAws) -> Iterator[SNSClient]:
    with closing(aws.client("sns")) as client:
        yield client


@pytest.fixture
def run_task(aws: EmbeddedAws, wait_until: WaitUntil) -> Iterator[RunTask]:
    """Run one JSONata task in an Express workflow of its own; the result, or error and cause."""
    with closing(aws.client("stepfunctions")) as client:
        workflows = Workflows(client, wait_until)

        def run(resource: str, arguments: object) -> dict[str, object]:
            machine = workflows.make({"Task": sdk_task(resource, arguments)}, kind="EXPRESS")
            ended = client.start_sync_execution(stateMachineArn=machine)
            if ended["status"] == "SUCCEEDED":
                return cast(dict[str, object], json.loads(ended["output"]))
            return {"error": ended["error"], "cause": ended["cause"]}

        yield run


@pytest.fixture
def table(dynamodb: DynamoDBClient) -> Iterator[str]:
    name = f"table-{uuid.uuid4().hex[:8]}"
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "code", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "code", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield name
    dynamodb.delete_table(TableName=name)


# ── Each protocol ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("resource", "arguments", "member"),
    [
        ("cognitoidentityprovider:listUserPools", {"MaxResults": 10}, "UserPools"),
        ("eventbridge:listRules", {"EventBusName": "default"}, "Rules"),
        ("sns:listTopics", {}, "Topics"),
        ("sqs:listQueues", {"QueueNamePrefix": "no-such"}, None),
        ("ec2:describeVpcs", {"Filters": [{"Name": "isDefault", "Values": ["true"]}]}, "Vpcs"),
        ("cloudwatch:listMetrics", {}, "Metrics"),
        ("sesv2:listEmailIdentities", {"PageSize": 10}, "EmailIdentities"),
        ("lambda:listFunctions", {"MaxItems": 10}, "Functions"),
        ("s3:listBuckets", {}, "Buckets"),
        ("kms:listKeys", {}, "Keys"),
        ("scheduler:listSchedules", {}, "Schedules"),
        ("rds:describeDBClusters", {}, "DbClusters"),
    ],
)
def test_a_task_calls_services_of_every_protocol(
    run_task: RunTask, resource: str, arguments: object, member: str | None
) -> None:
    result = run_task(f"aws-sdk:{resource}", arguments)
    assert "error" not in result
    assert member is None or isinstance(result[member], list)


def test_a_rest_task_writes_path_query_and_binary_body_and_reads_headers(
    run_task: RunTask,
) -> None:
    bucket = f"bucket-{uuid.uuid4().hex[:8]}"
    run_task("aws-sdk:s3:createBucket", {"Bucket": bucket})
    put = {"Bucket": bucket, "Key": "a folder/ä key", "Body": "text", "Metadata": {"k": "v"}}
    etag = run_task("aws-sdk:s3:putObject", put)["ETag"]
    found = run_task("aws-sdk:s3:getObject", {"Bucket": bucket, "Key": "a folder/ä key"})
    assert (found["Body"], found["ETag"], found["Metadata"]) == ("text", etag, {"k": "v"})
    for prefix, count in (("a folder/", 1), ("another/", 0)):
        listed = run_task("aws-sdk:s3:listObjectsV2", {"Bucket": bucket, "Prefix": prefix})
        assert listed["KeyCount"] == count


# ── Parameters ───────────────────────────────────────────────────────────────────────────────────


def test_an_object_where_the_api_wants_text_is_sent_as_json(
    run_task: RunTask, deliveries: Deliveries, wait_until: WaitUntil
) -> None:
    receive = deliveries("default", {"source": ["sdk-task"]})
    entry = {"Source": "sdk-task", "DetailType": "T", "Detail": {"n": 1}}
    run_task("aws-sdk:eventbridge:putEvents", {"Entries": [entry]})
    assert wait_until(receive)["detail"] == {"n": 1}


def test_a_whole_number_is_sent_as_an_integer_however_it_is_written(run_task: RunTask) -> None:
    arguments = {"MaxResults": 10.0}
    assert "UserPools" in run_task("aws-sdk:cognitoidentityprovider:listUserPools", arguments)


def test_a_time_comes_back_as_iso_8601(run_task: RunTask, table: str) -> None:
    described = run_task("aws-sdk:dynamodb:describeTable", {"TableName": table})
    made = cast(dict[str, str], described["Table"])["CreationDateTime"]
    assert made.startswith("20")
    assert made.endswith("Z")


@pytest.mark.parametrize(
    ("resource", "arguments", "named"),
    [
        ("glacier:listVaults", {"AccountId": "-"}, "Glacier"),
        ("sqs:listQueues", {"Prefix": "a"}, "no parameter Prefix"),
        ("sfn:listExecutions", {"stateMachineArn": "arn"}, "stateMachineArn"),
        ("sfn:sendTaskSuccess", {"Output": {}}, "TaskToken"),
        ("sqs:sendMessage", {"QueueUrl": "u", "MessageBody": "b", "DelaySeconds": "x"}, "Delay"),
        ("kms:describeKey", {}, "KeyId"),
    ],
)
def test_what_a_service_does_not_know_fails_the_task_by_its_name(
    run_task: RunTask, resource: str, arguments: object, named: str
) -> None:
    ended = run_task(f"aws-sdk:{resource}", arguments)
    assert ended["error"] == "States.Runtime"
    assert named in str(ended["cause"])


# ── Errors ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("resource", "arguments", "error"),
    [
        (
            "sqs:sendMessage",
            {"QueueUrl": "http://127.0.0.1/000000000000/gone", "MessageBody": "b"},
            "Sqs.QueueDoesNotExistException",
        ),
        (
            "sns:publish",
            {"TopicArn": "arn:aws:sns:us-east-1:000000000000:gone", "Message": "m"},
            "Sns.NotFoundException",
        ),
        ("s3:getObject", {"Bucket": "no-such-bucket", "Key": "k"}, "S3.NoSuchBucketException"),
        ("lambda:getFunction", {"FunctionName": "gone"}, "Lambda.ResourceNotFoundException"),
        ("dynamodb:describeTable", {"TableName": "gone"}, "DynamoDb.ResourceNotFoundException"),
        # The model of DynamoDB declares no ValidationException.
        (
            "dynamodb:createTable",
            {
                "TableName": "x",
                "KeySchema": [{"AttributeName": "k", "KeyType": "HASH"}],
                "AttributeDefinitions": [{"AttributeName": "k", "AttributeType": "S"}],
                "BillingMode": "PAY_PER_REQUEST",
            },
            "DynamoDb.DynamoDbException",
        ),
        (
            "rds:deleteDBCluster",
            {"DbClusterIdentifier": "gone", "SkipFinalSnapshot": True},
            "Rds.DbClusterNotFoundException",
        ),
        (
            "sesv2:getEmailIdentity",
            {"EmailIdentity": "gone@example.com"},
            "SesV2.NotFoundException",
        ),
        (
            "sfn:describeExecution",
            {"ExecutionArn": "arn:aws:states:us-east-1:000000000000:execution:a:b"},
            "Sfn.ExecutionDoesNotExistException",
        ),
        ("kms:describeKey", {"KeyId": "gone"}, "Kms.NotFoundException"),
        ("kms:createAlias", {"AliasName": "bad", "TargetKeyId": "k"}, "Kms.KmsException"),
    ],
)
def test_an_error_has_the_name_that_the_sdk_for_java_gives_it(
    run_task: RunTask, resource: str, arguments: object, error: str
) -> None:
    assert run_task(f"aws-sdk:{resource}", arguments)["error"] == error


def test_a_mail_of_a_sender_that_is_not_verified_is_rejected(run_task: RunTask) -> None:
    ended = run_task("aws-sdk:sesv2:sendEmail", a_mail("stranger@example.org"))
    assert ended["error"] == "SesV2.MessageRejectedException"
    assert "stranger@example.org" in str(ended["cause"])


def a_mail(sender: str) -> dict[str, object]:
    return {
        "FromEmailAddress": sender,
        "Destination": {"ToAddresses": ["ann@example.com"]},
        "Content": {"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
    }


# ── DynamoDB, as the sign-up uses it ─────────────────────────────────────────────────────────────


def test_items_are_put_updated_read_and_queried(run_task: RunTask, table: str) -> None:
    item = {
        "code": {"S": "c1"},
        "uses": {"N": "0"},
        "gone": {"Nul": True},
        "on": {"Bool": True},
        "tags": {"Ss": ["a"]},
    }
    key = {"code": {"S": "c1"}}
    assert run_task("aws-sdk:dynamodb:putItem", {"TableName": table, "Item": item}) == {}
    use = {
        "TableName": table,
        "Key": key,
        "UpdateExpression": "SET uses = :one",
        "ConditionExpression": "uses = :zero",
        "ExpressionAttributeValues": {":one": {"N": "1"}, ":zero": {"N": "0"}},
        "ReturnValues": "UPDATED_NEW",
    }
    updated = run_task("aws-sdk:dynamodb:updateItem", use)
    assert updated == {"Attributes": {"uses": {"N": "1"}}}
    again = run_task("aws-sdk:dynamodb:updateItem", use)
    assert again["error"] == "DynamoDb.ConditionalCheckFailedException"
    expected = {**item, "uses": {"N": "1"}}
    read = {"TableName": table, "Key": key, "ConsistentRead": True}
    assert run_task("aws-sdk:dynamodb:getItem", read) == {"Item": expected}
    query = {
        "TableName": table,
        "KeyConditionExpression": "code = :c",
        "ExpressionAttributeValues": {":c": {"S": "c1"}},
    }
    queried = run_task("aws-sdk:dynamodb:query", query)
    assert (queried["Items"], queried["Count"]) == ([expected], 1)


def test_an_item_that_is_not_there_is_an_empty_result(run_task: RunTask, table: str) -> None:
    read = {"TableName": table, "Key": {"code": {"S": "no"}}}
    assert run_task("aws-sdk:dynamodb:getItem", read) == {}


# ── Optimized sns:publish ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("resource", ["sns:publish", "aws-sdk:sns:publish"])
def test_a_published_object_arrives_as_json_with_its_attributes(
    run_task: RunTask, sns: SNSClient, sqs: SQSClient, wait_until: WaitUntil, resource: str
) -> None:
    name = f"topic-{uuid.uuid4().hex[:8]}"
    topic = sns.create_topic(Name=name)["TopicArn"]
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue_arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=queue_arn["Attributes"]["QueueArn"],
        Attributes={"FilterPolicy": json.dumps({"priority": ["urgent"]})},
    )
    for priority in ("low", "urgent"):
        attributes = {"priority": {"DataType": "String", "StringValue": priority}}
        message = {"ticket": 7, "priority": priority}
        published = run_task(
            resource, {"TopicArn": topic, "Message": message, "MessageAttributes": attributes}
        )
        assert "MessageId" in published
    received = wait_until(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
    assert len(received) == 1
    body = json.loads(received[0]["Body"])
    assert json.loads(body["Message"]) == {"ticket": 7, "priority": "urgent"}
    assert body["MessageAttributes"]["priority"]["Value"] == "urgent"


def test_an_optimized_publish_to_a_missing_topic_has_the_optimized_error(
    run_task: RunTask, sns: SNSClient
) -> None:
    gone = "arn:aws:sns:us-east-1:000000000000:gone"
    ended = run_task("sns:publish", {"TopicArn": gone, "Message": "m"})
    assert ended["error"] == "SNS.NotFoundException"
    with pytest.raises(ClientError, match="NotFound"):
        sns.publish(TopicArn=gone, Message="m")
