"""The example's rules against the table of who gets which event, by a matcher in this process."""

import json
from dataclasses import replace

import pytest
from ministack.services import eventbridge

from tests.routing.negatives import NEGATIVES, Negative
from tests.routing.stack_rules import stack_rules
from tests.routing.table import ROUTES, SAMPLES, Sample

RULES = {rule.name: rule for rule in stack_rules()}
PATTERNS = {name: json.dumps(rule.pattern) for name, rule in RULES.items()}


def _reached(sample: Sample) -> set[str]:
    event = eventbridge._event_from_test_payload(sample.event)
    return {
        name
        for name, rule in RULES.items()
        if rule.bus is sample.bus and eventbridge._matches_pattern(PATTERNS[name], event)
    }


def test_the_table_has_every_rule_with_its_bus_and_target() -> None:
    table = {route.rule: (route.bus, (route.target,)) for route in ROUTES}

    assert {name: (rule.bus, rule.targets) for name, rule in RULES.items()} == table


def test_every_route_has_an_event_and_every_contract_of_a_route_a_sample() -> None:
    assert {name for route in ROUTES for name in route.follows} <= {s.name for s in SAMPLES}


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
def test_an_event_reaches_those_who_follow_it_and_nobody_else(sample: Sample) -> None:
    assert _reached(sample) == sample.receivers()


@pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])
def test_a_replayed_event_reaches_those_who_mean_replays_too(sample: Sample) -> None:
    replayed = replace(sample, replay_name="yesterday")

    assert _reached(replayed) == replayed.receivers()


@pytest.mark.parametrize(
    "negative", NEGATIVES, ids=[f"{n.sample.name}: {n.change}" for n in NEGATIVES]
)
def test_an_event_that_is_nearly_one_reaches_nobody(negative: Negative) -> None:
    assert _reached(negative.sample) == set()


def test_there_are_more_than_two_hundred_near_misses() -> None:
    assert len(NEGATIVES) > 200
