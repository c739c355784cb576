"""Every state, every transition and every catch of the JSONata workflows, run in process.

``sfnx`` runs the synthesized definitions; a model of the services answers the tasks. Each task is
failed with each error that means something to it, before its effect and, as a timeout may, after
it. Not here: TicketTriage, which is JSONPath and which ``sfnx`` does not run; it has its tests on
moto's interpreter in ``tests/moto/test_ticket_triage_workflow.py``.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aws_cdk import App, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from aws_cdk.assertions import Template
from sfnx.testing import Call, Execution, Failure, run

from constructs_lib.orchestration import SignUpMail, SignUpWorkflow
from constructs_lib.testing.workflow import state_machine_definition, state_machine_ids

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


class Edge(NamedTuple):
    """A transition; ``by`` is Next, Default, a rule's or a catcher's number."""

    state: str
    by: str
    to: str


def _states(machine: Mapping[str, Any], around: str = "") -> Iterator[tuple[str, str, Any]]:
    for name, state in machine["States"].items():
        yield name, around, state
        for branch in state.get("Branches", []):
            yield from _states(branch, name)


def _edges(definition: Mapping[str, Any]) -> set[Edge]:
    edges = set()
    for name, _, state in _states(definition):
        edges |= {Edge(name, by, state[by]) for by in ("Next", "Default") if by in state}
        for kind in ("Choices", "Catch"):
            for number, entry in enumerate(state.get(kind, [])):
                edges.add(Edge(name, f"{kind} {number}", entry["Next"]))
    return edges


@dataclass
class Coverage:
    """What the runs of a definition have entered and passed."""

    definition: dict[str, Any]
    states: set[str] = field(default_factory=set)
    edges: set[Edge] = field(default_factory=set)
    runs: int = 0

    def run(self, request: object, services: Services) -> Execution:
        execution = run(self.definition, request, services)
        self.runs += 1
        self.states |= set(execution.states)
        all_states = {name: (around, state) for name, around, state in _states(self.definition)}
        for at, name in enumerate(execution.states):
            _, state = all_states[name]
            later = execution.states[at + 1 :]
            for edge in (e for e in _edges(self.definition) if e.state == name):
                # A Parallel's next state comes after its branches' states.
                near = later if state["Type"] == "Parallel" else later[:1]
                if edge.to in near and not edge.by.startswith("Catch"):
                    self.edges.add(edge)
        for name, error in services.raised:
            self._note_catch(all_states, name, error, execution.states)
        return execution

    def _note_catch(
        self,
        all_states: Mapping[str, tuple[str, Any]],
        name: str,
        error: str,
        path: tuple[str, ...],
    ) -> None:
        """The first catcher that fits, of the state or else of the state around it."""
        while name:
            around, state = all_states[name]
            for number, catcher in enumerate(state.get("Catch", [])):
                fits = {error} | ({"States.ALL"} if error != "States.DataLimitExceeded" else set())
                if fits & set(catcher["ErrorEquals"]):
                    if catcher["Next"] in path:
                        self.edges.add(Edge(name, f"Catch {number}", catcher["Next"]))
                    return
            name = around

    def report(self) -> str:
        names = [name for name, _, _ in _states(self.definition)]
        every = _edges(self.definition)
        catches = {edge for edge in every if edge.by.startswith("Catch")}
        return (
            f"{len(self.states)}/{len(names)} states, {len(self.edges & every)}/{len(every)} "
            f"transitions, of them {len(self.edges & catches)}/{len(catches)} catches, "
            f"in {self.runs} runs"
        )

    def missing(self) -> list[object]:
        names = {name for name, _, _ in _states(self.definition)}
        return [*sorted(names - self.states), *sorted(_edges(self.definition) - self.edges)]


@pytest.fixture(scope="module")
def coverages() -> tuple[Coverage, Coverage]:
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
        Coverage(state_machine_definition(template, id_, substitutions={}, placeholders=True))
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
        for name, _, state in _states(definition)
        if state["Type"] == "Task"
        for error in _meaningful_errors(state)
        for times, late in ((None, False), (1, False), (None, True), (1, True), (6, False))
        if not (late and error not in ("States.Timeout", "States.DataLimitExceeded"))
    ]


def test_every_path_of_a_sign_up_ends_in_a_user_or_with_nothing_left(
    coverages: tuple[Coverage, Coverage], record_property: Any
) -> None:
    coverage, _ = coverages
    reports = {"Publish SignUpFailed", "Notify operators of SignUpFailed"}
    for request in (_ADA, {**_ADA, "email": "no"}, {**_ADA, "name": ""}):
        coverage.run(request, Services())
    for name, fault in _faults_of(coverage.definition):
        faults = {name: fault}
        if name in _COMPENSATIONS | reports:
            faults["Announce sign-up"] = Fault(_ANY)
        services = Services(faults)

        execution = coverage.run(_ADA, services)

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

    record_property("workflow paths: sign-up", coverage.report())
    assert coverage.missing() == []


def test_every_path_of_a_confirmation_ends_in_an_answer(
    coverages: tuple[Coverage, Coverage], record_property: Any
) -> None:
    _, coverage = coverages
    results = []
    items: list[Mapping[str, object] | None] = [
        None,
        _ITEM,
        {**_ITEM, "usedAt": {"S": "2026-11-23T00:00:00Z"}},
        {**_ITEM, "expiresAt": {"N": "1"}},
    ]
    for item in items:
        results.append(coverage.run(_CODE, Services(item=item)).output)
    results.append(coverage.run({"code": "none"}, Services()).output)
    for name, fault in _faults_of(coverage.definition):
        if fault.error != "States.DataLimitExceeded":  # nothing here answers with much data
            services = Services({name: fault}, item=_ITEM)
            results.append(coverage.run(_CODE, services).output)

    answers = {result["result"] for result in results if isinstance(result, dict)}
    assert answers == {"confirmed", "unknown", "used", "expired", "unavailable"}
    record_property("workflow paths: confirm-email", coverage.report())
    assert coverage.missing() == []
