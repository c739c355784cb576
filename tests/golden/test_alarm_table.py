"""The table of alarms in the documentation is the constructs' own data; `make golden` writes it."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from constructs_lib.observability._alarm_rules import (
    DEAD_LETTER_RULES,
    FUNCTION_RULES,
    PERIOD_MINUTES,
    QUEUE_RULES,
    RULE_RULES,
    WORKFLOW_RULES,
    AlarmRule,
)

_PAGE = Path(__file__).parent.parent.parent / "docs" / "observability.md"
_TABLE = re.compile(
    r"(?<=<!-- alarms: written by make golden -->\n).*(?=<!-- alarms: end -->)", re.DOTALL
)
_ALARMS: Mapping[str, Sequence[AlarmRule]] = {
    "`WorkflowAlarms`": WORKFLOW_RULES,
    "`EventFlowAlarms`, each rule": RULE_RULES,
    "`EventFlowAlarms` and `QueueAlarms`, dead-letter queue": DEAD_LETTER_RULES,
    "`QueueAlarms`, queue": QUEUE_RULES,
    "`FunctionAlarms`": FUNCTION_RULES,
}


def _row(rule: AlarmRule) -> str:
    lasting = f", {rule.periods} times running" if rule.periods > 1 else ""
    condition = (
        f"{rule.statistic} of `{rule.metric}` ({rule.unit}) ≥ {rule.threshold:,} "
        f"in {PERIOD_MINUTES} minutes{lasting}"
    )
    return f"| `{rule.id}` | {condition} | {rule.happened} | {rule.remedy} |"


def _table() -> str:
    parts = []
    for heading, rules in _ALARMS.items():
        head = ["| alarm | goes off at | what happened | what to do |", "|---|---|---|---|"]
        parts.append("\n".join([f"### {heading}", "", *head, *map(_row, rules)]))
    return "\n" + "\n\n".join(parts) + "\n\n"


def test_the_page_lists_the_alarms_as_the_constructs_make_them() -> None:
    page = _PAGE.read_text(encoding="utf-8")
    if os.environ.get("DUET_WRITE_GOLDEN") == "1":
        page = _TABLE.sub(lambda _: _table(), page)
        _PAGE.write_text(page, encoding="utf-8")

    found = _TABLE.search(page)

    assert found is not None, "the page has lost its marks"
    assert found[0] == _table(), "an alarm changed; if that is meant, run `make golden`"
