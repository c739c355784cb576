"""What APIs, buckets and functions pass on by themselves is drawn, and its events are known."""

import json
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.insight import load
from constructs_lib.insight.event_map import event_map
from constructs_lib.insight.model import Assembly

_SHOP: dict[str, Any] = {
    "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "shop"}},
    "Queue": {"Type": "AWS::SQS::Queue"},
    "Topic": {"Type": "AWS::SNS::Topic"},
    "Work": {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"Definition": {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}},
    },
    "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "a"}},
    "Http": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Name": "h"}},
    "Files": {"Type": "AWS::S3::Bucket"},
    "Pack": {"Type": "AWS::Lambda::Function", "Properties": {"Role": "arn:aws:iam::1:role/r"}},
}
_URI = "arn:aws:apigateway:${AWS::Region}:"


def _load(folder: Path, **resources: dict[str, Any]) -> Assembly:
    path = folder / "app.json"
    path.write_text(json.dumps({"Resources": {**_SHOP, **resources}}), encoding="utf-8")
    return load(path)


def _edges(assembly: Assembly) -> set[tuple[str, str, str, str]]:
    graph = event_map(assembly)
    titles = {node.id: node.title for node in graph.nodes}
    return {
        (titles[edge.source], edge.kind, edge.label, titles[edge.target]) for edge in graph.edges
    }


def _http(**properties: Any) -> dict[str, Any]:
    written = {"ApiId": {"Ref": "Http"}, "IntegrationType": "AWS_PROXY", **properties}
    return {"Type": "AWS::ApiGatewayV2::Integration", "Properties": written}


def _method(uri: str, template: str = "", **integration: Any) -> dict[str, Any]:
    written = {
        "Type": "AWS",
        "Uri": {"Fn::Sub": _URI + uri},
        "RequestTemplates": {"application/json": {"Fn::Sub": template}},
        **integration,
    }
    properties = {"RestApiId": {"Ref": "Api"}, "HttpMethod": "POST", "Integration": written}
    return {"Type": "AWS::ApiGateway::Method", "Properties": properties}


def test_an_http_api_publishes_what_its_integration_says(tmp_path: Path) -> None:
    parameters = {
        "Source": "web",
        "DetailType": "Ordered",
        "Detail": "$request.body",
        "EventBusName": {"Fn::GetAtt": ["Bus", "Arn"]},
    }

    assembly = _load(
        tmp_path,
        Put=_http(IntegrationSubtype="EventBridge-PutEvents", RequestParameters=parameters),
    )

    (publication,) = assembly.publications
    assert (publication.publisher, publication.bus) == ("app/Http", "app/Bus")
    assert (publication.source, publication.detail_type) == ("web", "Ordered")


def test_a_rest_api_publishes_what_its_template_says(tmp_path: Path) -> None:
    template = (
        '{"Entries": [{"Source": "web", "DetailType": "$input.params(\'kind\')", '
        '"Detail": "$util.escapeJavaScript($input.body)", "EventBusName": "${Bus}"}]}'
    )

    assembly = _load(tmp_path, Put=_method("events:action/PutEvents", template))

    (publication,) = assembly.publications
    assert (publication.publisher, publication.bus) == ("app/Api", "app/Bus")
    assert (publication.source, publication.detail_type) == ("web", None)


@pytest.mark.parametrize(
    ("method", "target", "call"),
    [
        (
            _method(
                "states:action/StartExecution",
                '{"input": "$util.escapeJavaScript($input.body)", "stateMachineArn": "${Work}"}',
            ),
            "Work",
            "states:StartExecution",
        ),
        (_method("sqs:path/${AWS::AccountId}/${Queue.QueueName}"), "Queue", "sqs:SendMessage"),
        (
            _method(
                "sns:action/Publish",
                "Action=Publish&TopicArn=$util.urlEncode('${Topic}')&Message=$input.body",
            ),
            "Topic",
            "sns:Publish",
        ),
        (
            _http(
                IntegrationSubtype="StepFunctions-StartSyncExecution",
                RequestParameters={"StateMachineArn": {"Ref": "Work"}},
            ),
            "Work",
            "states:StartSyncExecution",
        ),
    ],
    ids=["a workflow", "a queue by its path", "a topic", "a workflow of an HTTP API"],
)
def test_an_api_leads_to_what_it_calls_without_a_function(
    method: dict[str, Any], target: str, call: str, tmp_path: Path
) -> None:
    api = "Http" if method["Type"].startswith("AWS::ApiGatewayV2") else "Api"

    assert _edges(_load(tmp_path, Call=method)) == {(api, "sends", call, target)}


def test_the_integrations_of_a_written_api_are_found(tmp_path: Path) -> None:
    integration = {
        "type": "aws",
        "uri": {"Fn::Sub": _URI + "states:action/StartExecution"},
        "requestTemplates": {"application/json": {"Fn::Sub": '{"stateMachineArn": "${Work}"}'}},
    }
    method = {"x-amazon-apigateway-integration": integration}
    body = {"openapi": "3.0.1", "paths": {"/work": {"post": method}}}
    api = {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Body": body}}

    assembly = _load(tmp_path, Written=api)

    assert _edges(assembly) == {("Written", "sends", "states:StartExecution", "Work")}


def test_an_api_that_calls_functions_has_no_place_on_the_map(tmp_path: Path) -> None:
    uri = "lambda:path/2015-03-31/functions/${Pack.Arn}/invocations"

    assert _edges(_load(tmp_path, Call=_method(uri))) == set()


def test_a_graph_api_publishes_to_the_bus_of_its_data_source(tmp_path: Path) -> None:
    source = {
        "Type": "AWS::AppSync::DataSource",
        "Properties": {
            "Type": "AMAZON_EVENTBRIDGE",
            "EventBridgeConfig": {"EventBusArn": {"Fn::GetAtt": ["Bus", "Arn"]}},
        },
    }

    (publication,) = _load(tmp_path, Events=source).publications

    assert (publication.publisher, publication.bus) == ("app/Events", "app/Bus")


@pytest.mark.parametrize("by_cdk", [False, True])
def test_a_bucket_leads_to_whom_it_notifies(by_cdk: bool, tmp_path: Path) -> None:
    event = {"Events": ["s3:ObjectCreated:*"]} if by_cdk else {"Event": "s3:ObjectCreated:*"}
    name = "LambdaFunctionArn" if by_cdk else "Function"
    kind = "LambdaFunctionConfigurations" if by_cdk else "LambdaConfigurations"
    told = {kind: [{**event, name: {"Fn::GetAtt": ["Pack", "Arn"]}}]}
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"NotificationConfiguration": told}}
    custom = {
        "Type": "Custom::S3BucketNotifications",
        "Properties": {"BucketName": {"Ref": "Files"}, "NotificationConfiguration": told},
    }

    assembly = _load(tmp_path, **({"Tell": custom} if by_cdk else {"Files": bucket}))

    assert _edges(assembly) == {("Files", "sends", "s3:ObjectCreated:*", "Pack")}


def _with_destinations(success: str, failure: str) -> dict[str, Any]:
    configured = {
        "OnSuccess": {"Destination": {"Fn::GetAtt": [success, "Arn"]}},
        "OnFailure": {"Destination": {"Fn::GetAtt": [failure, "Arn"]}},
    }
    properties = {"FunctionName": {"Ref": "Pack"}, "DestinationConfig": configured}
    return {"Type": "AWS::Lambda::EventInvokeConfig", "Properties": properties}


def test_results_of_a_function_lead_to_their_destination(tmp_path: Path) -> None:
    assembly = _load(tmp_path, Ends=_with_destinations("Queue", "Topic"))

    assert _edges(assembly) == {
        ("Pack", "delivers", "succeeded", "Queue"),
        ("Pack", "fails", "failed", "Topic"),
    }


def test_results_of_a_function_that_go_to_a_bus_are_events(tmp_path: Path) -> None:
    assembly = _load(tmp_path, Ends=_with_destinations("Bus", "Queue"))

    (publication,) = assembly.publications
    assert publication.source == "lambda"
    assert publication.detail_type == "Lambda Function Invocation Result - Success"


def test_a_pipe_that_is_stopped_is_drawn_so(tmp_path: Path) -> None:
    pipe = {
        "Type": "AWS::Pipes::Pipe",
        "Properties": {
            "Source": {"Fn::GetAtt": ["Queue", "Arn"]},
            "Target": {"Ref": "Work"},
            "DesiredState": "STOPPED",
        },
    }

    graph = event_map(_load(tmp_path, Pipe=pipe))

    assert [node.subtitle for node in graph.nodes if node.kind == "pipe"] == ["stopped · pipe"]


def test_a_destination_without_a_type_is_no_bus(tmp_path: Path) -> None:
    assembly = _load(tmp_path, Ends=_with_destinations("Bus", "Queue"), Bus={"Properties": {}})

    assert assembly.publications == ()
