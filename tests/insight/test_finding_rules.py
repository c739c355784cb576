"""Every rule finds what breaks it, and nothing in what keeps it."""

from pathlib import Path

import pytest

from constructs_lib.insight.findings import RULES, find_all
from tests.insight import finding_cases_events, finding_cases_workflows
from tests.insight.insight_templates import Resources, read

Case = tuple[str, str, Resources]
BREAKS: list[Case] = [*finding_cases_workflows.BREAKS, *finding_cases_events.BREAKS]
KEEPS: list[Case] = [*finding_cases_workflows.KEEPS, *finding_cases_events.KEEPS]


def _name(case: Case) -> str:
    return f"{case[0]}: {case[1]}"


@pytest.mark.parametrize("case", BREAKS, ids=_name)
def test_a_rule_finds_what_breaks_it(case: Case, tmp_path: Path) -> None:
    rule, _, resources = case

    found = find_all(read(tmp_path, resources))

    assert rule in {one.rule for one in found}


@pytest.mark.parametrize("case", KEEPS, ids=_name)
def test_a_rule_finds_nothing_in_what_keeps_it(case: Case, tmp_path: Path) -> None:
    rule, _, resources = case

    found = find_all(read(tmp_path, resources))

    assert [one.what for one in found if one.rule == rule] == []


def test_every_rule_has_an_example_that_breaks_and_one_that_keeps_it() -> None:
    ids = {rule.id for rule in RULES}

    assert {case[0] for case in BREAKS} == ids
    assert {case[0] for case in KEEPS} == ids


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_says_why_what_to_do_and_where_to_read(rule: object) -> None:
    from constructs_lib.insight.findings import FindingRule

    assert isinstance(rule, FindingRule)
    assert rule.why.endswith(".")
    assert not rule.remedy.endswith(".")
    assert rule.link.startswith("https://docs.aws.amazon.com/")
