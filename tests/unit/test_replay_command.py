"""The ``duet replay`` command against a Step Functions that answers from a list."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner, Result

from constructs_lib.cli import app
from constructs_lib.operations import TimeWindow, TimeWindowError, replay
from constructs_lib.operations.target import Target

WORKFLOW = "arn:aws:states:eu-west-1:123456789012:stateMachine:replay"
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:replay:1"
_SOMEWHERE = "http://127.0.0.1:1"
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
WINDOW = ("--from", "2026-11-23T10:00:00Z", "--to", "2026-11-23T12:00:00+01:00")
REPORT = {
    "replayName": "Stack-Replay-1",
    "from": "2026-11-23T10:00:00.000Z",
    "to": "2026-11-23T11:00:00.000Z",
    "rules": [],
    "eventLastReplayedTime": "2026-11-23T10:59:00Z",
    "durationSeconds": 90,
    "warning": None,
}


@dataclass
class Answers:
    """A client of any service, whose execution ends as ``end`` says after two looks."""

    end: Mapping[str, object]
    refused: str | None = None
    outputs: Sequence[Mapping[str, str]] = ()
    resources: Sequence[tuple[str, str, str]] = ()
    started: list[dict[str, Any]] = field(default_factory=list)
    regions: list[str | None] = field(default_factory=list)
    looks: int = 0

    def start_execution(self, **request: Any) -> dict[str, str]:
        if self.refused:
            raise ClientError({"Error": {"Code": self.refused, "Message": "no"}}, "StartExecution")
        self.started.append({**request, "input": json.loads(request["input"])})
        return {"executionArn": EXECUTION}

    def describe_execution(self, **_request: Any) -> Mapping[str, object]:
        self.looks += 1
        return {"status": "RUNNING"} if self.looks < 3 else self.end

    def get_execution_history(self, **request: Any) -> dict[str, Any]:
        if self.looks == 1:
            return {"events": [{"type": "TaskScheduled"}]}
        seen = json.dumps({"EventLastReplayedTime": "2026-11-23T10:30:00Z"})
        looks = [{"resource": "describeReplay", "output": text} for text in ("{}", seen)]
        events = [{"taskSucceededEventDetails": one} for one in looks]
        return {"events": events[::-1] if request.get("reverseOrder") else events}

    def describe_stacks(self, **_request: Any) -> dict[str, Any]:
        return {"Stacks": [{"Outputs": self.outputs}]}

    def get_paginator(self, _operation: str) -> Answers:
        return self

    def paginate(self, **_request: Any) -> list[dict[str, Any]]:
        summaries = [
            {
                "ResourceType": f"AWS::Events::{kind}",
                "LogicalResourceId": logical_id,
                "PhysicalResourceId": physical_id,
            }
            for kind, logical_id, physical_id in self.resources
        ]
        return [{"StackResourceSummaries": summaries}]


@pytest.fixture
def answers() -> Iterator[Answers]:
    answers = Answers({"status": "SUCCEEDED", "output": json.dumps(REPORT)})

    def client(_target: Target, _service: str, region_name: str | None = None) -> Answers:
        answers.regions.append(region_name)
        return answers

    with (
        mock.patch.object(Target, "client", client),
        mock.patch.object(replay, "_POLL_SECONDS", 0),
    ):
        yield answers


@pytest.fixture
def duet_replay(answers: Answers) -> Callable[..., Result]:
    def invoke(*arguments: str) -> Result:
        answers.looks = 0
        return CliRunner().invoke(app, ["replay", *arguments, "--endpoint-url", _SOMEWHERE])

    return invoke


def test_nobody_replays_on_a_real_account_by_forgetting_something(
    answers: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)

    result = CliRunner().invoke(app, ["replay", "--workflow", WORKFLOW, *WINDOW])

    assert result.exit_code == 2
    assert "--aws means your real account" in " ".join(result.stderr.split())
    assert answers.started == []


def test_a_window_is_handed_to_the_workflow_in_utc(
    duet_replay: Callable[..., Result], answers: Answers
) -> None:
    result = duet_replay("--workflow", WORKFLOW, *WINDOW)

    assert result.exit_code == 0, result.output
    assert answers.started == [
        {
            "stateMachineArn": WORKFLOW,
            "input": {"from": "2026-11-23T10:00:00.000Z", "to": "2026-11-23T11:00:00.000Z"},
        }
    ]
    assert answers.regions == ["eu-west-1"]


@pytest.mark.parametrize(
    ("wanted", "rule"),
    [
        ("Analytics", "Shop-AppBusAnalytics-1A"),
        ("AppBusAnalyticsOfSignUps", "Shop-AppBusAnalytics-1A"),
        ("Shop-AppBusAnalytics-1A", "Shop-AppBusAnalytics-1A"),
        ("AppBus", "AppBus"),
        ("OfAnotherStack", "OfAnotherStack"),
    ],
)
def test_a_rule_of_the_stack_goes_by_a_part_of_its_name(
    duet_replay: Callable[..., Result], answers: Answers, wanted: str, rule: str
) -> None:
    answers.outputs = [{"OutputKey": "ReplayWorkflowArn", "OutputValue": WORKFLOW}]
    answers.resources = [
        ("EventBus", "Analytics", "Analytics"),
        ("Rule", "AppBusAnalyticsOfSignUps2168", "Bus|Shop-AppBusAnalytics-1A"),
        ("Rule", "AppBusOnboarding7588", "Bus|Shop-AppBusOnboarding-2B"),
    ]

    result = duet_replay("--stack", "Shop", *WINDOW, "--rule", wanted)

    assert result.exit_code == 0, result.output
    assert answers.started[0]["input"]["rules"] == [rule]


def test_rules_are_handed_to_the_workflow(
    duet_replay: Callable[..., Result], answers: Answers
) -> None:
    duet_replay("--workflow", WORKFLOW, *WINDOW, "--rule", "one", "--rule", "two")

    assert answers.started[0]["input"]["rules"] == ["one", "two"]


def test_the_workflow_is_found_among_the_outputs_of_a_stack(
    duet_replay: Callable[..., Result], answers: Answers
) -> None:
    answers.outputs = [{"OutputKey": "ReplayWorkflowArn", "OutputValue": WORKFLOW}]

    result = duet_replay("--stack", "Shop", *WINDOW)

    assert result.exit_code == 0, result.output
    assert answers.started[0]["stateMachineArn"] == WORKFLOW


def test_an_output_that_is_missing_is_answered_with_those_that_there_are(
    duet_replay: Callable[..., Result], answers: Answers
) -> None:
    answers.outputs = [{"OutputKey": "BusArn", "OutputValue": "arn"}]

    result = duet_replay("--stack", "Shop", *WINDOW)

    assert result.exit_code == 1
    assert "there are: BusArn" in result.output


def test_the_result_is_a_table(duet_replay: Callable[..., Result]) -> None:
    result = duet_replay("--workflow", WORKFLOW, *WINDOW)

    for shown in ("Stack-Replay-1", "2026-11-23T10:59:00Z", "90", "all"):
        assert shown in result.stdout


def test_the_result_is_json_alone_when_asked_for(duet_replay: Callable[..., Result]) -> None:
    result = duet_replay("--workflow", WORKFLOW, *WINDOW, "--json")

    told = {"executionArn": EXECUTION, "error": None, "cause": None}
    assert json.loads(result.stdout) == {**told, **REPORT}


def test_a_warning_of_the_workflow_is_shown(
    duet_replay: Callable[..., Result], answers: Answers
) -> None:
    warned = {**REPORT, "warning": "the last events may be missing"}
    answers.end = {"status": "SUCCEEDED", "output": json.dumps(warned)}

    assert "the last events may be missing" in duet_replay("--workflow", WORKFLOW, *WINDOW).stdout


@pytest.mark.parametrize("as_json", [[], ["--json"]])
def test_a_refusal_is_named_with_what_to_do_and_ends_in_one(
    duet_replay: Callable[..., Result], answers: Answers, as_json: list[str]
) -> None:
    answers.end = {"status": "FAILED", "error": "Replay.WindowOverlaps", "cause": "wait for it"}

    result = duet_replay("--workflow", WORKFLOW, *WINDOW, *as_json)

    assert result.exit_code == 1
    assert "Replay.WindowOverlaps: wait for it" in result.stderr
    if as_json:
        assert json.loads(result.stdout)["error"] == "Replay.WindowOverlaps"


def test_a_workflow_that_is_stopped_ends_in_one(
    duet_replay: Callable[..., Result], answers: Answers
) -> None:
    answers.end = {"status": "ABORTED"}

    result = duet_replay("--workflow", WORKFLOW, *WINDOW)

    assert result.exit_code == 1
    assert "ABORTED" in result.stderr


def test_a_workflow_that_cannot_be_started_ends_in_one(
    duet_replay: Callable[..., Result], answers: Answers
) -> None:
    answers.refused = "StateMachineDoesNotExist"

    result = duet_replay("--workflow", WORKFLOW, *WINDOW)

    assert result.exit_code == 1
    assert "StateMachineDoesNotExist" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "teaches"),
    [
        ((*WINDOW,), "--workflow or by --stack"),
        (("--workflow", WORKFLOW, "--stack", "Shop", *WINDOW), "one of them"),
        (("--workflow", WORKFLOW), "--last 2h"),
        (("--workflow", WORKFLOW, *WINDOW, "--last", "2h"), "--last alone"),
        (("--workflow", WORKFLOW, "--last", "2h", "--to", NOW.isoformat()), "--last alone"),
        (("--workflow", WORKFLOW, "--from", "yesterday"), "write for example 2026"),
        (("--workflow", WORKFLOW, "--from", "2026-11-23T10:00:00"), "with its offset"),
        (("--workflow", WORKFLOW, "--last", "2 hours"), "write for example 2h"),
        (("--workflow", WORKFLOW, WINDOW[2], WINDOW[1], "--from", WINDOW[3]), "before --to"),
    ],
    ids=lambda value: str(value)[-30:],
)
def test_bad_options_end_in_two_and_start_nothing(
    duet_replay: Callable[..., Result],
    answers: Answers,
    arguments: Sequence[str],
    teaches: str,
) -> None:
    result = duet_replay(*arguments)

    assert result.exit_code == 2
    assert teaches in result.stderr
    assert answers.started == []


def test_what_is_no_arn_of_a_workflow_is_refused(duet_replay: Callable[..., Result]) -> None:
    result = duet_replay("--workflow", "replay", *WINDOW)

    assert result.exit_code == 1
    assert "must be the ARN of a state machine" in result.stderr


def test_progress_is_the_newest_look_at_the_replay(answers: Answers) -> None:
    heard: list[datetime] = []
    window = TimeWindow(start=NOW, end=NOW)
    clients = mock.Mock(return_value=answers)

    run = replay.ReplayRun.start(WORKFLOW, window=window, rules=[], clients=clients)
    run.follow(heard.append)

    assert heard == [datetime(2026, 11, 23, 10, 30, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("last", "hours"), [("90s", 0.025), ("30m", 0.5), ("2h", 2), ("7d", 7 * 24)]
)
def test_the_last_time_ends_now(last: str, hours: float) -> None:
    window = TimeWindow.parse(start=None, end=None, last=last, now=NOW)

    assert window.end == NOW
    assert (NOW - window.start).total_seconds() == hours * 3600


def test_a_window_without_an_end_ends_now() -> None:
    window = TimeWindow.parse(start="2026-11-23T10:00:00Z", end=None, last=None, now=NOW)

    assert window.end == NOW


def test_a_window_from_the_future_is_refused() -> None:
    with pytest.raises(TimeWindowError, match="--from must be before --to"):
        TimeWindow.parse(start="2026-11-23T13:00:00Z", end=None, last=None, now=NOW)


@pytest.mark.parametrize(("hour", "share"), [(9, 0.0), (10, 0.0), (11, 0.5), (12, 1.0), (13, 1.0)])
def test_a_share_of_the_window_is_between_nothing_and_all(hour: int, share: float) -> None:
    window = TimeWindow.parse(start="2026-11-23T10:00:00Z", end=None, last=None, now=NOW)

    assert window.share_before(datetime(2026, 11, 23, hour, tzinfo=UTC)) == share
