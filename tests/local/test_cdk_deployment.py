"""The real CDK CLI against the embedded AWS."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from constructs_lib.local import EmbeddedAws
from constructs_lib.local.cdk_cli import CdkCli, CdkCliError

PROJECT_FOLDER = Path(__file__).parent.parent.parent
STACKS = {"DuetChoreography", "DuetOrchestration", "DuetHybrid"}


@pytest.fixture(scope="module")
def empty_aws() -> Iterator[EmbeddedAws]:
    with EmbeddedAws() as aws:
        yield aws


def test_the_example_deploys_without_a_difference_and_is_destroyed_whole(
    empty_aws: EmbeddedAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CDK_VALIDATION")  # as users deploy: templates validated at synth
    cdk = CdkCli(
        project_folder=PROJECT_FOLDER, environment=empty_aws.environment(), work_folder=tmp_path
    )
    assembly = tmp_path / "cdk.out"
    app = ("--app", str(assembly))
    stacks = empty_aws.client("cloudformation")

    cdk.run("bootstrap", f"aws://{empty_aws.account_id}/{empty_aws.region}", in_project=False)
    cdk.run("deploy", "--all", "--output", str(assembly), "--require-approval", "never")

    # Physical ids, not the stack's status: an emulator may say "complete" of what it did not make.
    for name in STACKS:
        template = json.loads((assembly / f"{name}.template.json").read_text(encoding="utf-8"))
        resources = stacks.describe_stack_resources(StackName=name)["StackResources"]
        assert {r["LogicalResourceId"] for r in resources} == template["Resources"].keys()
        assert all(r["PhysicalResourceId"] not in ("", "unknown") for r in resources)
    assert len(empty_aws.client("events").list_archives()["Archives"]) == 2
    # Sign-up, forgetting, triage, replay; without a mail sender nobody confirms.
    assert len(empty_aws.client("stepfunctions").list_state_machines()["stateMachines"]) == 4

    printed: list[str] = []
    cdk.run("diff", *app, "--fail", on_line=printed.append)
    assert "✨  Number of stacks with differences: 0" in printed

    cdk.run("destroy", *app, "--all", "--force")
    left = {stack["StackName"] for stack in stacks.describe_stacks()["Stacks"]}
    assert left == {"CDKToolkit"}
    assert empty_aws.client("events").list_archives()["Archives"] == []
    assert empty_aws.client("stepfunctions").list_state_machines()["stateMachines"] == []
    assert empty_aws.client("lambda").list_functions()["Functions"] == []
    assert empty_aws.client("sqs").list_queues().get("QueueUrls", []) == []
    assert empty_aws.client("dynamodb").list_tables()["TableNames"] == []


def test_a_failing_command_says_what_the_cli_printed(
    empty_aws: EmbeddedAws, tmp_path: Path
) -> None:
    cdk = CdkCli(
        project_folder=PROJECT_FOLDER, environment=empty_aws.environment(), work_folder=tmp_path
    )

    with pytest.raises(CdkCliError, match=r"cdk deploy ended with status 1:\n(?s:.*)nowhere"):
        cdk.run("deploy", "--app", str(tmp_path / "nowhere"))


def test_a_project_without_the_cdk_cli_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(CdkCliError, match=r"the CDK CLI must be installed in .*; run: make setup"):
        CdkCli(project_folder=tmp_path, environment={}, work_folder=tmp_path)
