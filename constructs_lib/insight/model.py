"""The typed model of a cloud assembly: what pictures, prices and findings are views of.

Frozen values and nothing else; ``assembly.load`` makes them. A key is ``Stack/LogicalId``; a
stack of the same name in a second place is told apart by its place in the assembly. What could not
be read is a ``Note``: kept and said, never dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from constructs_lib.templates.json_value import JsonValue

TransitionKind = Literal["next", "choice", "default", "catch"]
TaskKind = Literal["lambda", "sdk", "optimized", "http", "activity", "nested", "unknown"]
TaskPattern = Literal["request_response", "sync", "wait_for_task_token"]
InputKind = Literal["event", "path", "constant", "transformer"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where something was declared.

    Attributes:
        construct_path: ``Stack/Construct/Resource``; the key where the template tells no path.
        source: ``file:line`` of the program that made it, where CDK kept the stack trace.
        file: The template or definition it was read from, as given to ``load``.
    """

    stack: str
    logical_id: str
    construct_path: str
    source: str | None = None
    file: str | None = None


@dataclass(frozen=True, kw_only=True)
class Note:
    """Something that could not be read or resolved."""

    place: Place | None
    text: str


@dataclass(frozen=True, kw_only=True)
class Reference:
    """What a property points at.

    Attributes:
        text: Readable: ``${Bus.Arn}``, or the literal.
        key: The resource of the assembly; None if it lies outside or is not known.
        attribute: ``Arn`` and the like; None for ``Ref`` and for literals.
    """

    text: str
    key: str | None = None
    attribute: str | None = None


@dataclass(frozen=True, kw_only=True)
class Resource:
    """Any resource of a template, of a known type or not."""

    key: str
    type: str
    name: str
    place: Place
    properties: Mapping[str, JsonValue]
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Transition:
    """A way out of a state; ``label`` is the condition or the error names."""

    source: str
    target: str
    kind: TransitionKind
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Retry:
    """One retrier, with Step Functions' defaults where it is silent."""

    errors: tuple[str, ...]
    interval_seconds: float = 1
    max_attempts: int = 3
    backoff_rate: float = 2.0
    max_delay_seconds: float | None = None
    jitter: str = "NONE"


@dataclass(frozen=True, kw_only=True)
class Catch:
    """One catcher."""

    errors: tuple[str, ...]
    target: str


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a Task state calls.

    Attributes:
        service: Step Functions' name: ``dynamodb``, ``lambda``, ``cognitoidentityprovider``.
        action: ``putItem``, ``invoke``; empty where the resource is a function or an activity.
        target: The function, state machine, table, queue, topic, bus or activity, where it is said.
        parameters: ``Arguments`` or ``Parameters``, with references rendered.
    """

    kind: TaskKind
    service: str
    action: str
    pattern: TaskPattern
    resource_text: str
    target: Reference | None
    parameters: Mapping[str, JsonValue]


@dataclass(frozen=True, kw_only=True)
class State:
    """One state.

    Attributes:
        path: Names of the states it stands in, from the outermost, without its own.
        ends: It ends its state machine or branch: ``End``, ``Succeed`` or ``Fail``.
        timeout_seconds: A number, or the text of the path or expression that gives it.
        fields: The state as written, with references rendered.
        unknown_fields: Names that Amazon States Language does not have for this type.
    """

    name: str
    type: str
    path: tuple[str, ...] = ()
    query_language: str = "JSONPath"
    transitions: tuple[Transition, ...] = ()
    task: Task | None = None
    retries: tuple[Retry, ...] = ()
    catches: tuple[Catch, ...] = ()
    branches: tuple[StateMachine, ...] = ()
    ends: bool = False
    timeout_seconds: float | str | None = None
    heartbeat_seconds: float | str | None = None
    fields: Mapping[str, JsonValue] = field(default_factory=dict)
    unknown_fields: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """The names of the states around it and its own."""
        return " / ".join((*self.path, self.name))


@dataclass(frozen=True, kw_only=True)
class StateMachine:
    """A definition, or a branch of one.

    Attributes:
        start_at: Empty where the definition names none.
        definition: As written, with references rendered.
        problems: What is malformed in it; ``Assembly.notes`` says the same with its place.
    """

    start_at: str
    states: tuple[State, ...]
    query_language: str = "JSONPath"
    timeout_seconds: float | None = None
    comment: str = ""
    definition: Mapping[str, JsonValue] = field(default_factory=dict)
    unknown_fields: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def all_states(self) -> Iterator[State]:
        """Its states and those of its branches at any depth, outer ones first."""
        for state in self.states:
            yield state
            for branch in state.branches:
                yield from branch.all_states()

    def state(self, name: str) -> State | None:
        """The state of this level with that name."""
        return next((state for state in self.states if state.name == name), None)


@dataclass(frozen=True, kw_only=True)
class Workflow:
    """A state machine resource, or a bare definition (``resource.type`` is then ``ASL``)."""

    resource: Resource
    kind: Literal["STANDARD", "EXPRESS"]
    machine: StateMachine
    role: Reference | None = None
    logging_level: str = "OFF"
    logs_execution_data: bool = False
    traced: bool = False


@dataclass(frozen=True, kw_only=True)
class EventBus:
    """A bus of the assembly, the account's ``default``, or one that is only referred to."""

    resource: Resource | None
    name: str
    key: str
    partner_source: str | None = None
    dead_letter: Reference | None = None


@dataclass(frozen=True, kw_only=True)
class Target:
    """One target of a rule."""

    id: str
    destination: Reference
    role: Reference | None = None
    dead_letter: Reference | None = None
    max_attempts: int | None = None
    max_age_seconds: int | None = None
    input_kind: InputKind = "event"
    properties: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule; ``pattern`` has references rendered."""

    resource: Resource
    bus: str
    pattern: Mapping[str, JsonValue] | None
    schedule: str | None
    enabled: bool
    targets: tuple[Target, ...]


@dataclass(frozen=True, kw_only=True)
class Archive:
    """An event archive; without ``retention_days`` it keeps events for ever."""

    resource: Resource
    bus: str
    pattern: Mapping[str, JsonValue] | None
    retention_days: int | None


@dataclass(frozen=True, kw_only=True)
class Pipe:
    """An EventBridge pipe."""

    resource: Resource
    source: Reference
    filters: tuple[Mapping[str, JsonValue], ...]
    enrichment: Reference | None
    target: Reference
    dead_letter: Reference | None
    input_template: str | None
    role: Reference | None = None
    running: bool = True


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """A schedule of EventBridge Scheduler.

    Attributes:
        expression: When, with the time zone where it names one.
        target: Its destination is what the call is about, where that is a call of any AWS service.
    """

    resource: Resource
    expression: str
    enabled: bool
    target: Target


@dataclass(frozen=True, kw_only=True)
class Queue:
    """An SQS queue."""

    resource: Resource
    fifo: bool
    dead_letter: Reference | None
    max_receive_count: int | None


@dataclass(frozen=True, kw_only=True)
class EventSource:
    """What a function polls."""

    resource: Resource
    source: Reference
    failure_destination: Reference | None
    batch_size: int | None


@dataclass(frozen=True, kw_only=True)
class Function:
    """A Lambda function.

    Attributes:
        failure_destination: Where a failed asynchronous call goes: destination or dead-letter
            queue.
        success_destination: Where the result of an asynchronous call goes.
    """

    resource: Resource
    runtime: str | None
    memory_mb: int
    timeout_seconds: int
    role: Reference | None
    environment: Mapping[str, JsonValue]
    failure_destination: Reference | None
    sources: tuple[EventSource, ...]
    success_destination: Reference | None = None


@dataclass(frozen=True, kw_only=True)
class Subscription:
    """One subscription of a topic."""

    protocol: str
    endpoint: Reference
    dead_letter: Reference | None
    resource: Resource | None


@dataclass(frozen=True, kw_only=True)
class Topic:
    """An SNS topic."""

    resource: Resource
    subscriptions: tuple[Subscription, ...]


@dataclass(frozen=True, kw_only=True)
class Table:
    """A DynamoDB table."""

    resource: Resource
    stream: bool
    billing: str


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One statement of a role's policies.

    Attributes:
        role: The role's key.
        managed_policy: Its ARN, for a policy that is attached by name and not in the assembly:
            actions and resources are then unknown and empty.
        all_but_actions: ``actions`` came as ``NotAction``.
        all_but_resources: ``resources`` came as ``NotResource``.
    """

    role: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[Reference, ...]
    conditions: Mapping[str, JsonValue]
    place: Place
    managed_policy: str | None = None
    all_but_actions: bool = False
    all_but_resources: bool = False


@dataclass(frozen=True, kw_only=True)
class ResourcePolicy:
    """Whom a queue, topic, function or bus lets in.

    Attributes:
        on: What it is the policy of.
        principals: Services, accounts and ``*``, of its Allow statements.
    """

    resource: Resource
    on: tuple[Reference, ...]
    principals: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DirectCall:
    """What an API's integration or a bucket's notification passes on, with nothing between.

    Attributes:
        source: Key of the API or bucket.
        what: The call or the events, in words.
    """

    source: str
    target: Reference
    what: str


@dataclass(frozen=True, kw_only=True)
class Publication:
    """Somebody who publishes to a bus.

    Attributes:
        publisher: Key of the workflow, pipe, function, schedule or API.
        state: Full name of the state that publishes.
        source: None where it is computed at run time or not known; likewise ``detail_type``.
        evidence: How this is known, in words.
        bus: None where it is not known.
        detail: The event's detail where the state writes it.
    """

    publisher: str
    state: str | None
    bus: str | None
    source: str | None
    detail_type: str | None
    evidence: str
    detail: JsonValue = None


@dataclass(frozen=True, kw_only=True)
class Assembly:
    """All that was read."""

    path: str
    stacks: tuple[str, ...]
    resources: Mapping[str, Resource]
    workflows: tuple[Workflow, ...] = ()
    buses: tuple[EventBus, ...] = ()
    rules: tuple[Rule, ...] = ()
    archives: tuple[Archive, ...] = ()
    pipes: tuple[Pipe, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    queues: tuple[Queue, ...] = ()
    functions: tuple[Function, ...] = ()
    topics: tuple[Topic, ...] = ()
    tables: tuple[Table, ...] = ()
    statements: tuple[Statement, ...] = ()
    resource_policies: tuple[ResourcePolicy, ...] = ()
    publications: tuple[Publication, ...] = ()
    direct_calls: tuple[DirectCall, ...] = ()
    notes: tuple[Note, ...] = ()
