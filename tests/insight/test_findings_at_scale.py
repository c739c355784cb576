"""What makes the check of large apps fast gives what asking everything of everything gives."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.insight.findings.matching import Answer, matches
from constructs_lib.insight.findings.rule_index import RuleIndex
from constructs_lib.insight.findings.ways import backwards, reachable, rounds
from constructs_lib.insight.model import Assembly, Place, Publication, Resource, Rule

_NAMES = "abcdef"
_WAYS = st.fixed_dictionaries({name: st.lists(st.sampled_from(_NAMES)) for name in _NAMES})
_TEXTS = st.sampled_from(["shop", "OrderPlaced", "OrderPacked", "${Source}"])
_WANTED = st.lists(_TEXTS | st.just({"prefix": "Order"}) | st.just({"anything-but": "shop"}))
_FIELD = st.sampled_from(["source", "detail-type", "account"])
_PATTERNS = st.none() | st.dictionaries(_FIELD, _WANTED)


@given(_WAYS)
def test_rounds_are_what_can_come_back_to_itself(ways: dict[str, list[str]]) -> None:
    after = {name: reachable(ways, ways[name]) for name in ways}

    expected = {
        frozenset(one for one in ways if one in after[name] and name in after[one])
        for name in ways
        if name in after[name]
    }
    found = list(rounds(ways))
    assert len(found) == len(expected)
    assert set(map(frozenset, found)) == expected


@given(_WAYS, st.sampled_from(_NAMES))
def test_backwards_leads_to_what_leads_here(ways: dict[str, list[str]], here: str) -> None:
    assert reachable(backwards(ways), [here]) == {
        name for name in ways if here in reachable(ways, [name])
    }


def _rule(number: int, bus: str, pattern: dict[str, Any] | None) -> Rule:
    place = Place(stack="S", logical_id=f"R{number}", construct_path=f"S/R{number}")
    resource = Resource(
        key=f"S/R{number}", type="AWS::Events::Rule", name="R", place=place, properties={}
    )
    return Rule(
        resource=resource, bus=bus, pattern=pattern, schedule=None, enabled=True, targets=()
    )


@given(
    st.lists(st.tuples(st.sampled_from(["one", "other"]), _PATTERNS)),
    st.none() | _TEXTS,
    st.none() | _TEXTS,
)
def test_the_index_of_rules_answers_as_each_rule_would(
    patterns: list[tuple[str, dict[str, Any] | None]], source: str | None, kind: str | None
) -> None:
    rules = [_rule(number, bus, pattern) for number, (bus, pattern) in enumerate(patterns)]
    publication = Publication(
        publisher="S/P", state=None, bus="one", source=source, detail_type=kind, evidence=""
    )
    event = {"source": source, "detail-type": kind}

    answers = RuleIndex(Assembly(path="", stacks=(), resources={}, rules=tuple(rules))).answers(
        publication
    )

    expected: dict[str, Answer] = {
        rule.resource.key: matches(rule.pattern, event)
        for rule in rules
        if rule.bus == "one" and rule.pattern is not None
    }
    assert {rule.resource.key: answer for rule, answer in answers} == {
        key: answer for key, answer in expected.items() if answer is not False
    }
