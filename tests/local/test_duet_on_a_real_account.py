"""The verbs with ``--aws``: the way is that to a real account, what answers is the embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from constructs_lib.cli import app
from constructs_lib.local import EmbeddedAccount, EmbeddedAws, deploy
from tests.assemblies import Assembly, queue
from tests.local.conftest import WaitUntil
from tests.local.received import next_event

ACCOUNT = "610000000001"
RESOURCES: dict[str, Any] = {
    "Orders": queue(),
    "Undelivered": queue(),
    "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "shop"}},
    "Placed": {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventBusName": {"Ref": "Bus"},
            "EventPattern": {"detail-type": [{"exists": True}]},
            "Targets": [
                {
                    "Id": "queue",
                    "Arn": {"Fn::GetAtt": ["Orders", "Arn"]},
                    "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["Undelivered", "Arn"]}},
                }
            ],
        },
    },
}


@pytest.fixture(scope="module")
def deployed(aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> EmbeddedAccount:
    """The account, with the stack of the project and another one."""
    account = aws.account(ACCOUNT, region="eu-west-1")
    for name, resources in (("Shop", RESOURCES), ("Foreign", {"Other": queue()})):
        assembly = Assembly(tmp_path_factory.mktemp("assembly"))
        assembly.stack(name, resources)
        deploy(assembly.folder, account)
    return account


@pytest.fixture(autouse=True)
def folder(deployed: EmbeddedAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, and the environment of a real account, whose services answer here."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for service in ("CLOUDFORMATION", "SQS", "EVENTBRIDGE", "SFN", "STS"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", deployed.endpoint_url)
    for name, value in deployed.environment().items():
        if name.startswith("AWS_") and name != "AWS_ENDPOINT_URL":
            monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cdk.out").mkdir()
    assembly = Assembly(tmp_path / "cdk.out")
    assembly.stack("Shop", RESOURCES)
    assembly.stack("NotYet", {"Later": queue()})
    return tmp_path


def duet(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_the_status_is_that_of_the_deployed_stacks_of_the_assembly() -> None:
    told = json.loads(duet("status", "--aws", "--json").stdout)

    queues = {each["path"]: each["takes_dead_letters"] for each in told["queues"]}
    assert (told["account_id"], told["region"]) == (ACCOUNT, "eu-west-1")
    assert [each["name"] for each in told["stacks"]] == ["Shop"]
    assert queues == {"Shop/Orders": False, "Shop/Undelivered": True}
    assert told["endpoint_url"] is None
    assert told["faults"] == []


def test_without_an_assembly_nobody_knows_which_stacks_are_meant(folder: Path) -> None:
    (folder / "cdk.out" / "manifest.json").unlink()

    refused = duet("status", "--aws")

    assert refused.exit_code == 2
    assert "run: cdk synth" in refused.stderr


@pytest.fixture
def received(deployed: EmbeddedAccount, wait_until: WaitUntil) -> Callable[[], dict[str, Any]]:
    """The next event in the queue of orders."""
    return lambda: next_event(deployed, "Shop-Orders", wait_until)


def test_an_event_is_published_to_the_only_bus_of_the_stacks(
    received: Callable[[], dict[str, Any]],
) -> None:
    event = {"source": "shop", "detail-type": "OrderPlaced", "detail": {"id": 1}}

    published = duet("publish", json.dumps(event), "--aws")

    assert published.exit_code == 0
    assert received()["detail"] == {"id": 1}


def test_a_partners_event_is_simulated_on_a_stand_in_bus(
    received: Callable[[], dict[str, Any]],
) -> None:
    sent = duet("partner", "send", "freshworks", "--stand-in", "shop", "--aws")

    assert sent.exit_code == 0
    assert received()["source"].startswith("stand-in.partner/freshworks.com/")


def test_a_real_account_is_not_reached_without_asking_for_it() -> None:
    refused = duet("status")

    assert refused.exit_code == 2
    assert "run: duet up" in refused.stderr
