"""Every state, every transition and every catch of the JSONata workflows, run in process.

``sfnx`` runs the synthesized definitions; a model of the services answers the tasks. Each task is
failed with each error that means something to it, before its effect and, as a timeout may, after
it. Not here: TicketTriage, which is JSONPath and which ``sfnx`` does not run; moto's interpreter is
its in-process level, in ``tests/moto/test_ticket_triage_workflow.py``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template
from sfnx import testing
from sfnx.testing import Call, Execution, Failure

from constructs_lib.orchestration import SignUpMail, SignUpWorkflow
from constructs_lib.templates.state_machines import state_machine_definition, state_machine_ids
from tests.coverage_table import LOG
from tests.workflow_coverage import Paths, Place, Transition, all_paths, catch_of, places

_CDK_JSON = Path(__file__).parent.parent.parent / "cdk.json"
_ADA = {"email": "ada@example.com", "name": "Ada Lovelace"}
_ANY = "Some.Error"
_COMPENSATIONS = {"Delete profile", "Withdraw code", "Delete identity", "Release email"}
_WHOLE = {"EMAIL", "CODE", "USER", "identity"}
_CODE = {"code": "0123456789"}
_ITEM = {
    "userId": {"S": "somebody"},
    "taskToken": {"S": "token"},
    "expiresAt": {"N": "99999999999"},
}


class Fault(NamedTuple):
    """A task's calls that fail; ``late`` ones have had their effect."""

    error: str
    times: int | None = None
    late: bool = False


@dataclass
class Services:
    """A table and a user pool as a set of what is in them; refuses what AWS refuses."""

    faults: Mapping[str, Fault] = field(default_factory=dict)
    item: Mapping[str, object] | None = None
    kept: set[str] = field(default_factory=set)
    raised: list[tuple[str, str]] = field(default_factory=list)
    published: list[dict[str, Any]] = field(default_factory=list)
    _calls: dict[str, int] = field(default_factory=dict)

    def __call__(self, call: Call) -> object:
        fault = self.faults.get(call.state)
        self._calls[call.state] = self._calls.get(call.state, 0) + 1
        fails = fault and (fault.times is None or self._calls[call.state] <= fault.times)
        try:
            if fault and fails and not fault.late:
                raise Failure(fault.error, "injected")
            answer = self._answer(call)
            if fault and fails:
                raise Failure(fault.error, "injected")
        except Failure as failure:
            self.raised.append((call.state, failure.error))
            raise
        return answer

    def _answer(self, call: Call) -> object:
        arguments: Any = call.arguments
        action = call.resource.split(":")[-1].split(".")[0]
        if action == "putItem":
            self.kept.add(arguments["Item"]["pk"]["S"].split("#")[0])
        elif action == "adminCreateUser":
            self._require("identity" not in self.kept, call, "UsernameExistsException")
            self.kept.add("identity")
        elif action == "adminDeleteUser":
            self._require("identity" in self.kept, call, "UserNotFoundException")
            self.kept.remove("identity")
        elif action == "deleteItem":
            kind = arguments["Key"]["pk"]["S"].split("#")[0]
            self._require(kind in self.kept, call, "ConditionalCheckFailedException")
            self.kept.remove(kind)
        elif action == "putEvents":
            self.published += arguments["Entries"]
            return {"Entries": [{"EventId": "1"}]}
        elif action == "getItem":
            return {} if self.item is None else {"Item": self.item}
        return {}

    def _require(self, holds: bool, call: Call, error: str) -> None:
        prefix = "CognitoIdentityProvider" if "cognito" in call.resource else "DynamoDB"
        if not holds:
            raise Failure(f"{prefix}.{error}", "the model says so")


@dataclass
class Runs:
    """Runs of a definition, and what they took; ``sfnx`` gives states in order, no history."""

    definition: dict[str, Any]
    taken: Paths = field(default_factory=Paths)

    def __post_init__(self) -> None:
        testing.check(self.definition)
        self.whole = all_paths(self.definition)
        self._places = {place.name: place for place in places(self.definition)}

    def run(self, request: object, services: Services) -> Execution:
        # The check of the definition, the same each time, takes two thirds of a run.
        with mock.patch.object(testing, "check"):
            execution = testing.run(self.definition, request, services)
        known = self._places
        transitions = set()
        for at, name in enumerate(execution.states):
            later = execution.states[at + 1 :]
            # A Parallel's or a Map's next state comes after the states inside.
            near = later if known[name].state["Type"] in ("Parallel", "Map") else later[:1]
            transitions |= {
                each
                for each in self.whole.transitions
                if each.state == name and not each.is_catch and each.to in near
            }
        transitions |= {
            catch
            for name, error in services.raised
            if (catch := _catch_of(known, name, error)) and catch.to in execution.states
        }
        taken = Paths(frozenset(execution.states), frozenset(transitions))
        LOG.note("a", self.definition, taken)
        self.taken |= taken
        return execution

    def missing(self) -> Paths:
        return self.whole - self.taken


def _catch_of(known: Mapping[str, Place], name: str, error: str) -> Transition | None:
    """The catch of the state, or else of the nearest state around it that catches."""
    while name:
        _, state, around = known[name]
        catch = catch_of(name, state, error)
        if catch is not None:
            return catch
        name = around
    return None


@pytest.fixture(scope="module")
def workflows() -> tuple[Runs, Runs]:
    """The sign-up workflow with mail and topic, and its ConfirmEmail."""
    app = App(context=json.loads(_CDK_JSON.read_text(encoding="utf-8"))["context"])
    stack = Stack(app, "SignUp")
    SignUpWorkflow(
        stack,
        "SignUp",
        event_bus=events.EventBus.from_event_bus_name(stack, "Bus", "app-bus"),
        table=dynamodb.Table.from_table_name(stack, "Users", "users"),
        mail=SignUpMail(sender="sign-up@example.com"),
        failure_topic=sns.Topic.from_topic_arn(
            stack, "Operators", "arn:aws:sns:us-east-1:123456789012:operators"
        ),
    )
    template = Template.from_stack(stack).to_json()
    sign_up, confirm = (
        Runs(state_machine_definition(template, id_, substitutions={}, placeholders=True))
        for id_ in state_machine_ids(template)
    )
    return sign_up, confirm


def _meaningful_errors(state: Mapping[str, Any]) -> list[str]:
    named = {e for catcher in state.get("Catch", []) for e in catcher["ErrorEquals"]}
    return sorted((named - {"States.ALL"}) | {_ANY, "States.Timeout", "States.DataLimitExceeded"})


def _says_done(state: Mapping[str, Any], error: str) -> bool:
    """Whether a service says by this error that the effect is there: done or undone before."""
    return any(
        error in catcher["ErrorEquals"] and "Assign" not in catcher
        for catcher in state.get("Catch", [])
        if not error.startswith("States.")
    )


def _faults_of(definition: Mapping[str, Any]) -> list[tuple[str, Fault]]:
    """Every task by every error by once or for ever by before or after its effect."""
    return [
        (name, Fault(error, times, late or _says_done(state, error)))
        for name, state, _ in places(definition)
        if state["Type"] == "Task"
        for error in _meaningful_errors(state)
        for times, late in ((None, False), (1, False), (None, True), (1, True), (6, False))
        if not (late and error not in ("States.Timeout", "States.DataLimitExceeded"))
    ]


def test_every_path_of_a_sign_up_ends_in_a_user_or_with_nothing_left(
    workflows: tuple[Runs, Runs],
) -> None:
    sign_up, _ = workflows
    reports = {"Publish SignUpFailed", "Notify operators of SignUpFailed"}
    for request in (_ADA, {**_ADA, "email": "no"}, {**_ADA, "name": ""}):
        sign_up.run(request, Services())
    for name, fault in _faults_of(sign_up.definition):
        faults = {name: fault}
        if name in _COMPENSATIONS | reports:
            faults["Announce sign-up"] = Fault(_ANY)
        services = Services(faults)

        execution = sign_up.run(_ADA, services)

        cell = f"{name}: {fault}"
        if execution.error is None:
            assert services.kept == _WHOLE, cell
        else:
            # What a compensation left, it says so.
            failures = [e["Detail"] for e in services.published if "notUndone" in e["Detail"]]
            notes = [note["Step"] for detail in failures for note in detail["notUndone"]]
            assert not services.kept or notes == [name], cell
            assert len(services.kept) <= len(notes), cell
        assert execution.error not in ("States.Runtime", "States.QueryEvaluationError"), cell

    assert sign_up.missing() == Paths()


def test_every_path_of_a_confirmation_ends_in_an_answer(
    workflows: tuple[Runs, Runs],
) -> None:
    _, confirm = workflows
    results = []
    items: list[Mapping[str, object] | None] = [
        None,
        _ITEM,
        {**_ITEM, "usedAt": {"S": "2026-11-23T00:00:00Z"}},
        {**_ITEM, "expiresAt": {"N": "1"}},
    ]
    for item in items:
        results.append(confirm.run(_CODE, Services(item=item)).output)
    results.append(confirm.run({"code": "none"}, Services()).output)
    for name, fault in _faults_of(confirm.definition):
        if fault.error != "States.DataLimitExceeded":  # nothing here answers with much data
            services = Services({name: fault}, item=_ITEM)
            results.append(confirm.run(_CODE, services).output)

    answers = {result["result"] for result in results if isinstance(result, dict)}
    assert answers == {"confirmed", "unknown", "used", "expired", "unavailable"}
    assert confirm.missing() == Paths()
