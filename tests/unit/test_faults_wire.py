"""Requests as botocore makes them are known for what they are, and errors as it reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode

import botocore.session
import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from constructs_lib.local._fault_models import error_status, service_model
from constructs_lib.local._fault_wire import WireRequest, error_answer, matches
from constructs_lib.local.faults import Fault

Call = tuple[str, str, Mapping[str, Any]]

#: One call in each protocol, an error of its service, that error on the wire, and its status.
PROTOCOLS: list[tuple[Call, str, str, int]] = [
    (
        ("dynamodb", "PutItem", {"TableName": "Users", "Item": {"pk": {"S": "CODE#1"}}}),
        "InternalServerError",
        "InternalServerError",
        500,
    ),
    (("sns", "Publish", {"Message": "m", "TopicArn": "t"}), "NotFoundException", "NotFound", 404),
    (
        ("ec2", "DescribeVpcs", {"VpcIds": ["v"]}),
        "RequestLimitExceeded",
        "RequestLimitExceeded",
        400,
    ),
    (("s3", "GetObject", {"Bucket": "b", "Key": "a/b"}), "NoSuchKey", "NoSuchKey", 404),
    (
        ("lambda", "Invoke", {"FunctionName": "f", "Payload": b"{}"}),
        "TooManyRequestsException",
        "TooManyRequestsException",
        429,
    ),
    (
        ("cloudwatch", "PutMetricData", {"Namespace": "n", "MetricData": []}),
        "LimitExceededFault",
        "LimitExceeded",
        400,
    ),
]
#: Calls that look alike on the wire.
ALIKE: list[Call] = [
    ("s3", "PutObject", {"Bucket": "b", "Key": "k"}),
    ("s3", "CopyObject", {"Bucket": "b", "Key": "k", "CopySource": "b/other"}),
    ("s3", "UploadPart", {"Bucket": "b", "Key": "k", "PartNumber": 1, "UploadId": "u"}),
    ("s3", "CreateBucket", {"Bucket": "b"}),
    ("s3", "GetObject", {"Bucket": "b", "Key": "k"}),
    ("s3", "ListObjectsV2", {"Bucket": "b"}),
    ("s3", "ListBuckets", {}),
    ("s3", "DeleteObjects", {"Bucket": "b", "Delete": {"Objects": []}}),
    ("sesv2", "SendEmail", {"Content": {}}),
    ("sesv2", "CreateEmailIdentity", {"EmailIdentity": "example.com"}),
    ("ses", "SendEmail", {"Source": "s", "Destination": {}, "Message": {}}),
    ("lambda", "GetFunction", {"FunctionName": "f"}),
    ("lambda", "GetFunctionConfiguration", {"FunctionName": "f"}),
    ("events", "PutEvents", {"Entries": []}),
    ("dynamodb", "PutItem", {"TableName": "t", "Item": {}}),
]


def _request(call: Call) -> WireRequest:
    service, action, parameters = call
    model = botocore.session.get_session().get_service_model(service)
    serializer = create_serializer(model.resolved_protocol, include_validation=False)
    made = serializer.serialize_to_request(dict(parameters), model.operation_model(action))
    path, _, path_query = str(made["url_path"]).partition("?")
    query = parse_qs(path_query, keep_blank_values=True)
    query |= {name: [str(value)] for name, value in (made.get("query_string") or {}).items()}
    body = made["body"]
    text = urlencode(body) if isinstance(body, Mapping) else body
    headers = {name.lower(): str(value) for name, value in made["headers"].items()}
    scope = f"20260101/us-east-1/{model.signing_name}/aws4_request"
    headers["authorization"] = f"AWS4-HMAC-SHA256 Credential=000000000000/{scope}, Signature=x"
    return WireRequest(
        method=str(made["method"]),
        path=unquote(path),
        headers=headers,
        query=query,
        body=text if isinstance(text, bytes) else str(text).encode(),
    )


def _fault(service: str, action: str, **parameters: str) -> Fault:
    named = {name.replace("__", "."): pattern for name, pattern in parameters.items()}
    return Fault(service=service, action=action, error="AccessDenied", parameters=named)


@pytest.mark.parametrize("call", ALIKE, ids=lambda call: f"{call[0]} {call[1]}")
def test_a_request_is_the_one_call_that_it_is(call: Call) -> None:
    request = _request(call)

    taken_for = [(s, a) for s, a, _ in ALIKE if matches(_fault(s, a), request)]

    assert taken_for == [call[:2]]


@pytest.mark.parametrize(
    ("call", "error", "code", "status"), PROTOCOLS, ids=[row[0][0] for row in PROTOCOLS]
)
def test_an_sdk_reads_the_error_in_each_protocol(
    call: Call, error: str, code: str, status: int
) -> None:
    service, action, _ = call
    request = _request(call)
    assert matches(_fault(service, action), request)

    found = error_answer(service, request, error=error, status=error_status(service, error))

    response = {"status_code": found[0], "headers": found[1], "body": found[2], "context": {}}
    read = create_parser(service_model(service).resolved_protocol).parse(response, None)  # type: ignore[arg-type]  # an error needs no shape
    assert (read["Error"]["Code"], found[0]) == (code, status)
    assert "failed on purpose" in read["Error"]["Message"]


def test_a_query_call_of_a_service_with_json_is_answered_in_xml() -> None:
    request = WireRequest(
        method="POST",
        path="/",
        headers={"content-type": "application/x-www-form-urlencoded"},
        query={},
        body=b"Action=SendMessage&QueueUrl=u",
    )

    assert matches(_fault("sqs", "SendMessage"), request)
    assert (
        b"<Code>Throttling</Code>"
        in error_answer("sqs", request, error="Throttling", status=400)[2]
    )


def test_a_binary_call_is_answered_in_kind() -> None:
    request = WireRequest(
        method="POST",
        path="/service/GraniteServiceVersion20100801/operation/PutMetricData",
        headers={"smithy-protocol": "rpc-v2-cbor"},
        query={},
        body=b"\xa0",
    )
    assert matches(_fault("cloudwatch", "PutMetricData"), request)

    status, headers, body = error_answer(
        "cloudwatch", request, error="LimitExceededFault", status=400
    )

    response = {"status_code": status, "headers": headers, "body": body, "context": {}}
    read = create_parser("smithy-rpc-v2-cbor").parse(response, None)  # type: ignore[arg-type]  # an error needs no shape
    assert read["Error"]["Code"] == "LimitExceeded"


def test_a_presigned_request_is_known_by_its_query() -> None:
    query = {"X-Amz-Credential": ["0/20260101/us-east-1/s3/aws4_request"]}
    request = WireRequest(method="GET", path="/b/k", headers={}, query=query, body=b"")

    assert matches(_fault("s3", "GetObject"), request)


@pytest.mark.parametrize(
    ("call", "parameters", "wanted"),
    [
        (PROTOCOLS[0][0], {"TableName": "Users"}, True),
        (PROTOCOLS[0][0], {"TableName": "User"}, False),
        (PROTOCOLS[0][0], {"TableName": "U*", "Item__pk__S": "CODE#*"}, True),
        (PROTOCOLS[0][0], {"TableName": "U*", "Item__pk__S": "USER#*"}, False),
        (PROTOCOLS[1][0], {"TopicArn": "t"}, True),
        (PROTOCOLS[1][0], {"TopicArn": "u"}, False),
        (PROTOCOLS[2][0], {"VpcIds": "v"}, True),
        (PROTOCOLS[3][0], {"Bucket": "b", "Key": "a/*"}, True),
        (PROTOCOLS[3][0], {"Bucket": "a"}, False),
        (PROTOCOLS[4][0], {"FunctionName": "f"}, True),
        (
            ("events", "PutEvents", {"Entries": [{"Source": "a"}, {"Source": "b"}]}),
            {"Entries__Source": "b"},
            True,
        ),
        (
            ("sns", "PublishBatch", {"TopicArn": "t", "PublishBatchRequestEntries": [{"Id": "7"}]}),
            {"PublishBatchRequestEntries__Id": "7"},
            True,
        ),
        (
            ("lambda", "ListFunctions", {"FunctionVersion": "ALL"}),
            {"FunctionVersion": "ALL"},
            True,
        ),
        (
            ("sesv2", "SendEmail", {"FromEmailAddress": "a@example.com", "Content": {}}),
            {"FromEmailAddress": "*@example.com"},
            True,
        ),
    ],
)
def test_parameters_choose_calls(call: Call, parameters: dict[str, str], wanted: bool) -> None:
    assert matches(_fault(call[0], call[1], **parameters), _request(call)) == wanted
