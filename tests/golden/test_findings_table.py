"""The tables of rules and quotas in the documentation; `make golden` writes them."""

import os
import re
from pathlib import Path

import pytest

from constructs_lib.insight.findings import RULES
from constructs_lib.insight.findings.quotas import ALL_QUOTAS, READ_ON

_ONE_FOR = {"hit": "place", "resource": "resource", "stack": "stack"}
_PAGE = Path(__file__).parent.parent.parent / "docs" / "findings.md"


def _rules() -> str:
    rows = [
        f"| `{rule.id}` | {'; '.join(filter(None, [rule.severity, rule.milder]))} | "
        f"{_ONE_FOR[rule.together]} | {rule.title} | {rule.why} | {rule.remedy} | "
        f"[AWS]({rule.link}) |"
        for rule in RULES
    ]
    head = [
        "| rule | severity | one for each | finds | why it matters | remedy | read |",
        "|---|---|---|---|---|---|---|",
    ]
    return "\n".join(["", *head, *rows, "", ""])


def _quotas() -> str:
    rows = [
        f"| {quota.name} | {quota.maximum:,} {quota.unit} | [AWS]({quota.source}) |"
        for quota in ALL_QUOTAS
    ]
    head = [f"Read {READ_ON}.", "", "| quota | maximum | source |", "|---|---|---|"]
    return "\n".join(["", *head, *rows, "", ""])


@pytest.mark.parametrize(
    ("name", "table"), [("rules", _rules()), ("quotas", _quotas())], ids=["rules", "quotas"]
)
def test_the_page_lists_what_the_rules_say(name: str, table: str) -> None:
    marked = re.compile(
        rf"(?<=<!-- {name}: written by make golden -->\n).*?(?=<!-- {name}: end -->)", re.DOTALL
    )
    page = _PAGE.read_text(encoding="utf-8")
    if os.environ.get("DUET_WRITE_GOLDEN") == "1":
        page = marked.sub(lambda _: table, page)
        _PAGE.write_text(page, encoding="utf-8")

    found = marked.search(page)

    assert found is not None, "the page has lost its marks"
    assert found[0] == table, "a rule changed; if that is meant, run `make golden`"
