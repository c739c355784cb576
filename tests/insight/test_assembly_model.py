"""A cloud assembly becomes one model: all stacks, references resolved, everything in its place."""

import json
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.insight import load
from tests.assemblies import Assembly as HandMade
from tests.insight.insight_templates import (
    attribute,
    bus,
    definition,
    publishing,
    read,
    ref,
    resource,
    role,
    rule,
    target,
    workflow,
)

_STATES = {"Done": {"Type": "Succeed"}}


def _machine(**properties: object) -> dict[str, Any]:
    return resource("AWS::StepFunctions::StateMachine", **properties)


@pytest.mark.parametrize(
    "reference",
    [
        {"Fn::GetStackOutput": {"StackName": "Shop", "OutputName": "BusName"}},
        {"Fn::ImportValue": "shop-bus"},
        {"Fn::Sub": "${Name}"},
    ],
    ids=["weak reference", "import", "parameter with the bus's name"],
)
def test_a_reference_into_another_stack_is_resolved(reference: object, tmp_path: Path) -> None:
    app = HandMade(tmp_path)
    output = {"BusName": {"Value": ref("Bus"), "Export": {"Name": "shop-bus"}}}
    app.stack("Shop", {"Bus": bus("orders")}, Outputs=output)
    app.stack(
        "Mail",
        {"Rule": {**rule({"source": ["shop"]}), "Properties": {"EventBusName": reference}}},
        Parameters={"Name": {"Type": "String", "Default": "orders"}},
    )

    (found,) = load(tmp_path).rules

    assert found.bus == "Shop/Bus"


def test_the_stacks_of_a_stage_are_read(tmp_path: Path) -> None:
    app = HandMade(tmp_path)
    app.stack("Own", {"Bus": bus()})
    app.stage("Prod").stack("Shop", workflow(_STATES))

    assembly = load(tmp_path)

    assert assembly.stacks == ("Own", "Shop")
    assert [one.resource.key for one in assembly.workflows] == ["Shop/Work"]


def test_stacks_of_one_name_in_two_stages_stay_apart(tmp_path: Path) -> None:
    app = HandMade(tmp_path)
    for stage in ("Test", "Prod"):
        app.stage(stage).stack("Shop", workflow(_STATES))

    assert [one.resource.key for one in load(tmp_path).workflows] == ["Shop/Work", "Shop#2/Work"]


def test_a_nested_stack_of_cdk_is_read(tmp_path: Path) -> None:
    app = HandMade(tmp_path)
    nested = resource("AWS::CloudFormation::Stack", TemplateURL={"Fn::Sub": "https://…"})
    nested["Metadata"] = {"aws:asset:path": "Inner.nested.template.json"}
    app.stack("Shop", {"Inner": nested})
    inner = {"Resources": workflow(_STATES)}
    (tmp_path / "Inner.nested.template.json").write_text(json.dumps(inner), encoding="utf-8")

    assert [one.resource.key for one in load(tmp_path).workflows] == ["Shop.Inner/Work"]


def test_a_definition_in_an_asset_is_read(tmp_path: Path) -> None:
    app = HandMade(tmp_path)
    machine = _machine(
        DefinitionS3Location={"Bucket": "b", "Key": "abc.json"},
        DefinitionSubstitutions={"Next": "Done"},
    )
    machine["Metadata"] = {"aws:asset:path": "asset.abc.json"}
    app.stack("Shop", {"Work": machine})
    text = json.dumps(definition({"A": {"Type": "Pass", "Next": "${Next}"}, **_STATES}))
    (tmp_path / "asset.abc.json").write_text(text, encoding="utf-8")

    (found,) = load(tmp_path).workflows

    assert [way.target for way in found.machine.states[0].transitions] == ["Done"]


def test_a_definition_that_lies_in_the_cloud_is_said_to_be_unknown(tmp_path: Path) -> None:
    assembly = read(tmp_path, {"Work": _machine(DefinitionS3Location={"Bucket": "b", "Key": "k"})})

    assert assembly.workflows[0].machine.states == ()
    assert [note.text for note in assembly.notes] == [
        "its definition 'k' is not among the local files: its states are not known"
    ]


@pytest.mark.parametrize(
    "entry",
    [
        {"type": "aws:cdk:logicalId", "data": "Work", "trace": ["new X (/a/app.ts:12:3)"]},
        {
            "type": "aws:cdk:creationStack",
            "data": [
                "...aws-cdk-lib...",
                "at new X (/a/node_modules/x.js:1:1)",
                "f (/a/app.ts:12:3)",
            ],
        },
    ],
    ids=["older", "newer"],
)
def test_the_line_of_the_program_comes_from_the_stack_trace(
    entry: dict[str, Any], tmp_path: Path
) -> None:
    app = HandMade(tmp_path)
    made = workflow(_STATES)
    made["Work"]["Metadata"] = {"aws:cdk:path": "Shop/SignUp/Workflow/Resource"}
    app.stack("Shop", made)
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    metadata = {"/Shop/SignUp/Workflow/Resource": [entry]}
    manifest["artifacts"]["Shop"]["metadata"] = metadata
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")

    place = load(tmp_path).workflows[0].resource.place

    assert place.construct_path == "Shop/SignUp/Workflow/Resource"
    assert place.source == "/a/app.ts:12"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("Shop/SignUp/Workflow/Resource/Resource", "SignUp/Workflow"),
        ("Shop/Triage/Resource", "Triage"),
        ("Shop/Bus/Archive/Archive", "Bus/Archive"),
        ("Shop/Resource", "Shop/Resource"),
    ],
)
def test_a_resource_is_named_by_the_telling_part_of_its_path(
    path: str, name: str, tmp_path: Path
) -> None:
    made = workflow(_STATES)
    made["Work"]["Metadata"] = {"aws:cdk:path": path}

    assert read(tmp_path, made).workflows[0].resource.name == name


def test_the_construct_path_comes_from_the_metadata_where_the_template_has_none(
    tmp_path: Path,
) -> None:
    HandMade(tmp_path).stack("Shop", workflow(_STATES))

    place = load(tmp_path).workflows[0].resource.place

    assert place.construct_path == "Shop/Work/Resource"


def test_an_alias_stands_for_its_function(tmp_path: Path) -> None:
    resources = {
        "Handle": resource("AWS::Lambda::Function"),
        "Version": resource("AWS::Lambda::Version", FunctionName=ref("Handle")),
        "Alias": resource("AWS::Lambda::Alias", FunctionName=attribute("Handle"), Name="live"),
        "Rule": rule({"source": ["shop"]}, {"Id": "a", "Arn": ref("Alias")}, on=None),
    }

    (found,) = read(tmp_path, resources).rules

    assert found.targets[0].destination.key == "app/Handle"


@pytest.mark.parametrize(
    "text",
    [
        "arn:aws:sqs:us-east-1:123456789012:inbox",
        {"Fn::Sub": "arn:${AWS::Partition}:sqs:${AWS::Region}:${AWS::AccountId}:inbox"},
    ],
    ids=["literal", "built"],
)
def test_an_arn_is_matched_with_a_named_resource(text: object, tmp_path: Path) -> None:
    resources = {
        "Inbox": resource("AWS::SQS::Queue", QueueName="inbox"),
        "Rule": rule({"source": ["shop"]}, {"Id": "q", "Arn": text}, on=None),
    }

    assert read(tmp_path, resources).rules[0].targets[0].destination.key == "app/Inbox"


def test_publications_tell_who_publishes_what_and_how_it_is_known(tmp_path: Path) -> None:
    statement = {
        "Effect": "Allow",
        "Action": "events:PutEvents",
        "Resource": attribute("Bus"),
        "Condition": {"StringEquals": {"events:source": ["stock"]}},
    }
    granted = role()
    granted["Properties"]["Policies"] = [
        {"PolicyName": "p", "PolicyDocument": {"Statement": [statement]}}
    ]
    resources = {
        "Bus": bus(),
        **workflow({"Tell": publishing("shop", "OrderPlaced")}),
        "Count": resource("AWS::Lambda::Function", Role=attribute("Role")),
        "Role": granted,
        "Pipe": resource(
            "AWS::Pipes::Pipe",
            Source="arn:aws:sqs:us-east-1:123456789012:in",
            Target=attribute("Bus"),
            TargetParameters={
                "EventBridgeEventBusParameters": {"Source": "pipe", "DetailType": "$.body.kind"}
            },
        ),
        "Clock": resource(
            "AWS::Scheduler::Schedule",
            Target={
                "Arn": attribute("Bus"),
                "EventBridgeParameters": {"Source": "clock", "DetailType": "Struck"},
            },
        ),
    }

    found = read(tmp_path, resources).publications

    assert [(one.publisher, one.state, one.bus, one.source, one.detail_type) for one in found] == [
        ("app/Work", "Tell", "app/Bus", "shop", "OrderPlaced"),
        ("app/Pipe", None, "app/Bus", "pipe", None),
        ("app/Clock", None, "app/Bus", "clock", "Struck"),
        ("app/Count", None, "app/Bus", "stock", None),
    ]
    assert len({one.evidence for one in found}) == 4


def test_conditional_parts_are_decided_by_the_parameters_defaults(tmp_path: Path) -> None:
    letters = {"Fn::If": ["IsProd", {"Arn": attribute("Letters")}, ref("AWS::NoValue")]}
    assembly = read(
        tmp_path,
        {
            "Inbox": resource("AWS::SQS::Queue"),
            "Letters": resource("AWS::SQS::Queue"),
            "Rule": rule({"source": ["s"]}, target("Inbox", DeadLetterConfig=letters), on=None),
        },
        Parameters={"Stage": {"Type": "String", "Default": "test"}},
        Conditions={"IsProd": {"Fn::Equals": [ref("Stage"), "prod"]}},
    )

    assert assembly.rules[0].targets[0].dead_letter is None
    assert assembly.notes == ()


def test_what_a_condition_without_default_decides_is_said(tmp_path: Path) -> None:
    letters = {"Fn::If": ["IsProd", {"Arn": attribute("Letters")}, ref("AWS::NoValue")]}
    assembly = read(
        tmp_path,
        {
            "Inbox": resource("AWS::SQS::Queue"),
            "Letters": resource("AWS::SQS::Queue"),
            "Rule": rule({"source": ["s"]}, target("Inbox", DeadLetterConfig=letters), on=None),
        },
        Parameters={"Stage": {"Type": "String"}},
        Conditions={"IsProd": {"Fn::Equals": [ref("Stage"), "prod"]}},
    )

    assert assembly.rules[0].targets[0].dead_letter is not None
    assert "'IsProd' depends on values that are not known here" in assembly.notes[0].text


def test_a_resource_of_any_type_is_kept(tmp_path: Path) -> None:
    assembly = read(tmp_path, {"Odd": resource("Custom::Odd", Anything=[1])})

    assert assembly.resources["app/Odd"].properties == {"Anything": [1]}


def test_a_type_of_our_services_that_is_not_understood_is_said(tmp_path: Path) -> None:
    assembly = read(tmp_path, {"New": resource("AWS::EventsV2::EventBus", Name="shop")})

    assert [note.text for note in assembly.notes] == [
        "resources of type AWS::EventsV2::EventBus are kept, not understood"
    ]
