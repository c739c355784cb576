"""Every task of the sign-up workflow by every kind of fault: what must be left, by rule.

Tasks, their roles and the errors come from the synthesized definition and from ``retry_policies``,
so that a task that is added is in the matrix at once. A fault is aimed at a state: the call that is
about to be made is compared with each state's arguments.
"""

import dataclasses
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal, cast, get_args

import boto3
import pytest

from constructs_lib.service_models.service_errors import ServiceErrors, errors_of
from constructs_lib.testing.moto_engine import WorkflowEngine, WorkflowRun, moto_workflows
from tests.moto.sign_ups import WAITING_STATE, SignUps
from tests.moto.world import World

_ADA = {"email": "ada@example.com", "name": "Ada Lovelace"}
_GOLDEN = Path(__file__).parent.parent / "golden" / "workflows" / "sign-up.asl.json"

#: Of the timeouts, one is a call that had its effect and whose answer was lost; of those that last,
#: the calls never reach the service, or all have their effect.
Kind = Literal[
    "throttled twice",
    "throttled for ever",
    "permanent",
    "answer lost once",
    "never reached",
    "never answered",
]
Role = Literal["step", "best effort", "compensation", "bus", "topic"]
KINDS: tuple[Kind, ...] = get_args(Kind)
TIMEOUTS: tuple[Kind, ...] = ("answer lost once", "never reached", "never answered")
_BOTO_SERVICES = {"cognitoidentityprovider": "cognito-idp"}
_THROTTLES = re.compile(r"Throttl|TooManyRequests")


def _states(definition: Mapping[str, Any], inside: str = "") -> Iterator[tuple[str, str, Any]]:
    """Each state's name, the saga step that it is part of, and the state."""
    for name, state in definition["States"].items():
        yield name, inside or name, state
        for branch in state.get("Branches", []):
            yield from _states(branch, inside or name)


def _task_names(definition: Mapping[str, Any]) -> list[str]:
    return [name for name, _, state in _states(definition) if state["Type"] == "Task"]


# Cells need names before anything is synthesized; a test compares them with the definition.
TASKS = _task_names(json.loads(_GOLDEN.read_text(encoding="utf-8")))
CELLS = [(task, kind) for task in TASKS for kind in KINDS]


@dataclass(frozen=True)
class Task:
    """A task of the workflow, and what its place in the definition says about its faults."""

    name: str
    step: str
    state: Mapping[str, Any]
    role: Role

    @property
    def errors(self) -> ServiceErrors:
        known = errors_of(self.state["Resource"])
        assert known is not None, f"{self.name} calls a service without a row in retry_policies"
        return known

    @property
    def operation(self) -> tuple[str, str]:
        """boto's service and the API's operation."""
        path = self.state["Resource"].partition(":states:::")[2].split(".")[0].split(":")
        service, action = path[-2:]
        return _BOTO_SERVICES.get(service, service), action[0].upper() + action[1:]

    @property
    def caught_by_name(self) -> dict[str, str]:
        """Where each error leads that the task catches by its own name."""
        return {
            error: catcher["Next"]
            for catcher in self.state.get("Catch", [])
            for error in catcher["ErrorEquals"]
            if not error.startswith("States.") or error == "States.Timeout"
        }

    @property
    def throttle(self) -> str:
        return next(name for name in self.errors.transient if _THROTTLES.search(name))

    @property
    def permanent(self) -> str:
        """The first permanent error that has no meaning of its own at this task."""
        prefix = self.errors.prefix
        return next(
            name for name in self.errors.permanent if f"{prefix}.{name}" not in self.caught_by_name
        )

    def error_of(self, kind: Kind) -> str:
        """What the task's error is called when a fault of this kind happens."""
        if kind in TIMEOUTS:
            return "States.Timeout"
        return f"{self.errors.prefix}.{self.permanent if kind == 'permanent' else self.throttle}"

    def retrier_of(self, kind: Kind) -> Mapping[str, Any]:
        """By what rule such a fault is retried; with MaxAttempts 0 if it is not."""
        retriers = self.state.get("Retry", [])
        of_error = (r for r in retriers if self.error_of(kind) in r["ErrorEquals"])
        return next(of_error, {"MaxAttempts": 0})

    def outlives(self, kind: Kind) -> bool:
        """Whether the fault is over before the retries are used up."""
        times = {"throttled twice": 2, "answer lost once": 1}.get(kind)
        return times is not None and times <= self.retrier_of(kind)["MaxAttempts"]

    def effects_of(self, kind: Kind) -> int:
        """How often the task's calls have their effect: what is retried is done at least once."""
        if kind == "never answered":
            return 1 + int(self.retrier_of(kind)["MaxAttempts"])
        return (1 if self.outlives(kind) else 0) + (kind == "answer lost once")

    def matches(self, service: str, operation: str, body: object) -> bool:
        """Whether a call can be this task's."""
        return (service, operation) == self.operation and _can_be(self.state["Arguments"], body)

    @property
    def removes(self) -> str:
        """What a compensation removes: a kind of item, or the identity."""
        key = self.state["Arguments"].get("Key", {}).get("pk", {}).get("S", "")
        found = re.match(r"{% '([A-Z]+)#'", key)
        return found[1] if found else "identity"


def _can_be(template: object, value: object) -> bool:
    """Whether a template's constants, and the constants its expressions begin with, are there."""
    if isinstance(template, Mapping) and isinstance(value, Mapping):
        return all(key in value and _can_be(part, value[key]) for key, part in template.items())
    if isinstance(template, list) and isinstance(value, list):
        return len(template) == len(value) and all(map(_can_be, template, value))
    if not isinstance(template, str) or not isinstance(value, str):
        return True
    if expression := re.fullmatch(r"{% (.*) %}", template, re.DOTALL):
        begins = re.match(r"(['\"])((?:(?!\1).)+)\1(?: &|$)", expression[1])
        return begins is None or value.startswith(begins[2].replace("\\n", "\n"))
    return template == value


def tasks_of(definition: Mapping[str, Any]) -> dict[str, Task]:
    """All tasks, each with its role: what a success passes, and what else there is."""
    states = {name: (step, state) for name, step, state in _states(definition)}
    success_path: list[str] = []
    at: str | None = "Prepare user"
    while at is not None:
        success_path.append(at)
        at = states[at][1].get("Next")

    def role(step: str, state: Mapping[str, Any]) -> Role:
        if step in success_path:
            ends = [c["Next"] for c in state.get("Catch", []) if "States.ALL" in c["ErrorEquals"]]
            return "best effort" if ends == [state.get("Next")] else "step"
        if ":sns:" in state["Resource"]:
            return "topic"
        return "bus" if ":events:" in state["Resource"] else "compensation"

    return {
        name: Task(name, step, state, role(step, state))
        for name, (step, state) in states.items()
        if state["Type"] == "Task"
    }


@dataclass
class Aim:
    """Answers the calls of chosen states with an error, and counts the calls of every state."""

    tasks: Mapping[str, Task] = field(default_factory=dict)
    faults: dict[str, tuple[str, int | None]] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)

    def before_call(
        self, model: Any, params: Mapping[str, Any], **_: object
    ) -> tuple[SimpleNamespace, dict[str, object]] | None:
        """The hook for botocore's ``before-call``: an error response, or None to go ahead."""
        service, operation = model.service_model.service_name, model.name
        body = _body(params["body"])
        names = [t.name for t in self.tasks.values() if t.matches(service, operation, body)]
        if not names:
            return None
        (name,) = names
        self.calls[name] += 1
        error, times = self.faults.get(name, ("", 0))
        if times is not None and self.calls[name] > times:
            return None
        return SimpleNamespace(status_code=400), {
            "Error": {"Code": _code(model.service_model, error), "Message": "injected"},
            "ResponseMetadata": {"HTTPStatusCode": 400, "RequestId": "injected"},
        }


def _body(body: object) -> object:
    return json.loads(body) if isinstance(body, str | bytes) and body[:1] in ("{", b"{") else body


def _code(service: Any, exception: str) -> str:
    """What the service sends for an exception (SNS: NotFound for NotFoundException)."""
    return next(
        (
            str(shape.metadata["error"]["code"])
            for shape in service.error_shapes
            if shape.name == exception and "code" in shape.metadata.get("error", {})
        ),
        exception,
    )


@pytest.fixture(scope="module")
def aim() -> Aim:
    return Aim()


@pytest.fixture(scope="module")
def engine(aim: Aim) -> Iterator[WorkflowEngine]:
    with moto_workflows() as engine:
        session = boto3.DEFAULT_SESSION
        assert session is not None
        session.events.register("before-call", aim.before_call)  # type: ignore[arg-type]  # an answer stops the call, which the stub does not know
        yield engine
        session.events.unregister("before-call", aim.before_call)  # type: ignore[arg-type]  # as above


@pytest.fixture(scope="module")
def world(engine: WorkflowEngine) -> World:
    assert engine  # moto is on
    return World()


@pytest.fixture(scope="module")
def sign_ups(
    engine: WorkflowEngine,
    world: World,
    aim: Aim,
    workflow_templates: Mapping[str, dict[str, Any]],
) -> SignUps:
    sign_ups = SignUps(engine, world, workflow_templates["SignUp"])
    aim.tasks = tasks_of(cast(dict[str, Any], sign_ups.definition))
    return sign_ups


@dataclass(frozen=True)
class Outcome:
    """A run, and what the world is like after it."""

    run: WorkflowRun
    calls: Mapping[str, int]
    left: Mapping[str, int]
    verified: Sequence[str | None]
    published: Sequence[str]
    failures: Sequence[Mapping[str, Any]]
    notices: Sequence[Mapping[str, Any]]


class Matrix:
    """Runs one cell at a time in a world that is empty before it."""

    def __init__(self, engine: WorkflowEngine, sign_ups: SignUps, aim: Aim) -> None:
        self.engine, self.sign_ups, self.aim = engine, sign_ups, aim
        self.tasks = aim.tasks
        self.world = sign_ups.world
        #: The last step: when it fails, every compensation has something to undo.
        self.last_step = [t for t in self.tasks.values() if t.role == "step"][-1]
        self.trigger_error = f"{self.last_step.errors.prefix}.{self.last_step.permanent}"

    def run(self, task: Task, kind: Kind) -> Outcome:
        """One cell; what undoes or reports gets a failure to undo or report."""
        faults: dict[str, tuple[str, int | None]] = {}
        if kind == "throttled twice":
            faults[task.name] = (task.throttle, 2)
        elif kind == "throttled for ever":
            faults[task.name] = (task.throttle, None)
        elif kind == "permanent":
            faults[task.name] = (task.permanent, None)
        if task.role in ("compensation", "bus", "topic"):
            faults[self.last_step.name] = (self.last_step.permanent, None)
        self._begin(faults)
        if kind in TIMEOUTS:
            self.engine.time_out(
                state=task.name,
                times=1 if kind == "answer lost once" else None,
                reached=kind != "never reached",
            )
        return self._end(confirmed=task.name != WAITING_STATE or kind not in TIMEOUTS)

    def run_with(self, faults: Mapping[str, tuple[str, int | None]]) -> Outcome:
        self._begin(faults)
        return self._end()

    def _begin(self, faults: Mapping[str, tuple[str, int | None]]) -> None:
        self.aim.faults = {}
        self.engine.heal()
        self.world.clear()
        self.aim.faults = dict(faults)
        self.aim.calls.clear()

    def _end(self, *, confirmed: bool = True) -> Outcome:
        started = self.sign_ups.start(_ADA)
        if confirmed and started.until(
            lambda: bool(self.world.mails() and self.world.items("CODE")), within_seconds=30
        ):
            started.until_waiting(state=WAITING_STATE)
            assert self.sign_ups.confirm(self.sign_ups.code())["result"] == "confirmed"
        run = started.result(within_seconds=30)
        kinds = ("EMAIL", "CODE", "USER")
        identities = self.world.identities()
        events = self.world.events()
        left = {kind: len(self.world.items(kind)) for kind in kinds}
        return Outcome(
            run=run,
            calls=dict(self.aim.calls),
            left={**left, "identity": len(identities)},
            verified=[identity.get("email_verified") for identity in identities],
            published=[event["detail-type"] for event in events],
            failures=[e["detail"] for e in events if e["detail-type"] == "SignUpFailed"],
            notices=self.world.notices(),
        )


@pytest.fixture(scope="module")
def matrix(engine: WorkflowEngine, sign_ups: SignUps, aim: Aim) -> Matrix:
    return Matrix(engine, sign_ups, aim)


@dataclass(frozen=True)
class Expected:
    """What the rules say about a cell; ``error`` is None for a success, the counts are how often
    each was told: by services that answer or not, hence not always once."""

    error: str | None
    step: str = ""
    not_undone: Sequence[Mapping[str, str]] = ()
    left: Sequence[str] = ()
    announced: int = 0
    published: int = 1
    notified: int = 1


def expected(matrix: Matrix, task: Task, kind: Kind) -> Expected:
    """The rules. One for each role; a fault that passes is no fault."""
    effects, passes = task.effects_of(kind), task.outlives(kind)
    announces = task is matrix.last_step
    if task.role == "best effort" or (task.role == "step" and passes):
        return Expected(error=None, announced=effects if announces else 1)
    if task.role == "step":
        error = _error_seen(matrix, task, task.error_of(kind))
        return Expected(error=error, step=task.step, announced=effects if announces else 0)
    reported = Expected(error=matrix.trigger_error, step=matrix.last_step.step)
    if task.role == "bus":
        return dataclasses.replace(reported, published=effects)
    if task.role == "topic":
        return dataclasses.replace(reported, notified=effects)
    if passes:
        return reported
    note = {"Step": task.name, "Error": task.error_of(kind)}
    left = [] if effects else [task.removes]
    return dataclasses.replace(reported, not_undone=[note], left=left)


def _error_seen(matrix: Matrix, task: Task, error: str) -> str:
    """The error itself, or the business error of the Fail state that its catch leads to."""
    states = {
        name: state for name, _, state in _states(cast(dict[str, Any], matrix.sign_ups.definition))
    }
    at = task.caught_by_name.get(error)
    while at is not None:
        state = states[at]
        if state["Type"] == "Fail":
            return str(state["Error"])
        at = state.get("Default", state.get("Next"))
    return error


def assert_nothing_half_made(outcome: Outcome, expect: Expected) -> None:
    if expect.error is None:
        assert {**outcome.left, "CODE": 1} == dict.fromkeys(outcome.left, 1)
        assert outcome.verified == ["true"]
    else:
        assert outcome.left == {kind: int(kind in expect.left) for kind in outcome.left}


def assert_nobody_is_lost(outcome: Outcome, expect: Expected) -> None:
    """Either a user who is announced, or a named error that services and operators heard."""
    run = outcome.run
    announced = ["UserSignedUp"] * expect.announced
    if expect.error is None:
        assert (run.status, run.error) == ("SUCCEEDED", None)
        assert (outcome.published, outcome.notices) == (announced, [])
        return
    assert (run.status, run.error) == ("FAILED", expect.error)
    told = {"error": expect.error, "step": expect.step, "notUndone": list(expect.not_undone)}
    heard = [{key: event[key] for key in told} for event in outcome.failures]
    read = [{key: notice[key] for key in told} for notice in outcome.notices]
    assert outcome.published == announced + ["SignUpFailed"] * expect.published
    assert (heard, read) == ([told] * expect.published, [told] * expect.notified)


def assert_asked_as_often_as_it_helps(outcome: Outcome, task: Task, kind: Kind) -> None:
    """A permanent error once, any other until it has passed or the retries are used up; a task
    that is caught and tried again after a pause uses its retries each time."""
    run, calls = outcome.run, outcome.calls.get(task.name, 0)
    attempts = int(task.retrier_of(kind)["MaxAttempts"])
    if task.outlives(kind):
        attempts = 2 if kind == "throttled twice" else 1
    rounds = run.path.count(task.name)
    assert run.retries == rounds * attempts
    assert calls == (0 if kind == "never reached" else rounds * (1 + attempts))


def assert_waited_no_longer_than_the_rule(outcome: Outcome, task: Task, kind: Kind) -> None:
    """Each delay is drawn from nothing to what the retrier's backoff has come to."""
    retrier = task.retrier_of(kind)
    for number, delay in enumerate(outcome.run.retry_delays_seconds):
        backoff = retrier["IntervalSeconds"] * retrier["BackoffRate"] ** (
            number % retrier["MaxAttempts"]
        )
        assert 0 <= delay <= min(backoff, retrier["MaxDelaySeconds"])


#: Which cells held, for the last test; this module's tests run in one process (loadfile).
_HELD: list[tuple[str, Kind]] = []


@pytest.mark.parametrize(("name", "kind"), CELLS)
def test_a_fault_leaves_a_whole_user_or_nothing_and_everybody_informed(
    matrix: Matrix, name: str, kind: Kind
) -> None:
    task = matrix.tasks[name]
    expect = expected(matrix, task, kind)

    outcome = matrix.run(task, kind)

    assert_nothing_half_made(outcome, expect)
    assert_nobody_is_lost(outcome, expect)
    assert_asked_as_often_as_it_helps(outcome, task, kind)
    assert_waited_no_longer_than_the_rule(outcome, task, kind)
    _HELD.append((name, kind))


def test_without_a_fault_every_step_is_called_once_and_nothing_else(matrix: Matrix) -> None:
    outcome = matrix.run_with({})

    assert_nothing_half_made(outcome, Expected(error=None))
    assert_nobody_is_lost(outcome, Expected(error=None, announced=1))
    forward = [t.name for t in matrix.tasks.values() if t.role in ("step", "best effort")]
    assert outcome.calls == dict.fromkeys(forward, 1)


def test_when_no_compensation_works_all_are_tried_and_named_in_their_order(
    matrix: Matrix,
) -> None:
    last_step = matrix.last_step
    compensations = [t for t in matrix.tasks.values() if t.role == "compensation"]
    faults: dict[str, tuple[str, int | None]] = {
        task.name: (task.permanent, None) for task in [*compensations, last_step]
    }

    outcome = matrix.run_with(faults)

    tried = [state for state in outcome.run.path if state in {t.name for t in compensations}]
    assert len(tried) == len(compensations) > 1
    by_name = matrix.tasks
    notes = [
        {"Step": name, "Error": f"{by_name[name].errors.prefix}.{by_name[name].permanent}"}
        for name in tried
    ]
    assert_nobody_is_lost(
        outcome, Expected(error=matrix.trigger_error, step=last_step.step, not_undone=notes)
    )
    assert outcome.left == dict.fromkeys(outcome.left, 1)


def test_bus_and_topic_both_silent_change_nothing_about_the_error(matrix: Matrix) -> None:
    reporting = [t for t in matrix.tasks.values() if t.role in ("bus", "topic")]
    faults: dict[str, tuple[str, int | None]] = {
        task.name: (task.permanent, None) for task in [*reporting, matrix.last_step]
    }

    outcome = matrix.run_with(faults)

    expect = Expected(
        error=matrix.trigger_error, published=0, notified=0, step=matrix.last_step.step
    )
    assert_nothing_half_made(outcome, expect)
    assert_nobody_is_lost(outcome, expect)


def test_the_matrix_is_every_task_by_every_fault(
    matrix: Matrix, request: pytest.FixtureRequest
) -> None:
    assert sorted(matrix.tasks) == sorted(TASKS)
    assert {task.role for task in matrix.tasks.values()} == {
        "step",
        "best effort",
        "compensation",
        "bus",
        "topic",
    }
    whole_file = len(request.session.items) >= len(CELLS)
    assert not whole_file or sorted(_HELD) == sorted(CELLS)
