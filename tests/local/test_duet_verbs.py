"""The verbs that talk to a running embedded AWS, each as it is called in the project's folder."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from constructs_lib.cli import app
from constructs_lib.local import EmbeddedAccount, EmbeddedAws, deploy
from constructs_lib.local.deployment.assembly import read_assembly
from constructs_lib.local.instance import Instance, claim, this_process_started_at
from constructs_lib.local.preparations import offer_partner_sources, verify_senders
from tests.assemblies import Assembly, queue
from tests.local.conftest import WaitUntil
from tests.local.received import next_event

Duet = Callable[..., Result]
TICKETS = "aws.partner/freshworks.com/acme/tickets"
ROLE = {
    "Type": "AWS::IAM::Role",
    "Properties": {"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}},
}


def workflow(states: dict[str, Any], **properties: object) -> dict[str, Any]:
    definition = {"StartAt": next(iter(states)), "QueryLanguage": "JSONata", "States": states}
    return {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "DefinitionString": json.dumps(definition),
            "RoleArn": {"Fn::GetAtt": ["Role", "Arn"]},
            **properties,
        },
    }


def rule(bus: object, pattern: object, target: str, dead_letters: str) -> dict[str, Any]:
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "EventBusName": bus,
            "EventPattern": pattern,
            "Targets": [
                {
                    "Id": "target",
                    "Arn": {"Fn::GetAtt": [target, "Arn"]},
                    "DeadLetterConfig": {"Arn": {"Fn::GetAtt": [dead_letters, "Arn"]}},
                }
            ],
        },
    }


ORDER = {
    "Check": {"Type": "Pass", "Next": "Charge"},
    "Charge": {"Type": "Succeed", "Output": {"charged": "{% $states.input.cents %}"}},
}
REFUND = {"Refuse": {"Type": "Fail", "Error": "Refund.TooLate", "Cause": "after 30 days"}}
CODES = {
    "Judge": {
        "Type": "Choice",
        "Choices": [{"Condition": "{% $exists($states.input.token) %}", "Next": "Let go on"}],
        "Default": "Tell",
    },
    "Let go on": {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess",
        "Arguments": {"TaskToken": "{% $states.input.token %}", "Output": "{}"},
        "End": True,
    },
    "Tell": {
        "Type": "Succeed",
        "Output": {"result": "{% $states.input.code = '0123456789' ? 'confirmed' : 'unknown' %}"},
    },
}
RESOURCES: dict[str, Any] = {
    "Role": ROLE,
    "Order": workflow(ORDER, StateMachineName="order"),
    "Refund": workflow(REFUND),
    "QuickOrder": workflow(ORDER, StateMachineType="EXPRESS"),
    "Confirm": workflow(CODES, StateMachineType="EXPRESS"),
    "Bus": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "shop"}},
    "Orders": queue(),
    "Undelivered": queue(),
    "Placed": rule({"Ref": "Bus"}, {"source": ["shop"]}, "Orders", "Undelivered"),
    "Tickets": {
        "Type": "AWS::Events::EventBus",
        "Properties": {"Name": TICKETS, "EventSourceName": TICKETS},
    },
    "Came": rule({"Ref": "Tickets"}, {"source": [{"prefix": "aws"}]}, "Orders", "Undelivered"),
    "StandIn": {"Type": "AWS::Events::EventBus", "Properties": {"Name": "stand-in"}},
}


@pytest.fixture(scope="module")
def account(aws: EmbeddedAws) -> EmbeddedAccount:
    return aws.account("600000000001")


@pytest.fixture(scope="module")
def folder(account: EmbeddedAccount, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project's folder, for which an embedded AWS runs with all of the above deployed."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "cdk.out").mkdir()
    assembly = Assembly(folder / "cdk.out")
    assembly.stack("Shop", RESOURCES, Outputs={"Bus": {"Value": {"Ref": "Bus"}}})
    offer_partner_sources(account, read_assembly(assembly.folder), {})
    verify_senders(account, ["example.com"])
    deploy(assembly.folder, account)
    with claim(folder) as mine:
        mine.record(
            Instance(
                endpoint_url=account.endpoint_url,
                pid=os.getpid(),
                started_at=this_process_started_at(),
                account_id=account.account_id,
                region=account.region,
                assembly=assembly.folder,
                time_scale=0,
                deployment="deployed",
            )
        )
        yield folder


@pytest.fixture
def duet(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Duet:
    monkeypatch.chdir(folder)

    def run(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner(env={"COLUMNS": "200"}).invoke(app, list(arguments), input=stdin)

    return run


@pytest.fixture
def received(account: EmbeddedAccount, wait_until: WaitUntil) -> Callable[[], dict[str, Any]]:
    """The next event in the queue of orders."""
    return lambda: next_event(account, "Shop-Orders", wait_until)


# ── start ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["Shop/Order", "Order", "order"])
def test_a_workflow_is_followed_to_its_end_by_any_of_its_names(duet: Duet, name: str) -> None:
    ended = duet("start", name, "--input", '{"cents": 7}', "--json")

    result = json.loads(ended.stdout)
    assert ended.exit_code == 0
    assert (result["status"], result["output"]) == ("SUCCEEDED", {"charged": 7})
    assert result["path"] == ["Check", "Charge"]
    assert ended.stderr.split("→ ") == ["", "Check\n", "Charge\n"]


def test_a_workflow_that_fails_ends_in_one_with_error_and_cause(duet: Duet) -> None:
    ended = duet("start", "Refund")

    assert ended.exit_code == 1
    for shown in ("FAILED", "Refund.TooLate", "after 30 days", "Refuse"):
        assert shown in ended.stdout


def test_an_express_workflow_is_called_synchronously(duet: Duet) -> None:
    ended = duet("start", "QuickOrder", "--input", "-", "--json", stdin='{"cents": 8}')

    assert json.loads(ended.stdout)["output"] == {"charged": 8}
    assert ended.exit_code == 0


def test_a_workflow_may_be_started_and_left(duet: Duet, folder: Path) -> None:
    (folder / "input.json").write_text('{"cents": 9}')

    started = duet("start", "Order", "--input", "@input.json", "--name", "left", "--no-wait")

    assert started.exit_code == 0
    assert "execution:order:left" in started.stdout


@pytest.mark.parametrize(
    ("arguments", "teaches"),
    [
        (("Ordre",), "did you mean Shop/Order"),
        (("r",), "Shop/QuickOrder, Shop/Refund; write more of it"),
        (("Order", "--input", "{"), "--input must be JSON"),
        (("Order", "--input", "@none.json"), "--input must be a file that can be read"),
        (("Order", "--endpoint-url", "http://example.com"), "on this machine"),
    ],
    ids=str,
)
def test_what_cannot_be_started_ends_in_two(
    duet: Duet, arguments: tuple[str, ...], teaches: str
) -> None:
    refused = duet("start", *arguments)

    assert refused.exit_code == 2
    assert teaches in refused.stderr


# ── publish ──────────────────────────────────────────────────────────────────────────────────────

EVENT = {"source": "shop", "detail-type": "OrderPlaced", "detail": {"id": 1}}


def test_an_event_is_delivered_with_the_id_that_is_printed(
    duet: Duet, received: Callable[[], dict[str, Any]]
) -> None:
    published = duet("publish", json.dumps(EVENT), "--bus", "shop", "--json")

    event = received()
    assert published.exit_code == 0
    assert json.loads(published.stdout) == {
        "to": "shop",
        "events": [{"eventId": event["id"], "reason": None}],
    }
    assert event["detail"] == {"id": 1}


def test_a_delivered_event_may_be_published_again_from_a_file(
    duet: Duet, folder: Path, received: Callable[[], dict[str, Any]]
) -> None:
    delivered = {**EVENT, "id": "1", "version": "0", "account": "1", "region": "x", "resources": []}
    (folder / "event.json").write_text(json.dumps([delivered] * 11))

    published = duet("publish", "event.json", "--bus", "Shop/Bus")

    assert "11 of 11 published to shop" in published.stdout
    assert {received()["detail-type"] for _ in range(11)} == {"OrderPlaced"}


@pytest.mark.parametrize(
    ("event", "bus", "teaches"),
    [
        ({**EVENT, "source": "aws.s3"}, "shop", "NotAuthorizedForSourceException"),
        ({**EVENT, "DetailType": "x"}, "shop", "did you mean 'detail-type'"),
        ({"source": "shop"}, "shop", "must have 'detail-type'"),
        ({**EVENT, "detail": "text"}, "shop", "detail of event 1 must be a JSON object"),
        ([EVENT, 5], "shop", "event 2 must be a JSON object"),
        (EVENT, None, "--bus must be given, the stacks have Shop/Bus, Shop/StandIn"),
        (EVENT, "shp", "did you mean Shop/Bus"),
        (EVENT, "Tickets", "run: duet partner send"),
    ],
    ids=lambda value: str(value)[-30:],
)
def test_what_cannot_be_published_ends_in_two(
    duet: Duet, event: object, bus: str | None, teaches: str
) -> None:
    refused = duet("publish", json.dumps(event), *(("--bus", bus) if bus else ()))

    assert refused.exit_code == 2
    assert teaches in refused.stderr


def test_an_entry_that_eventbridge_refuses_ends_in_one(duet: Duet) -> None:
    fault = {"service": "events", "action": "PutEvents", "error": "InternalException", "count": 1}
    duet("faults", "inject", json.dumps(fault))

    refused = duet("publish", json.dumps(EVENT), "--bus", "shop")

    assert refused.exit_code == 1
    assert "InternalException" in refused.output


# ── partner ──────────────────────────────────────────────────────────────────────────────────────


def test_a_sample_is_sent_as_the_partner_does(
    duet: Duet, received: Callable[[], dict[str, Any]]
) -> None:
    sent = duet("partner", "send", "freshworks", "--json")

    event = received()
    assert sent.exit_code == 0
    assert json.loads(sent.stdout)["to"] == TICKETS
    assert event["source"] == TICKETS
    assert event["id"] == json.loads(sent.stdout)["events"][0]["eventId"]


def test_an_event_of_ones_own_is_sent_as_the_partner_does(
    duet: Duet, received: Callable[[], dict[str, Any]]
) -> None:
    own = {"detail-type": "onTicketUpdate", "detail": {"ticket": {"id": 5}}}

    duet("partner", "send", "freshworks.com", json.dumps(own), "--source", "acme")

    assert received()["detail"] == own["detail"]


def test_a_stand_in_bus_that_there_is_not_is_told_by_its_option(duet: Duet) -> None:
    refused = duet("partner", "send", "stripe", "--stand-in", "StandInn")

    assert refused.exit_code == 2
    assert refused.stderr.startswith("--stand-in must be one that there is")


def test_a_sample_is_simulated_on_a_stand_in_bus(duet: Duet) -> None:
    sent = duet("partner", "send", "stripe", "--stand-in", "StandIn")

    assert sent.exit_code == 0
    assert "1 of 1 published to stand-in" in sent.stdout


@pytest.mark.parametrize(
    ("arguments", "teaches"),
    [
        (("freshwork.com",), "did you mean Freshworks"),
        (("freshworks", "onTicketLost"), "SAMPLE of Freshworks"),
        (("freshworks", "{}"), "must have 'detail-type' and 'detail'"),
        (("freshworks", "--source", "other"), "--source must be one that there is"),
        (("stripe",), "an event source of Stripe must be there"),
        (("freshworks", "--aws"), "only the partner can send its events"),
    ],
    ids=str,
)
def test_what_cannot_be_sent_ends_in_two(
    duet: Duet, arguments: tuple[str, ...], teaches: str
) -> None:
    refused = duet("partner", "send", *arguments)

    assert refused.exit_code == 2
    assert teaches in refused.stderr


def test_partners_are_listed_with_their_samples_and_sources(duet: Duet) -> None:
    listed = duet("partner", "list", "--json")

    partners = {each["domain"]: each for each in json.loads(listed.stdout)}
    assert len(partners) == 8
    assert partners["freshworks.com"]["sources"] == {TICKETS: "ACTIVE"}
    assert partners["stripe.com"]["samples"]


# ── mail and confirm ─────────────────────────────────────────────────────────────────────────────


def _send(account: EmbeddedAccount, to: str, text: str) -> None:
    with closing(account.client("sesv2")) as mails:
        mails.send_email(
            FromEmailAddress="shop@example.com",
            Destination={"ToAddresses": [to]},
            Content={"Simple": {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": text}}}},
        )


def test_mails_are_shown_to_whom_they_are_addressed(duet: Duet, account: EmbeddedAccount) -> None:
    _send(account, "eve@example.com", "for eve")
    _send(account, "ada@example.com", "for ada")

    lines = duet("mail", "--to", "Ada@example.com", "--json").stdout.splitlines()

    assert [json.loads(line)["text"] for line in lines] == ["for ada"]
    assert "for eve" in duet("mail").stdout


def test_no_mail_is_said_on_standard_error(duet: Duet) -> None:
    empty = duet("mail", "--to", "nobody@example.com")

    assert (empty.exit_code, empty.stdout) == (0, "")
    assert "no mail yet" in empty.stderr


def test_the_newest_code_of_a_mailbox_is_confirmed(duet: Duet, account: EmbeddedAccount) -> None:
    _send(account, "bob@example.com", "your code is FFFFFFFFFF")
    _send(account, "bob@example.com", "your code is 0123456789")
    _send(account, "bob@example.com", "welcome")

    confirmed = duet("confirm", "--to", "bob@example.com", "--json")

    assert confirmed.exit_code == 0
    assert json.loads(confirmed.stdout)["result"] == "confirmed"


def test_a_code_that_is_unknown_ends_in_one(duet: Duet) -> None:
    refused = duet("confirm", "FFFFFFFFFF")

    assert refused.exit_code == 1
    assert "unknown" in refused.stdout


@pytest.mark.parametrize(
    ("arguments", "teaches"),
    [
        (("confirm",), "by CODE or by --to"),
        (("confirm", "--to", "nobody@example.com"), "none has; start the sign-up first"),
        (("confirm", "--to", "nobody@example.com", "--aws"), "AWS keeps no mailbox"),
        (("mail", "--aws"), "AWS keeps no mailbox"),
        (("faults", "list", "--aws"), "into the embedded AWS alone"),
    ],
    ids=str,
)
def test_what_cannot_be_read_or_confirmed_ends_in_two(
    duet: Duet, arguments: tuple[str, ...], teaches: str
) -> None:
    refused = duet(*arguments)

    assert refused.exit_code == 2
    assert teaches in refused.stderr


# ── status and faults ────────────────────────────────────────────────────────────────────────────


def test_the_status_tells_stacks_workflows_and_queues(duet: Duet, account: EmbeddedAccount) -> None:
    duet("start", "Refund")
    with closing(account.client("sqs")) as sqs:
        (url,) = sqs.list_queues(QueueNamePrefix="Shop-Undelivered")["QueueUrls"]
        sqs.send_message(QueueUrl=url, MessageBody="{}")

    told = json.loads(duet("status", "--json").stdout)
    shown = duet("status").stdout

    workflows = {each["path"]: each for each in told["workflows"]}
    queues = {each["path"]: each for each in told["queues"]}
    assert told["endpoint_url"] == account.endpoint_url
    assert (told["time_scale"], told["pid"]) == (0, os.getpid())
    assert told["stacks"] == [
        {"name": "Shop", "status": "CREATE_COMPLETE", "outputs": {"Bus": "shop"}}
    ]
    assert workflows["Shop/Refund"]["failed"] >= 1
    assert workflows["Shop/QuickOrder"]["running"] is None
    assert queues["Shop/Undelivered"]["takes_dead_letters"]
    assert queues["Shop/Undelivered"]["depth"] == 1
    assert not queues["Shop/Orders"]["takes_dead_letters"]
    for text in ("waits for nothing", "Shop/Refund", "CREATE_COMPLETE", "dead letters"):
        assert text in shown


def test_faults_are_injected_listed_with_what_they_struck_and_cleared(
    duet: Duet, account: EmbeddedAccount
) -> None:
    fault = {"service": "sqs", "action": "ListQueues", "error": "OverLimit", "count": 1}
    (injected,) = json.loads(duet("faults", "inject", json.dumps([fault]), "--json").stdout)
    with closing(account.client("sqs")) as sqs, pytest.raises(sqs.exceptions.OverLimit):
        sqs.list_queues()

    listed = {each["number"]: each for each in json.loads(duet("faults", "list", "--json").stdout)}
    shown = duet("status").stdout
    duet("faults", "clear", str(injected["number"]))

    assert listed[injected["number"]]["struck"] == 1
    assert "sqs ListQueues" in shown
    assert injected["number"] not in [
        each["number"] for each in json.loads(duet("faults", "list", "--json").stdout)
    ]


@pytest.mark.parametrize(
    ("arguments", "teaches"),
    [
        (("inject", '{"service": "sqs", "action": "ListQueue", "error": "x"}'), "ListQueues"),
        (("inject", "none.json"), "FAULTS must be a file that can be read"),
        (("clear", "999999"), "NUMBER must be that of a fault"),
    ],
    ids=str,
)
def test_what_is_no_fault_ends_in_two(duet: Duet, arguments: tuple[str, ...], teaches: str) -> None:
    refused = duet("faults", *arguments)

    assert refused.exit_code == 2
    assert teaches in refused.stderr


# ── replay and dead-letters on the running one ───────────────────────────────────────────────────


def test_dead_letters_are_read_where_duet_up_runs(duet: Duet, account: EmbeddedAccount) -> None:
    with closing(account.client("sqs")) as sqs:
        sqs.create_queue(QueueName="only-here")

    listed = duet("dead-letters", "list", "only-here", "--json")

    assert (listed.exit_code, listed.stdout) == (0, "[]\n")


@pytest.mark.parametrize("name", ["Shop/Undelivered", "undeliv", "Undelivered"])
def test_a_dead_letter_queue_is_found_by_the_name_that_status_shows(duet: Duet, name: str) -> None:
    listed = duet("dead-letters", "list", name, "--json")

    assert listed.exit_code == 0, listed.stderr


def test_a_dead_letter_queue_that_there_is_not_ends_in_two_with_those_that_there_are(
    duet: Duet,
) -> None:
    refused = duet("dead-letters", "list", "Undelivred")

    assert refused.exit_code == 2
    assert "did you mean Shop/Undelivered" in refused.stderr


def test_a_replay_without_its_workflow_says_what_the_stack_needs(duet: Duet) -> None:
    refused = duet("replay", "--stack", "Shop", "--last", "1h")

    assert refused.exit_code == 1
    assert "there are: Bus; the stack needs a Replay construct" in refused.stderr
