"""Deployments that cannot be, or are rolled back: what is said, and what is left."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import pytest

from constructs_lib.local import EmbeddedAccount
from constructs_lib.local.deployment import DeployError, Progress, deploy
from tests.assemblies import Assembly, function_of_an_asset, queue, queue_urls, stack_names


@pytest.fixture
def assembly(tmp_path: Path) -> Assembly:
    return Assembly(tmp_path)


@pytest.fixture
def session(place: EmbeddedAccount, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """A session as of a real account: all that it knows is in the environment."""
    for name, value in place.environment().items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    return boto3.Session()


def _failing() -> dict[str, Any]:
    policy = {"EventBusName": "nowhere", "StatementId": "s", "Action": "events:PutEvents"}
    return {
        "Good": queue(),
        "Bad": {
            "Type": "AWS::Events::EventBusPolicy",
            "DependsOn": "Good",
            "Properties": {**policy, "Principal": "*"},
        },
    }


def test_a_failed_stack_is_rolled_back_and_its_error_names_construct_and_reason(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    assembly.stack("Before", {"Queue": queue()})
    assembly.stack("Broken", _failing(), needs=("Before",))
    assembly.stack("After", {"Queue": queue()}, needs=("Broken",))

    with pytest.raises(DeployError, match=r"stack Broken failed \(ROLLBACK_COMPLETE\)") as caught:
        deploy(assembly.folder, place)

    (failure,) = caught.value.failures
    assert (failure.stack, failure.path) == ("Broken", "Broken/Bad/Resource")
    assert failure.type == "AWS::Events::EventBusPolicy"
    assert "Event bus nowhere not found" in failure.reason
    assert str(failure) in str(caught.value)
    assert stack_names(place) == {"Before", "Broken"}
    assert len(queue_urls(place)) == 1


def test_a_stack_that_never_was_is_deleted_and_made_anew(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    assembly.stack("Broken", _failing())
    with pytest.raises(DeployError):
        deploy(assembly.folder, place)
    assembly.stack("Broken", {"Good": queue()})
    told: list[Progress] = []

    deployment = deploy(assembly.folder, place, on_progress=told.append)

    assert queue_urls(place) == [deployment.physical_id("Broken/Good")]
    settled = [each.status for each in told if each.path == "Broken" and "_COMPLETE" in each.status]
    assert settled == ["DELETE_COMPLETE", "CREATE_COMPLETE"]


def test_a_stack_that_fails_without_a_resource_says_why(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    nothing = {"Nothing": {"Value": {"Fn::GetAtt": ["Queue", "Nothing"]}}}
    assembly.stack("Broken", {"Queue": queue()}, Outputs=nothing)

    with pytest.raises(DeployError, match=r"\(ROLLBACK_COMPLETE\): .*Nothing.*; correct"):
        deploy(assembly.folder, place)


def test_a_failed_update_leaves_the_stack_as_it_was(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    assembly.stack("Broken", {"Good": queue()})
    before = deploy(assembly.folder, place).physical_id("Broken/Good")
    assembly.stack("Broken", {**_failing(), "More": queue()})

    with pytest.raises(DeployError, match="UPDATE_ROLLBACK_COMPLETE"):
        deploy(assembly.folder, place)

    assert queue_urls(place) == [before]


def test_unsupported_types_are_all_named_and_nothing_is_created(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    unmade = {"Type": "AWS::Made::Up", "Condition": "Never"}
    never = {"Never": {"Fn::Equals": ["a", "b"]}}
    assembly.stack("First", {"Queue": queue(), "Fleet": {"Type": "AWS::GameLift::Nothing"}})
    assembly.stack("Second", {"Book": {"Type": "AWS::Nowhere::Book"}})
    assembly.stack("Third", {"Queue": queue(), "Unmade": unmade}, Conditions=never)

    with pytest.raises(DeployError, match="nothing was created") as caught:
        deploy(assembly.folder, place)

    assert [(each.path, each.type) for each in caught.value.failures] == [
        ("First/Fleet/Resource", "AWS::GameLift::Nothing"),
        ("Second/Book/Resource", "AWS::Nowhere::Book"),
    ]
    assert (stack_names(place), queue_urls(place)) == (set(), [])


def test_missing_parameters_are_all_named_and_nothing_is_created(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    wanted = {"Wanted": {"Type": "String"}, "Has": {"Type": "String", "Default": "x"}}
    assembly.stack("First", {"Queue": queue()}, Parameters=wanted)
    assembly.stack("Second", {"Queue": queue()}, Parameters=wanted)

    with pytest.raises(DeployError, match="missing: First:Wanted, Second:Wanted; pass"):
        deploy(assembly.folder, place)

    assert stack_names(place) == set()


def test_a_parameter_that_no_stack_declares_is_refused(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    assembly.stack("Only", {"Queue": queue()}, Parameters={"Has": {"Type": "String"}})

    with pytest.raises(DeployError, match=r"got Hass; declared are: Has$"):
        deploy(assembly.folder, place, parameters={"Hass": "x"})


def test_container_images_are_named_and_nothing_is_created(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    images = {"abc": {"displayName": "Task/Image", "source": {}, "destinations": {}}}
    assembly.stack("Containers", {"Queue": queue()}, images=images)

    with pytest.raises(DeployError, match="Containers: container image Task/Image; nothing"):
        deploy(assembly.folder, place)

    assert stack_names(place) == set()


def test_a_real_account_is_not_bootstrapped_on_the_way(
    assembly: Assembly, place: EmbeddedAccount, session: boto3.Session
) -> None:
    role, function, entry = function_of_an_asset(assembly.folder)
    assembly.stack("Functions", {"Role": role, "HelloABC": function}, files={"code": entry})

    with pytest.raises(DeployError, match=f"run: cdk bootstrap aws://{place.account_id}/us-east-1"):
        deploy(assembly.folder, session)

    with closing(place.client("s3")) as s3:
        assert s3.list_buckets()["Buckets"] == []


def test_a_bootstrap_version_that_is_too_old_is_said_with_the_remedy(
    assembly: Assembly, place: EmbeddedAccount, session: boto3.Session
) -> None:
    parameter = {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/version"}
    properties = {
        "requiresBootstrapStackVersion": 6,
        "bootstrapStackVersionSsmParameter": "/version",
    }
    assembly.stack(
        "Stack", {"Q": queue()}, Parameters={"Version": parameter}, properties=properties
    )
    with closing(place.client("ssm")) as ssm:
        ssm.put_parameter(Name="/version", Value="5", Type="String")

    with pytest.raises(DeployError, match="needs bootstrap version 6, /version says 5; run: cdk"):
        deploy(assembly.folder, session)

    deploy(assembly.folder, place)
    assert len(queue_urls(place)) == 1


def test_a_session_deploys_to_its_own_account_alone(
    assembly: Assembly, place: EmbeddedAccount, session: boto3.Session
) -> None:
    assembly.stack("Mine", {"Q": queue()})
    assembly.stack("Other", {"Q": queue()}, environment="aws://999999999999/us-east-1")

    deployment = deploy(assembly.folder, session, stacks=["Mine"])

    assert queue_urls(place) == [deployment.physical_id("Mine/Q")]
    with pytest.raises(DeployError, match=r"must go to account 999999999999, the session is of"):
        deploy(assembly.folder, session)


def test_a_stack_that_the_assembly_has_not_is_refused_with_those_it_has(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    assembly.stack("Mine", {"Q": queue()})

    with pytest.raises(DeployError, match="got Mein; it has: Mine"):
        deploy(assembly.folder, place, stacks=["Mein"])


def test_an_asset_that_is_not_there_is_named(assembly: Assembly, place: EmbeddedAccount) -> None:
    role, function, entry = function_of_an_asset(assembly.folder)
    entry["source"]["path"] = "asset.gone"
    assembly.stack("Functions", {"Role": role, "HelloABC": function}, files={"code": entry})

    with pytest.raises(DeployError, match=r"needs the asset .*asset\.gone, which does not exist"):
        deploy(assembly.folder, place)


def test_a_path_that_no_resource_has_is_answered_with_the_nearest(
    assembly: Assembly, place: EmbeddedAccount
) -> None:
    assembly.stack("Mine", {"Queue": queue()})
    deployment = deploy(assembly.folder, place)

    with pytest.raises(KeyError, match="'Mine/Qeue'; near it: Mine/Queue/Resource"):
        deployment.physical_id("Mine/Qeue")
