"""Quotas that are exceeded or nearly reached."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from constructs_lib.insight.findings.finding import FindingRule, Hit, Severity
from constructs_lib.insight.findings.history import rounds_of_polling
from constructs_lib.insight.findings.states import tasks_of
from constructs_lib.insight.model import Assembly, Place

_STEP_FUNCTIONS = "https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"
_EVENTBRIDGE = "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html"
_NEARLY = 0.8
_POLLING_SECONDS = 12 * 3600


@dataclass(frozen=True)
class Quota:
    """One quota; ``maximum`` in ``unit``."""

    name: str
    maximum: int
    unit: str
    source: str

    @property
    def can_be_raised(self) -> bool:
        """Whether an account may have more."""
        return "(default" in self.name


#: When the sources below were read. "hard" cannot be raised.
READ_ON = "2026-11-27"
DEFINITION = Quota("size of a definition (hard)", 1_048_576, "bytes", _STEP_FUNCTIONS)
PAYLOAD = Quota("input or output of a state (hard)", 262_144, "bytes", _STEP_FUNCTIONS)
HISTORY = Quota("history of an execution (hard)", 25_000, "events", _STEP_FUNCTIONS)
EXPRESS = Quota("duration of an Express execution (hard)", 300, "seconds", _STEP_FUNCTIONS)
STATE_NAME = Quota("name of a state (hard)", 80, "characters", _STEP_FUNCTIONS)
EXECUTION_NAME = Quota("name of an execution (hard)", 80, "characters", _STEP_FUNCTIONS)
TARGETS = Quota("targets of a rule (hard)", 5, "targets", _EVENTBRIDGE)
RULES_PER_BUS = Quota("rules of a bus (default)", 300, "rules", _EVENTBRIDGE)
PATTERN = Quota("event pattern (default; at most 4,096)", 2_048, "characters", _EVENTBRIDGE)
ENTRIES = Quota("entries of one PutEvents (hard)", 10, "entries", _EVENTBRIDGE)
TRANSFORMER = Quota("template of an input transformer (hard)", 8_192, "characters", _EVENTBRIDGE)

ALL_QUOTAS = (
    *(DEFINITION, PAYLOAD, HISTORY, EXPRESS, STATE_NAME, EXECUTION_NAME),
    *(TARGETS, RULES_PER_BUS, PATTERN, ENTRIES, TRANSFORMER),
)


@dataclass(frozen=True, kw_only=True)
class _Use:
    quota: Quota
    used: int
    place: Place
    of: str
    state: str | None = None


def _uses(assembly: Assembly) -> Iterator[_Use]:
    yield from _of_workflows(assembly)
    yield from _of_tasks(assembly)
    yield from _of_rules(assembly)


def _of_workflows(assembly: Assembly) -> Iterator[_Use]:
    for workflow in assembly.workflows:
        place = workflow.resource.place
        yield _Use(
            quota=DEFINITION,
            used=_size(workflow.machine.definition),
            place=place,
            of=f"workflow {workflow.resource.name!r}",
        )
        for state in workflow.machine.all_states():
            of = f"state {state.name!r:.100}"
            # A name of 80 characters is fine: "nearly" means nothing there.
            if len(state.name) > STATE_NAME.maximum:
                yield _Use(
                    quota=STATE_NAME,
                    used=len(state.name),
                    place=place,
                    of=of,
                    state=state.full_name,
                )
            constant = [state.fields.get(name) for name in ("Result", "Parameters", "Arguments")]
            yield _Use(
                quota=PAYLOAD,
                used=max(map(_size, constant)),
                place=place,
                of=of,
                state=state.full_name,
            )
            seconds = state.fields.get("Seconds")
            if workflow.kind == "EXPRESS" and isinstance(seconds, int | float):
                yield _Use(
                    quota=EXPRESS,
                    used=round(seconds),
                    place=place,
                    of=f"{of} of an Express workflow",
                    state=state.full_name,
                )


def _of_tasks(assembly: Assembly) -> Iterator[_Use]:
    for workflow, state, task in tasks_of(assembly):
        place = workflow.resource.place
        entries = task.parameters.get("Entries")
        # What fills these exactly is fine: "nearly" means nothing here.
        if task.action == "putEvents" and _length(entries) > ENTRIES.maximum:
            yield _Use(
                quota=ENTRIES,
                used=_length(entries),
                place=place,
                of=f"task {state.name!r}",
                state=state.full_name,
            )
        name = task.parameters.get("Name")
        if task.action == "startExecution" and _length(name) > EXECUTION_NAME.maximum:
            yield _Use(
                quota=EXECUTION_NAME,
                used=_length(name),
                place=place,
                of=f"the execution that {state.name!r} starts",
                state=state.full_name,
            )


def _of_rules(assembly: Assembly) -> Iterator[_Use]:
    for rule in assembly.rules:
        of, place = f"rule {rule.resource.name!r}", rule.resource.place
        if len(rule.targets) >= TARGETS.maximum:
            yield _Use(quota=TARGETS, used=len(rule.targets), place=place, of=of)
        text = json.dumps(rule.pattern, separators=(",", ":"), ensure_ascii=False)
        if "${" not in text:
            yield _Use(quota=PATTERN, used=len(text), place=place, of=of)
        for target in rule.targets:
            transformer = target.properties.get("InputTransformer")
            if isinstance(transformer, Mapping):
                yield _Use(
                    quota=TRANSFORMER,
                    used=len(str(transformer.get("InputTemplate"))),
                    place=place,
                    of=f"target {target.id!r} of {of}",
                )
    counts = Counter(rule.bus for rule in assembly.rules)
    for bus in assembly.buses:
        if bus.resource is not None:
            yield _Use(
                quota=RULES_PER_BUS,
                used=counts[bus.key],
                place=bus.resource.place,
                of=f"bus {bus.name!r}",
            )


def _length(value: object) -> int:
    """The length of a list or of a text that is no expression."""
    if isinstance(value, list):
        return len(value)
    is_constant = isinstance(value, str) and "{%" not in value and "${" not in value
    return len(str(value)) if is_constant else 0


def _size(value: object) -> int:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return len(text.encode("utf-8", "replace"))


def _exceeded(assembly: Assembly) -> Iterator[Hit]:
    for use in _uses(assembly):
        if use.used > use.quota.maximum:
            yield _hit(use, "warning" if use.quota.can_be_raised else None)


def _nearly(assembly: Assembly) -> Iterator[Hit]:
    for use in _uses(assembly):
        if _NEARLY * use.quota.maximum <= use.used <= use.quota.maximum:
            yield _hit(use)
    for workflow in assembly.workflows:
        if workflow.kind == "EXPRESS":
            continue
        for polling in rounds_of_polling(workflow.machine):
            rounds = HISTORY.maximum // polling.events
            seconds = rounds * polling.seconds
            limit = workflow.machine.timeout_seconds
            if seconds < _POLLING_SECONDS and (limit is None or limit > seconds):
                yield Hit(
                    place=workflow.resource.place,
                    state=polling.state,
                    subject=HISTORY.name,
                    what=f"the loop over {polling.state!r} waits {polling.seconds:g} seconds and "
                    f"writes about {polling.events} events a round: after {rounds:,} rounds, "
                    f"{seconds / 3600:.1f} hours, the history of {HISTORY.maximum:,} events is "
                    "full and the execution fails",
                    remedy="wait longer, count the rounds, or use a .sync or callback integration",
                )


def _hit(use: _Use, severity: Severity | None = None) -> Hit:
    return Hit(
        place=use.place,
        state=use.state,
        severity=severity,
        subject=f"{use.quota.name} {use.of}",
        what=f"{use.of}: {use.used:,} of {use.quota.maximum:,} {use.quota.unit} ({use.quota.name})",
    )


RULES = (
    FindingRule(
        id="quota-exceeded",
        severity="error",
        title="A quota is exceeded",
        why="AWS refuses the deployment, or the execution fails when it comes there.",
        remedy="split it, or raise the quota where it can be raised",
        link=_STEP_FUNCTIONS,
        find=_exceeded,
        milder="warning for one that can be raised",
    ),
    FindingRule(
        id="quota-nearly-reached",
        severity="note",
        title="A quota is nearly reached",
        why="At least 80 % are used; the next change may be the one that does not deploy.",
        remedy="split it before it is full",
        link=_EVENTBRIDGE,
        find=_nearly,
    ),
)
