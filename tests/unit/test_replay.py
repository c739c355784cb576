"""The replay construct, and its workflow run in process with a model of EventBridge."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from aws_cdk import App, Duration, RemovalPolicy, Stack, Token
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Match, Template
from sfnx import testing
from sfnx.testing import Call, Execution, Failure

from constructs_lib.choreography import EventArchive, Replay
from constructs_lib.templates.state_machines import state_machine_definition, state_machine_ids
from constructs_lib.validation import ConfigError
from tests.unit.every_task import findings
from tests.unit.resources import properties_of

_STATE_MACHINE = "AWS::StepFunctions::StateMachine"
_ARCHIVE = "arn:aws:events:us-east-1:123456789012:archive/kept"
_BUS = "arn:aws:events:us-east-1:123456789012:event-bus/callers-bus"
_RULE = "arn:aws:events:us-east-1:123456789012:rule/callers-bus/onboarding"
# 2026-11-23T12:00:00Z, where the clock of these tests stands.
_NOON = 1_795_435_200_000
_WINDOW = {"from": "2026-11-23T10:00:00Z", "to": "2026-11-23T11:00:00Z"}


@pytest.fixture
def archive(stack: Stack, event_bus: events.IEventBus) -> EventArchive:
    return EventArchive(stack, "Archive", event_bus=event_bus)


def _definition(template: Mapping[str, Any], **substitutions: str) -> dict[str, Any]:
    (logical_id,) = state_machine_ids(template)
    return dict(
        state_machine_definition(
            template, logical_id, substitutions=substitutions, placeholders=True
        )
    )


# ── The template ─────────────────────────────────────────────────────────────────────────────────


def test_a_replay_may_take_twelve_hours_by_default_and_is_looked_at_every_thirty_seconds(
    stack: Stack, archive: EventArchive, synthesize: Callable[[], Template]
) -> None:
    Replay(stack, "Replay", archive=archive)

    definition = _definition(synthesize().to_json())
    assert definition["TimeoutSeconds"] == 13 * 60 * 60
    assert definition["States"]["Wait for replay"]["Seconds"] == 30
    assert f"{12 * 60 * 60} * 1000" in definition["States"]["Start replay"]["Assign"]["deadline"]


def test_every_argument_reaches_the_template(
    stack: Stack, archive: EventArchive, synthesize: Callable[[], Template]
) -> None:
    Replay(
        stack,
        "Replay",
        archive=archive,
        timeout=Duration.minutes(30),
        poll_interval=Duration.seconds(5),
        removal_policy=RemovalPolicy.RETAIN,
    )

    template = synthesize()
    definition = _definition(template.to_json())
    assert definition["TimeoutSeconds"] == 90 * 60
    assert definition["States"]["Wait for replay"]["Seconds"] == 5
    assert "1800 * 1000" in definition["States"]["Start replay"]["Assign"]["deadline"]
    template.has_resource("AWS::Logs::LogGroup", {"DeletionPolicy": "Retain"})


@pytest.mark.parametrize(
    ("timeout", "poll_interval"),
    [
        (Duration.seconds(9), Duration.seconds(10)),
        (Duration.hours(24), Duration.seconds(30)),
        (Duration.hours(1), Duration.millis(500)),
        (Duration.hours(1), Duration.hours(2)),
    ],
    ids=["no look", "too many looks", "interval too short", "interval too long"],
)
def test_times_out_of_range_are_refused(
    stack: Stack, archive: EventArchive, timeout: Duration, poll_interval: Duration
) -> None:
    with pytest.raises(ConfigError, match=r"(timeout|poll_interval) in seconds must be between"):
        Replay(stack, "Replay", archive=archive, timeout=timeout, poll_interval=poll_interval)


def test_a_poll_interval_known_only_at_deployment_passes(
    stack: Stack, archive: EventArchive, synthesize: Callable[[], Template]
) -> None:
    seconds = Token.as_number({"Ref": "Seconds"})

    Replay(stack, "Replay", archive=archive, poll_interval=Duration.seconds(seconds))

    assert '"Seconds":' in str(properties_of(synthesize(), _STATE_MACHINE)["DefinitionString"])


def test_the_workflow_may_touch_this_archive_its_bus_and_replays_of_its_own_only(
    stack: Stack, archive: EventArchive, synthesize: Callable[[], Template]
) -> None:
    Replay(stack, "Replay", archive=archive)

    (policy,) = synthesize().find_resources("AWS::IAM::Policy").values()
    allowed = {
        action: json.dumps(statement["Resource"])
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        for action in (
            statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        )
        if action.startswith("events:")
    }
    assert allowed.keys() == {
        "events:CancelReplay",
        "events:DescribeArchive",
        "events:DescribeReplay",
        "events:DescribeRule",
        "events:ListReplays",
        "events:StartReplay",
    }
    assert '":replay/Stack-Replay-' in allowed["events:StartReplay"]
    assert "ArchiveArchive" in allowed["events:StartReplay"]
    assert '":event-bus/callers-bus"' in allowed["events:StartReplay"]
    assert '":replay/Stack-Replay-' in allowed["events:CancelReplay"]
    assert allowed["events:CancelReplay"] == allowed["events:DescribeReplay"]
    assert '":rule/callers-bus/*"' in allowed["events:DescribeRule"]
    # AWS has no resource for it.
    assert allowed["events:ListReplays"] == '"*"'


def test_rules_of_the_default_bus_have_no_bus_in_their_arns(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    bus = events.EventBus.from_event_bus_name(stack, "Default", "default")

    Replay(stack, "Replay", archive=EventArchive(stack, "Archive", event_bus=bus))

    policy = json.dumps(properties_of(synthesize(), "AWS::IAM::Policy"))
    assert '":rule/*"' in policy


def test_who_may_start_it_may_follow_it_too(
    stack: Stack, archive: EventArchive, synthesize: Callable[[], Template]
) -> None:
    operator = iam.Role(stack, "Operator", assumed_by=iam.AccountRootPrincipal())

    grant = Replay(stack, "Replay", archive=archive).grant_start(operator)

    assert grant.success
    policies = synthesize().find_resources(
        "AWS::IAM::Policy", {"Properties": {"PolicyName": Match.string_like_regexp("^Operator")}}
    )
    (policy,) = policies.values()
    start, follow = policy["Properties"]["PolicyDocument"]["Statement"]
    assert start["Action"] == "states:StartExecution"
    assert follow["Action"] == ["states:DescribeExecution", "states:GetExecutionHistory"]


def test_two_in_one_stack_name_their_replays_apart(
    stack: Stack, archive: EventArchive, synthesize: Callable[[], Template]
) -> None:
    Replay(stack, "First", archive=archive)
    Replay(stack, "Second", archive=archive)

    template = synthesize()
    template.resource_count_is(_STATE_MACHINE, 2)
    text = json.dumps(template.to_json())
    assert ":replay/Stack-First-" in text
    assert ":replay/Stack-Second-" in text


def test_the_state_machine_stays_open_to_escape_hatches(
    stack: Stack, archive: EventArchive, synthesize: Callable[[], Template]
) -> None:
    machine = Replay(stack, "Replay", archive=archive).state_machine.node.default_child
    assert isinstance(machine, sfn.CfnStateMachine)

    machine.add_property_override("StateMachineName", "by-hand")

    synthesize().has_resource_properties(_STATE_MACHINE, {"StateMachineName": "by-hand"})


# ── The workflow ─────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def definition() -> dict[str, Any]:
    stack = Stack(App(), "Stack")
    bus = events.EventBus.from_event_bus_name(stack, "CallersBus", "callers-bus")
    Replay(stack, "Replay", archive=EventArchive(stack, "Archive", event_bus=bus))
    template = Template.from_stack(stack).to_json()
    (archive,) = (k for k, v in template["Resources"].items() if "Archive" in v["Type"])
    return _definition(template, **{archive: "kept", f"{archive}.Arn": _ARCHIVE})


@dataclass
class EventBridge:
    """Answers a workflow's calls; a replay goes through ``states``, one at each look."""

    states: Sequence[str] = ("STARTING", "RUNNING", "COMPLETED")
    rules: Sequence[str] = (_RULE,)
    retention_days: int = 30
    active: Sequence[Mapping[str, str]] = ()
    errors: Mapping[str, str] = field(default_factory=dict)
    progress: str | None = "2026-11-23T10:59:00Z"
    _looks: int = 0

    def __call__(self, call: Call) -> object:
        action = call.resource.split(":")[-1]
        if action in self.errors:
            raise Failure(self.errors[action], "injected")
        asked: Any = call.arguments
        match action:
            case "describeArchive":
                return {"RetentionDays": self.retention_days} if self.retention_days else {}
            case "describeRule":
                for arn in self.rules:
                    if arn.endswith(f"{asked['EventBusName']}/{asked['Name']}"):
                        return {"Arn": arn}
                raise Failure("EventBridge.ResourceNotFoundException", f"no {asked['Name']}")
            case "listReplays":
                return {"Replays": [one for one in self.active if one["State"] == asked["State"]]}
            case "describeReplay":
                self._looks += 1
                state = self.states[min(self._looks, len(self.states)) - 1]
                found = {
                    "State": state,
                    "ReplayArn": f"arn:{asked['ReplayName']}",
                    "ReplayStartTime": "2026-11-23T12:00:00Z",
                    "EventLastReplayedTime": self.progress,
                    "ReplayEndTime": "2026-11-23T12:01:30Z" if state == "COMPLETED" else None,
                }
                return {name: value for name, value in found.items() if value}
            case _:
                return {"State": "STARTING"}


@pytest.fixture
def run(definition: dict[str, Any]) -> Callable[..., Execution]:
    def run_it(
        request: object,
        service: EventBridge | None = None,
        millis: Callable[[], int] = lambda: _NOON,
    ) -> Execution:
        return testing.run(
            definition,
            request,
            service or EventBridge(),
            functions={"millis": millis, "now": lambda: "2026-11-23T12:00:00.000Z"},
        )

    return run_it


def _started(execution: Execution) -> dict[str, Any]:
    (call,) = (call for call in execution.calls if call.resource.endswith("startReplay"))
    arguments: Any = call.arguments
    return dict(arguments)


def _is_refused(execution: Execution) -> bool:
    return not any(call.resource.endswith("startReplay") for call in execution.calls)


def test_every_task_has_timeout_retries_and_a_way_out(definition: dict[str, Any]) -> None:
    assert findings(definition) == []


def test_a_window_is_replayed_to_its_end_and_reported(run: Callable[..., Execution]) -> None:
    execution = run(_WINDOW)

    started = _started(execution)
    assert started["EventSourceArn"] == _ARCHIVE
    assert started["Destination"] == {"Arn": _BUS}
    assert (started["EventStartTime"], started["EventEndTime"]) == (
        "2026-11-23T10:00:00.000Z",
        "2026-11-23T11:00:00.000Z",
    )
    assert execution.output == {
        "replayName": started["ReplayName"],
        "replayArn": f"arn:{started['ReplayName']}",
        "state": "COMPLETED",
        "from": "2026-11-23T10:00:00.000Z",
        "to": "2026-11-23T11:00:00.000Z",
        "rules": [],
        "eventLastReplayedTime": "2026-11-23T10:59:00Z",
        "startedAt": "2026-11-23T12:00:00Z",
        "endedAt": "2026-11-23T12:01:30Z",
        "durationSeconds": 90,
        "warning": None,
    }
    assert execution.states.count("Look at replay") == 3


def test_an_offset_is_understood(run: Callable[..., Execution]) -> None:
    execution = run({"from": "2026-11-23T11:00:00+01:00", "to": "2026-11-23T05:30:00.5-05:30"})

    started = _started(execution)
    assert started["EventStartTime"] == "2026-11-23T10:00:00.000Z"
    assert started["EventEndTime"] == "2026-11-23T11:00:00.500Z"


@pytest.mark.parametrize("rules", [["onboarding"], [_RULE]], ids=["name", "ARN"])
def test_chosen_rules_alone_get_the_events(run: Callable[..., Execution], rules: list[str]) -> None:
    execution = run({**_WINDOW, "rules": rules})

    assert _started(execution)["Destination"] == {"Arn": _BUS, "FilterArns": [_RULE]}


def test_null_rules_are_all_rules(run: Callable[..., Execution]) -> None:
    assert _started(run({**_WINDOW, "rules": None}))["Destination"] == {"Arn": _BUS}


def test_a_replay_is_named_after_its_execution_within_what_eventbridge_allows(
    run: Callable[..., Execution],
) -> None:
    name = _started(run(_WINDOW))["ReplayName"]

    assert name.startswith("Stack-Replay-")
    assert len(name) <= 64
    assert name == _started(run(_WINDOW))["ReplayName"]


def test_nothing_to_replay_is_no_failure(run: Callable[..., Execution]) -> None:
    output: Any = run(_WINDOW, EventBridge(progress=None)).output

    assert output["eventLastReplayedTime"] is None


def test_a_window_that_has_just_ended_brings_a_warning(run: Callable[..., Execution]) -> None:
    output: Any = run({**_WINDOW, "to": "2026-11-23T11:55:00Z"}).output

    assert "may not have been in the archive yet" in output["warning"]


@pytest.mark.parametrize(
    ("request_", "error", "teaches"),
    [
        ({}, "InvalidWindow", "got nothing to nothing"),
        ({**_WINDOW, "from": 5}, "InvalidWindow", "got 5 to 2026-11-23T11:00:00Z"),
        ({**_WINDOW, "from": "2026-11-23"}, "InvalidWindow", "write them as 2026-11-23T10:00:00Z"),
        ({**_WINDOW, "from": "2026-11-23T10:00:00"}, "InvalidWindow", "seconds and offset"),
        ({**_WINDOW, "from": "2026-11-31T10:00:00Z"}, "InvalidWindow", "2026-11-31T10:00:00Z"),
        ({**_WINDOW, "to": "2026-11-23T25:00:00Z"}, "InvalidWindow", "2026-11-23T25:00:00Z"),
        ({**_WINDOW, "to": _WINDOW["from"]}, "InvalidWindow", "from must be before to"),
        ({**_WINDOW, "to": "2026-11-23T12:00:01Z"}, "WindowInFuture", "end the window now"),
        (
            {**_WINDOW, "from": "2026-10-24T11:59:59Z"},
            "WindowBeforeRetention",
            "what happened before 2026-10-24T12:00:00.000Z is gone",
        ),
        ({**_WINDOW, "rules": "onboarding"}, "UnknownRule", "leave it out"),
        ({**_WINDOW, "rules": []}, "UnknownRule", "a list of one or more"),
        ({**_WINDOW, "rules": [7]}, "UnknownRule", "a list of one or more"),
        ({**_WINDOW, "rules": ["onboarding", "nobody"]}, "UnknownRule", "no nobody"),
        (
            {**_WINDOW, "rules": [_RULE.replace("callers-bus", "other-bus")]},
            "UnknownRule",
            "list them with: aws events list-rules --event-bus-name callers-bus",
        ),
    ],
    ids=str,
)
def test_a_refusal_has_a_name_and_says_what_to_do(
    run: Callable[..., Execution], request_: object, error: str, teaches: str
) -> None:
    execution = run(request_)

    assert execution.error == f"Replay.{error}"
    assert teaches in str(execution.cause)
    assert _is_refused(execution)


def test_an_archive_that_keeps_for_ever_refuses_no_age(run: Callable[..., Execution]) -> None:
    execution = run({**_WINDOW, "from": "2001-01-01T00:00:00Z"}, EventBridge(retention_days=0))

    assert execution.error is None


def _other(**changes: str) -> dict[str, str]:
    return {
        "ReplayName": "another",
        "EventSourceArn": _ARCHIVE,
        "State": "RUNNING",
        "EventStartTime": "2026-11-23T10:30:00Z",
        "EventEndTime": "2026-11-23T10:31:00Z",
        **changes,
    }


@pytest.mark.parametrize(
    "other",
    [
        _other(),
        _other(State="STARTING"),
        _other(EventStartTime="2026-11-23T10:59:59Z", EventEndTime="2026-11-23T11:30:00Z"),
    ],
    ids=["within", "starting", "at the end"],
)
def test_a_window_in_which_another_replay_is_under_way_is_refused(
    run: Callable[..., Execution], other: dict[str, str]
) -> None:
    execution = run(_WINDOW, EventBridge(active=[other]))

    assert execution.error == "Replay.WindowOverlaps"
    assert f"another of {other['EventStartTime']}" in str(execution.cause)
    assert _is_refused(execution)


@pytest.mark.parametrize(
    "other",
    [
        _other(EventStartTime="2026-11-23T11:00:00Z", EventEndTime="2026-11-23T12:00:00Z"),
        _other(EventStartTime="2026-11-23T09:00:00Z", EventEndTime="2026-11-23T10:00:00Z"),
        _other(EventSourceArn=f"{_ARCHIVE}-too"),
        _other(State="COMPLETED"),
    ],
    ids=["after", "before", "another archive", "ended"],
)
def test_what_does_not_overlap_runs_beside(
    run: Callable[..., Execution], other: dict[str, str]
) -> None:
    assert run(_WINDOW, EventBridge(active=[other])).error is None


def test_a_replay_does_not_stand_in_its_own_way_when_its_execution_is_redriven(
    run: Callable[..., Execution],
) -> None:
    own = _other(ReplayName=_started(run(_WINDOW))["ReplayName"])

    assert run(_WINDOW, EventBridge(active=[own])).error is None


def test_a_replay_that_an_earlier_attempt_started_is_followed(
    run: Callable[..., Execution],
) -> None:
    taken = {"startReplay": "EventBridge.ResourceAlreadyExistsException"}

    execution = run(_WINDOW, EventBridge(errors=taken))

    output: Any = execution.output
    assert output["state"] == "COMPLETED"
    assert execution.states.count("Start replay") == 1


@pytest.mark.parametrize(
    ("state", "error", "teaches"),
    [
        ("FAILED", "Replay.Failed", "replay again from 2026-11-23T10:59:00Z"),
        ("CANCELLED", "Replay.Cancelled", "events up to 2026-11-23T10:59:00Z"),
    ],
)
def test_a_replay_that_eventbridge_ends_is_red(
    run: Callable[..., Execution], state: str, error: str, teaches: str
) -> None:
    execution = run(_WINDOW, EventBridge(states=["RUNNING", "CANCELLING", state]))

    assert execution.error == error
    assert teaches in str(execution.cause)


@pytest.mark.parametrize("errors", [{}, {"cancelReplay": "EventBridge.IllegalStatusException"}])
def test_a_replay_over_its_time_is_cancelled_and_red(
    run: Callable[..., Execution], errors: dict[str, str]
) -> None:
    service = EventBridge(states=["RUNNING"], errors=errors)
    hour = 60 * 60 * 1000

    # An hour between two looks.
    execution = run(_WINDOW, service, lambda: _NOON + service._looks * hour)

    assert execution.error == "Replay.TimedOut"
    assert "was asked to stop" in str(execution.cause)
    assert execution.states.count("Look at replay") == 12
    assert execution.calls[-1].resource.endswith("cancelReplay")


@pytest.mark.parametrize(
    "action", ["describeArchive", "describeRule", "listReplays", "startReplay", "describeReplay"]
)
def test_an_error_that_stays_ends_the_workflow_under_its_own_name(
    run: Callable[..., Execution], action: str
) -> None:
    service = EventBridge(errors={action: "EventBridge.LimitExceededException"})

    execution = run({**_WINDOW, "rules": ["onboarding"]}, service)

    assert execution.error == "EventBridge.LimitExceededException"
    assert [call.resource.split(":")[-1] for call in execution.calls].count(action) == 1
