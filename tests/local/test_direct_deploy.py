"""Cloud assemblies deployed through the API alone: the example's, and ones written by hand.

Physical ids and what is behind them count, not the stack's status.
"""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from app import build_app
from constructs_lib.local import EmbeddedAccount, EmbeddedAws
from constructs_lib.local.deployment import DeployError, Deployment, Progress, deploy
from tests.assemblies import Assembly, function_of_an_asset, queue, queue_urls, stack_names


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example app's assembly."""
    folder = tmp_path_factory.mktemp("example")
    build_app(outdir=str(folder)).synth()
    return folder


@pytest.fixture
def assembly(tmp_path: Path) -> Assembly:
    return Assembly(tmp_path)


# ── The example ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def example_account(aws: EmbeddedAws) -> EmbeddedAccount:
    return aws.account("700000000001")


@pytest.fixture(scope="module")
def deployed_example(example: Path, example_account: EmbeddedAccount) -> Deployment:
    return deploy(example, example_account)


def test_the_example_is_made_whole(
    deployed_example: Deployment, example: Path, example_account: EmbeddedAccount
) -> None:
    for name, stack in deployed_example.stacks.items():
        template = json.loads((example / f"{name}.template.json").read_text(encoding="utf-8"))
        assert len(stack.physical_ids) == len(template["Resources"])
        assert all(id_ not in ("", "unknown") for id_ in stack.physical_ids.values())

    arn = deployed_example.outputs["DuetHybrid"]["TriageStateMachineArn"]
    with closing(example_account.client("stepfunctions")) as workflows:
        definition = workflows.describe_state_machine(stateMachineArn=arn)["definition"]
    # Another stack's table, by a weak reference.
    table = deployed_example.physical_id("DuetOrchestration/SignUp/Users")
    assert table in definition


def test_an_example_that_has_not_changed_is_left_alone(
    deployed_example: Deployment, example: Path, example_account: EmbeddedAccount
) -> None:
    told: list[Progress] = []

    again = deploy(example, example_account, on_progress=told.append)

    assert {each.stack: each.status for each in told} == dict.fromkeys(again.stacks, "UNCHANGED")
    assert [each.changed for each in again.stacks.values()] == [False, False, False]
    assert again.outputs == deployed_example.outputs
    for name, stack in again.stacks.items():
        assert stack.physical_ids == deployed_example.stacks[name].physical_ids


def test_the_example_leaves_nothing_when_it_is_destroyed(example: Path, aws: EmbeddedAws) -> None:
    place = aws.account("700000000002")
    deployment = deploy(example, place)

    deployment.destroy()

    assert stack_names(place) == set()
    assert queue_urls(place) == []
    with closing(place.client("lambda")) as functions:
        assert functions.list_functions()["Functions"] == []
    with closing(place.client("dynamodb")) as dynamodb:
        assert dynamodb.list_tables()["TableNames"] == []
    with closing(place.client("events")) as events:
        assert events.list_archives()["Archives"] == []


# ── Changes ──────────────────────────────────────────────────────────────────────────────────────


def test_a_changed_stack_is_updated_and_its_neighbour_left_alone(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    assembly.stack("Changing", {"Old": queue(), "Kept": queue(DelaySeconds=1)})
    assembly.stack("Still", {"Queue": queue()})
    first = deploy(assembly.folder, place)
    assembly.stack("Changing", {"New": queue(), "Kept": queue(DelaySeconds=2)})

    second = deploy(assembly.folder, place)

    assert {name: each.changed for name, each in second.stacks.items()} == {
        "Changing": True,
        "Still": False,
    }
    kept = first.physical_id("Changing/Kept")
    assert second.physical_id("Changing/Kept") == kept
    assert set(queue_urls(place)) == {
        kept,
        second.physical_id("Changing/New"),
        first.physical_id("Still/Queue"),
    }
    with closing(place.client("sqs")) as sqs:
        found = sqs.get_queue_attributes(QueueUrl=kept, AttributeNames=["DelaySeconds"])
    assert found["Attributes"]["DelaySeconds"] == "2"


def test_an_output_that_is_added_alone_can_be_read_by_another_stack(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    assembly.stack("Maker", {"Queue": queue()})
    deploy(assembly.folder, place)
    name = {"Fn::GetAtt": ["Queue", "QueueName"]}
    assembly.stack("Maker", {"Queue": queue()}, Outputs={"Name": {"Value": name}})
    read = {"Fn::GetStackOutput": {"StackName": "Maker", "OutputName": "Name"}}
    reader = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": read}}
    assembly.stack("Reader", {"Said": reader}, needs=("Maker",))

    deployment = deploy(assembly.folder, place)

    with closing(place.client("ssm")) as ssm:
        said = ssm.get_parameter(Name=deployment.physical_id("Reader/Said"))["Parameter"]["Value"]
    assert said == deployment.outputs["Maker"]["Name"]


def test_a_reader_follows_an_output_whose_value_has_changed(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    read = {"Fn::GetStackOutput": {"StackName": "Maker", "OutputName": "Name"}}
    reader = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": read}}
    assembly.stack("Reader", {"Said": reader}, needs=("Maker",))
    assembly.stack("Maker", {"Queue": queue()}, Outputs={"Name": {"Value": "old"}})
    deploy(assembly.folder, place)
    assembly.stack("Maker", {"Queue": queue()}, Outputs={"Name": {"Value": "new"}})

    deployment = deploy(assembly.folder, place)

    with closing(place.client("ssm")) as ssm:
        said = ssm.get_parameter(Name=deployment.physical_id("Reader/Said"))["Parameter"]["Value"]
    assert said == "new"


# ── What a TypeScript app's assembly has ─────────────────────────────────────────────────────────


def test_a_functions_code_is_zipped_and_runs(assembly: Assembly, place: EmbeddedAccount) -> None:
    role, function, entry = function_of_an_asset(assembly.folder)
    assembly.stack("Functions", {"Role": role, "HelloABC": function}, files={"code": entry})

    name = deploy(assembly.folder, place).physical_id("Functions/Hello")

    with closing(place.client("lambda")) as functions:
        answer = functions.invoke(FunctionName=name)["Payload"].read()
    assert json.loads(answer) == "from the asset"


def test_an_asset_is_uploaded_once(assembly: Assembly, place: EmbeddedAccount) -> None:
    role, function, entry = function_of_an_asset(assembly.folder)
    assembly.stack("Functions", {"Role": role, "HelloABC": function}, files={"code": entry})
    bucket = f"cdk-hnb659fds-assets-{place.account_id}-{place.region}"
    with closing(place.client("s3")) as s3:
        deploy(assembly.folder, place)
        first = s3.head_object(Bucket=bucket, Key="code.zip")
        s3.put_object(Bucket=bucket, Key="code.zip", Body=b"marked")

        deploy(assembly.folder, place)

        assert first["ContentLength"] > 6
        assert s3.head_object(Bucket=bucket, Key="code.zip")["ContentLength"] == 6


def test_stacks_are_made_in_the_order_of_their_exports(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    imported = {"Fn::ImportValue": "Network:Topic"}
    policy = {"Subscription": {"Type": "AWS::SNS::Subscription", "Properties": {}}}
    policy["Subscription"]["Properties"] = {
        "TopicArn": imported,
        "Protocol": "sqs",
        "Endpoint": {"Fn::GetAtt": ["Queue", "Arn"]},
    }
    assembly.stack("Service", {"Queue": queue(), **policy}, needs=("Network",))
    assembly.stack(
        "Network",
        {"Topic": {"Type": "AWS::SNS::Topic"}},
        Outputs={"Arn": {"Value": {"Ref": "Topic"}, "Export": {"Name": "Network:Topic"}}},
    )

    deployment = deploy(assembly.folder, place)

    topic = deployment.outputs["Network"]["Arn"]
    assert deployment.physical_id("Service/Subscription").startswith(topic)
    deployment.destroy()
    assert stack_names(place) == set()


def test_parameters_are_given_by_name_or_for_one_stack_alone(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    delayed = {"Queue": queue(DelaySeconds={"Ref": "Delay"})}
    delay = {"Delay": {"Type": "Number"}}
    output = {"Delay": {"Value": {"Ref": "Delay"}}}
    for name in ("One", "Two", "Three"):
        own = {"parameters": {"Delay": "7"}} if name == "Three" else None
        assembly.stack(name, delayed, Parameters=delay, Outputs=output, properties=own)

    first = deploy(assembly.folder, place, parameters={"One:Delay": "5", "Two:Delay": "6"})
    # Those not given again stay as they are.
    second = deploy(assembly.folder, place, parameters={"Two:Delay": "8"})

    assert [each["Delay"] for each in first.outputs.values()] == ["5", "6", "7"]
    assert [each["Delay"] for each in second.outputs.values()] == ["5", "8", "7"]


def test_a_template_too_large_for_a_request_goes_through_s3(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    large = {"Name": {"Type": "String", "Default": "x", "Description": "é" * 3000}}
    parameters = {f"Name{index}": large["Name"] for index in range(20)}
    assembly.stack("Large", {"Queue": queue()}, Parameters=parameters)

    deployment = deploy(assembly.folder, place)

    assert queue_urls(place) == [deployment.physical_id("Large/Queue")]


def test_a_stage_and_a_nested_stack_are_deployed(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    stage = assembly.stage("Stage")
    inner = {"Queue": {**queue(), "Metadata": {"aws:cdk:path": "Stage/Stack/Nested/Queue"}}}
    (stage.folder / "nested.template.json").write_text(
        json.dumps({"Resources": inner}), encoding="utf-8"
    )
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": "https://s3.us-east-1.amazonaws.com/files/nested.json"},
        "Metadata": {"aws:asset:path": "nested.template.json"},
    }
    destination = {"bucketName": "files", "objectKey": "nested.json"}
    file = {"source": {"path": "nested.template.json"}, "destinations": {"a": destination}}
    stage.stack(
        "Stack", {"Nested": nested}, files={"n": file}, properties={"stackName": "Stage-Stack"}
    )
    deployment = deploy(assembly.folder, place)

    assert list(deployment.stacks) == ["Stage-Stack"]
    assert queue_urls(place) == [deployment.physical_id("Stage/Stack/Nested/Queue")]


def test_a_stack_goes_to_the_region_it_names_with_its_tags_and_protection(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    properties = {"tags": {"team": "a"}, "terminationProtection": True}
    environment = f"aws://{place.account_id}/eu-west-1"
    assembly.stack("Abroad", {"Q": queue()}, environment=environment, properties=properties)

    deployment = deploy(assembly.folder, place)

    abroad = place.account(region="eu-west-1")
    assert (queue_urls(place), queue_urls(abroad)) == ([], [deployment.physical_id("Abroad/Q")])
    with closing(abroad.client("cloudformation")) as cloudformation:
        found = cloudformation.describe_stacks(StackName="Abroad")["Stacks"][0]
    assert found["Tags"] == [{"Key": "team", "Value": "a"}]
    with pytest.raises(DeployError, match=r"Abroad must be deletable.*TerminationProtection"):
        deployment.destroy()


def test_one_stack_is_deployed_with_those_it_needs(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    assembly.stack("Wanted", {"Q": queue()}, needs=("Needed",))
    assembly.stack("Needed", {"Q": queue()})
    assembly.stack("Other", {"Q": queue()})

    deploy(assembly.folder, place, stacks=["Wanted"])

    assert stack_names(place) == {"Wanted", "Needed"}


def test_a_stack_without_resources_is_left_out(assembly: Assembly, place: EmbeddedAccount) -> None:
    assembly.stack("Empty", {})
    assembly.stack("Full", {"Q": queue()}, needs=("Empty",))

    deployment = deploy(assembly.folder, place)

    assert (list(deployment.stacks), stack_names(place)) == (["Full"], {"Full"})


def test_one_assembly_lives_twice_in_two_accounts(assembly: Assembly, aws: EmbeddedAws) -> None:
    assembly.stack("Twin", {"Queue": queue(QueueName="twin")})
    places = [aws.account("700000000003"), aws.account("700000000004")]

    deployments = [deploy(assembly.folder, place) for place in places]
    deployments[0].destroy()

    assert [queue_urls(place) for place in places] == [
        [],
        [deployments[1].physical_id("Twin/Queue")],
    ]


def test_each_resource_is_told_once_in_order(assembly: Assembly, place: EmbeddedAccount) -> None:
    assembly.stack("Told", {"Queue": queue()})
    told: list[Progress] = []

    deployment = deploy(assembly.folder, place, on_progress=told.append)
    deployment.destroy(on_progress=told.append)

    assert [(each.path, each.status) for each in told] == [
        ("Told", "CREATE_IN_PROGRESS"),
        ("Told/Queue/Resource", "CREATE_IN_PROGRESS"),
        ("Told/Queue/Resource", "CREATE_COMPLETE"),
        ("Told", "CREATE_COMPLETE"),
        ("Told", "DELETE_IN_PROGRESS"),
        ("Told/Queue/Resource", "DELETE_IN_PROGRESS"),
        ("Told/Queue/Resource", "DELETE_COMPLETE"),
        ("Told", "DELETE_COMPLETE"),
    ]
