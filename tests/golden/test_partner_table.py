"""The tables of partners in the documentation are the partners' data; `make golden` writes them."""

import os
import re
from pathlib import Path

from constructs_lib.partners import KNOWN_PARTNERS, PartnerSource
from constructs_lib.partners.limits import LIMITS

_PAGE = Path(__file__).parent.parent.parent / "docs" / "partners.md"
_TABLES = re.compile(
    r"(?<=<!-- partners: written by make golden -->\n).*(?=<!-- partners: end -->)", re.DOTALL
)


def _steps(partner: PartnerSource) -> str:
    steps = "\n".join(f"{number}. {step}" for number, step in enumerate(partner.connect, 1))
    return f"### {partner.name}\n\n{steps}\n\n[Documentation]({partner.documentation})"


def _name_row(partner: PartnerSource) -> str:
    detail_types = ", ".join(f"`{sample.detail_type}`" for sample in partner.samples)
    return (
        f"| {partner.name} | `{partner.source_prefix}` | {partner.source_name_form.rule} "
        f"| `{partner.example_source_name}` | {detail_types} |"
    )


def _evidence_rows(partner: PartnerSource) -> list[str]:
    return [
        f"| {partner.name} | {', '.join(f'`{field}`' for field in each.fields)} "
        f"| {each.kind.value} | {each.source} | {each.read_on} |"
        for each in partner.evidence
    ]


def _tables() -> str:
    names = ["| partner | prefix | then | example | detail-types of the samples |"]
    names += ["|---|---|---|---|---|", *map(_name_row, KNOWN_PARTNERS)]
    limits = ["| limit | value | source |", "|---|---|---|"]
    limits += [
        f"| {limit.what} | {limit.value:,} {limit.unit} | {limit.source} |" for limit in LIMITS
    ]
    evidence = ["| partner | fields | known from | source | read |", "|---|---|---|---|---|"]
    evidence += [row for partner in KNOWN_PARTNERS for row in _evidence_rows(partner)]
    parts = [
        *map(_steps, KNOWN_PARTNERS),
        "### Names\n\n" + "\n".join(names),
        "### Limits\n\n" + "\n".join(limits),
        "### What the names and sample events rest on\n\n"
        "Sample events have made-up values. An inference is a guess: match on the prefix alone.\n\n"
        + "\n".join(evidence),
    ]
    return "\n" + "\n\n".join(parts) + "\n\n"


def test_the_page_lists_the_partners_as_the_data_has_them() -> None:
    page = _PAGE.read_text(encoding="utf-8")
    if os.environ.get("DUET_WRITE_GOLDEN") == "1":
        page = _TABLES.sub(lambda _: _tables(), page)
        _PAGE.write_text(page, encoding="utf-8")

    found = _TABLES.search(page)

    assert found is not None, "the page has lost its marks"
    assert found[0] == _tables(), "a partner changed; if that is meant, run `make golden`"
