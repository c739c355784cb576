"""``trace_of`` and ``duet trace`` against the embedded AWS: journeys of a small app."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner, Result

from constructs_lib.cli import app
from constructs_lib.local import EmbeddedAws, Fault
from constructs_lib.local.journal import EventPublished, ExecutionEnded, FunctionInvoked, Journal
from constructs_lib.operations import Trace, TraceError, TraceNode, trace_of
from constructs_lib.operations.trace_view import text
from tests.local.journal_world import World

THROTTLED = Fault(service="dynamodb", action="PutItem", error="ThrottlingException", count=1)


@pytest.fixture(scope="module")
def world(aws: EmbeddedAws, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(aws, tmp_path_factory.mktemp("trace"))
    yield world
    world.close()


def _order(world: World, shop_event_id: str) -> EventPublished:
    """The event that the workflow publishes for one of the shop."""

    def published(found: EventPublished) -> bool:
        return found.source == "order" and f":Order:{shop_event_id}_" in found.publisher.arn

    return world.journal_with(
        lambda journal: next(filter(published, journal.of(EventPublished)), None)
    )


@pytest.fixture(scope="module")
def bought(world: World) -> str:
    """An event whose whole journey is over, with a call that failed on the way."""
    with world.account.faults(THROTTLED):
        event_id = world.publish()
        order = _order(world, event_id)
    for target in ("queue", "function", "missing"):
        world.attempts(order.event_id, target)
    world.journal_with(lambda journal: journal.of(FunctionInvoked))
    world.journal_with(lambda journal: len(journal.of(ExecutionEnded)) == 2)
    return event_id


@pytest.fixture(scope="module")
def trace(world: World, bought: str) -> Trace:
    return trace_of(world.account, bought)


def _named(trace: Trace, title: str) -> TraceNode:
    return next(node for node in trace.root.walk() if node.title == title)


def _titles(node: TraceNode) -> list[str]:
    return [child.title for child in node.children]


def test_an_event_leads_through_a_workflow_to_the_queue_of_another_event(trace: Trace) -> None:
    way = [
        "Bought",
        "buys",
        "workflow Order",
        "Order",
        "Publish",
        "OrderPlaced",
        "orders",
        "queue Orders",
    ]

    node, gone = trace.root, [trace.root.title]
    for title in way[1:]:
        node = next(child for child in node.children if child.title == title)
        gone.append(node.title)
    assert gone == way


def test_a_workflow_shows_its_states_in_order(trace: Trace) -> None:
    assert _titles(_named(trace, "Order")) == ["Both", "Publish"]


def test_branches_stand_apart(trace: Trace) -> None:
    branches = _named(trace, "Both").children

    assert [(branch.title, _titles(branch)) for branch in branches] == [
        ("branch 1", ["Save"]),
        ("branch 2", ["Nest"]),
    ]


def test_a_nested_execution_stands_in_the_state_that_started_it(trace: Trace) -> None:
    assert _titles(_named(trace, "Nest")) == ["Notify"]


def test_an_injected_fault_stands_beside_the_attempts_in_its_state(trace: Trace) -> None:
    assert [(node.title, node.status) for node in _named(trace, "Save").children] == [
        ("attempt 1", "retried"),
        ("attempt 2", "ok"),
        ("injected ThrottlingException", "retried"),
    ]


def test_a_function_shows_what_it_published(trace: Trace) -> None:
    assert _titles(_named(trace, "Handler")) == ["OrderSeen"]


def test_a_target_that_failed_ends_in_its_dead_letter_queue(trace: Trace) -> None:
    missing = _named(trace, "queue missing")

    assert [(node.title, node.status, node.detail) for node in missing.children] == [
        ("attempt 1", "failed", "NO_RESOURCE: The target does not exist."),
        ("dead-letter queue DeadLetters", "failed", "NO_RESOURCE"),
    ]


def test_a_lost_event_is_a_failure(trace: Trace) -> None:
    assert trace.has_failures


def test_an_event_that_nobody_follows_says_so(world: World) -> None:
    trace = trace_of(world.account, world.publish("nobody"))

    assert _titles(trace.root)[0].startswith("none of ")


def test_times_run_from_the_start(trace: Trace, world: World, bought: str) -> None:
    event = next(
        each for each in world.account.journal().of(EventPublished) if each.event_id == bought
    )

    assert trace.started == event.time


def test_a_replay_stands_behind_what_came_of_the_event_at_first(world: World, bought: str) -> None:
    order = _order(world, bought)
    now = datetime.now(UTC)
    world.events.start_replay(
        ReplayName="once-more",
        EventSourceArn=world.arn("events", "archive/Archive"),
        EventStartTime=now - timedelta(hours=1),
        EventEndTime=now + timedelta(hours=1),
        Destination={"Arn": world.arn("events", "event-bus/default")},
    )

    def replayed(_journal: Journal) -> TraceNode | None:
        last = trace_of(world.account, order.event_id).root.children[-1]
        return last if last.kind == "event" and "orders" in _titles(last) else None

    assert world.journal_with(replayed).detail == "replayed by once-more on default"


def test_an_execution_is_found_by_its_name(world: World) -> None:
    arn = world.workflows.start_execution(
        stateMachineArn=world.arn("states", "stateMachine:Notify"), name="by-name"
    )["executionArn"]

    assert trace_of(world.account, "by-name").subject == arn


def test_an_execution_is_found_by_its_arn_after_the_journal_forgot_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn = world.workflows.start_execution(
        stateMachineArn=world.arn("states", "stateMachine:Notify")
    )["executionArn"]
    newest = world.account.journal().last_number
    recent = world.account.journal(after=newest)
    monkeypatch.setattr(type(world.account), "journal", lambda *_self, **_asked: recent)

    assert trace_of(world.account, arn).root.title == "Notify"


def test_an_express_execution_shows_its_states(world: World) -> None:
    machine = world.workflows.create_state_machine(
        name="Fast",
        type="EXPRESS",
        roleArn=world.arn("iam", "role/any"),
        definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}),
    )["stateMachineArn"]
    arn = world.workflows.start_sync_execution(stateMachineArn=machine)["executionArn"]

    assert _titles(trace_of(world.account, arn).root) == ["A"]


def test_the_beginning_of_an_id_is_enough(world: World, bought: str) -> None:
    assert trace_of(world.account, bought[:6]).subject == bought


def test_five_characters_are_not_enough(world: World, bought: str) -> None:
    with pytest.raises(TraceError, match="6 characters or more"):
        trace_of(world.account, bought[:5])


def test_what_means_two_things_lists_both(world: World) -> None:
    for name in ("twins-a", "twins-b"):
        world.workflows.start_execution(
            stateMachineArn=world.arn("states", "stateMachine:Notify"), name=name
        )

    with pytest.raises(TraceError, match=r"got 2: .*:twins-a, .*:twins-b; pass more"):
        trace_of(world.account, "twins-")


def test_the_text_shows_the_dead_letters(trace: Trace) -> None:
    assert "✗ dead-letter queue DeadLetters  NO_RESOURCE" in text(trace)


def _duet(world: World, *arguments: str) -> Result:
    environment = {
        name: value
        for name, value in world.account.environment().items()
        if name.startswith("AWS_")
    }
    here = ("--endpoint-url", world.account.endpoint_url)
    return CliRunner().invoke(app, ["trace", *arguments, *here], env=environment)


def test_duet_trace_prints_the_tree(world: World, bought: str) -> None:
    shown = _duet(world, bought)

    assert shown.exit_code == 0
    assert "event Bought" in shown.stdout


def test_duet_trace_prints_json(world: World, bought: str) -> None:
    shown = json.loads(_duet(world, bought, "--json").stdout)

    assert (shown["subject"], shown["root"]["kind"], shown["hasFailures"]) == (
        bought,
        "event",
        True,
    )


def test_duet_trace_says_that_nothing_answers() -> None:
    nowhere = ("--endpoint-url", "http://127.0.0.1:1")
    refused = CliRunner().invoke(app, ["trace", "by-name", *nowhere])

    assert refused.exit_code == 1
    assert "must answer at http://127.0.0.1:1" in refused.stderr


def test_duet_trace_refuses_what_it_does_not_know(world: World) -> None:
    refused = _duet(world, "no-such-thing")

    assert refused.exit_code == 2
    assert "must be in the journal, got 'no-such-thing'" in refused.stderr
