"""What can be told of a design by its templates: who knows the order, what a step takes, how errors
are handled, how much it may do a second."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from constructs_lib.insight.compare.designs import Design
from constructs_lib.insight.compare.published import Quota, published
from constructs_lib.insight.cost.event_kinds import EventKind, matches
from constructs_lib.insight.model import Assembly, Function, Queue, Rule, State, Workflow
from constructs_lib.service_models.service_errors import errors_of

#: Where a further step is put, to see what it takes.
_AFTER_EVENT = "IdentityCreated"
_END = "UserSignedUp"


@dataclass(frozen=True, kw_only=True)
class ErrorHandling:
    """What becomes of the errors that the called actions may raise, counted by action and error.

    ``redeliveries`` is how often a message comes again, whatever failed; 0 for workflows, which
    tell errors apart.
    """

    transient: int
    transient_retried: int
    permanent: int
    permanent_retried: int
    redeliveries: int


@dataclass(frozen=True, kw_only=True)
class Ceiling:
    """How many sign-ups a second a quota allows, and by which use of it."""

    quota: Quota
    uses: Decimal

    @property
    def per_second(self) -> Decimal:
        """Sign-ups a second."""
        return Decimal(self.quota.per_second) / self.uses


@dataclass(frozen=True, kw_only=True)
class Structure:
    """A design as its templates have it.

    Args:
        knows_order: What must be read to know the order of the steps.
        asked_for_state: What is asked where a sign-up stands.
        resources: How many, alarms left aside; ``follower_resources`` of its followers.
        step_adds: Resources that one more step adds.
        step_changes: What one more step, between identity and profile, changes besides.
        hops: Ways over a bus, a queue and to a function until the sign-up is done.
    """

    knows_order: Sequence[str]
    asked_for_state: Sequence[str]
    resources: int
    follower_resources: int
    step_adds: int
    step_changes: Sequence[str]
    errors: ErrorHandling
    hops: int


def structure(design: Design, assembly: Assembly) -> Structure:
    """Read a design's structure off the assembly."""
    own = {each.key for each in design.resources(assembly, with_followers=False)}
    with_followers = sum(1 for _ in design.resources(assembly))
    workflows = [each for each in assembly.workflows if each.resource.key in own]
    rules = [each for each in assembly.rules if each.resource.key in own]
    functions = [each for each in assembly.functions if each.resource.key in own]
    main = max(workflows, key=_size) if workflows else None
    if main is not None:
        policies = _policies(assembly, main)
        knows_order, asked = [main.resource.name], [main.resource.name]
        step_adds, step_changes = 0, [main.resource.name, *policies]
        errors = _workflow_errors(workflows)
        hops = 0
    else:
        knows_order = [each.resource.name for each in functions]
        knows_order += [each.resource.name for each in rules]
        tables = [each for each in assembly.tables if each.resource.key in own]
        paths = [each.resource.place.construct_path.split("/") for each in tables]
        asked = ["/".join(path[-3:-1]) for path in paths if path[-2] == "State"]
        step_adds = _resources_of_a_service(own, assembly, functions)
        step_changes = [each.resource.name for each in _takers_of(_AFTER_EVENT, rules)]
        queues = [each for each in assembly.queues if each.resource.key in own]
        errors = _redelivered(queues)
        hops = len(functions) - len(_takers_of(_END, rules))
    return Structure(
        knows_order=knows_order,
        asked_for_state=asked,
        resources=len(own),
        follower_resources=with_followers - len(own),
        step_adds=step_adds,
        step_changes=step_changes,
        errors=errors,
        hops=hops,
    )


def ceilings(uses: Mapping[str, Decimal]) -> tuple[Ceiling, ...]:
    """What quotas allow at so many uses of each a sign-up, the lowest first."""
    quotas = published().quotas
    found = [Ceiling(quota=quotas[id_], uses=count) for id_, count in uses.items() if count]
    return tuple(sorted(found, key=lambda ceiling: ceiling.per_second))


def _size(workflow: Workflow) -> int:
    return sum(1 for _ in workflow.machine.all_states())


def _policies(assembly: Assembly, workflow: Workflow) -> list[str]:
    """The policies of a workflow's role: a new step needs a new right."""
    role = workflow.role.key if workflow.role else None
    places = {each.place.construct_path for each in assembly.statements if each.role == role}
    return sorted(path.split("/", 1)[-1] for path in places)


def _resources_of_a_service(
    own: set[str], assembly: Assembly, functions: Sequence[Function]
) -> int:
    """The resources of the design that bear the name of one service, on average."""
    services = ["/".join(each.resource.place.construct_path.split("/")[:3]) for each in functions]
    paths = [assembly.resources[key].place.construct_path for key in own]
    belonging = [path for path in paths if any(path.startswith(each) for each in services)]
    return round(len(belonging) / len(services)) if services else 0


def _takers_of(detail_type: str, rules: Sequence[Rule]) -> list[Rule]:
    """The rules that ask for an event by its detail-type."""
    return [
        rule
        for rule in rules
        if rule.pattern
        and any(
            matches(rule.pattern, EventKind(bus=rule.bus, source=source, detail_type=detail_type))
            for source in _sources(rule)
        )
    ]


def _sources(rule: Rule) -> Iterator[str]:
    """All sources that a pattern names: which of them belongs to an event is in its options."""
    options = [rule.pattern or {}]
    alternatives = (rule.pattern or {}).get("$or")
    if isinstance(alternatives, list):
        options += [each for each in alternatives if isinstance(each, Mapping)]
    for option in options:
        named = option.get("source")
        if isinstance(named, list):
            yield from (each for each in named if isinstance(each, str))


def _workflow_errors(workflows: Sequence[Workflow]) -> ErrorHandling:
    counts = [0, 0, 0, 0]
    for workflow in workflows:
        for state in workflow.machine.all_states():
            known = errors_of(_call(state)) if state.task else None
            if known is None:
                continue
            retried = {error for retry in state.retries for error in retry.errors}
            for index, errors in ((0, known.transient_errors), (2, known.permanent_errors)):
                counts[index] += len(errors)
                counts[index + 1] += sum(_is_named(error, retried) for error in errors)
    return ErrorHandling(
        transient=counts[0],
        transient_retried=counts[1],
        permanent=counts[2],
        permanent_retried=counts[3],
        redeliveries=0,
    )


def _call(state: State) -> str:
    return state.task.resource_text if state.task else ""


def _is_named(error: str, retried: set[str]) -> bool:
    return bool({error, "States.ALL", "States.TaskFailed"} & retried)


def _redelivered(queues: Sequence[Queue]) -> ErrorHandling:
    """Of queues with a limit, how often a message comes again."""
    limits = [each.max_receive_count for each in queues if each.max_receive_count]
    return ErrorHandling(
        transient=0,
        transient_retried=0,
        permanent=0,
        permanent_retried=0,
        redeliveries=max(limits, default=0),
    )
