"""Pictures as Mermaid text, which people keep under version control."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from constructs_lib.insight import load
from constructs_lib.insight.mermaid import mermaid
from constructs_lib.insight.pictures import pictures
from tests.insight.drawn_apps import definition_file
from tests.insight.machines import PASS, SUCCEED, machine


def _text(folder: Path, **states: Mapping[str, Any]) -> list[str]:
    definition = machine(next(iter(states)), **states)
    (graph,) = pictures(load(definition_file(folder, definition)))
    return mermaid(graph).splitlines()


def test_a_state_more_adds_its_own_lines_only(tmp_path: Path) -> None:
    before = _text(tmp_path, A={"Type": "Pass", "Next": "C"}, C=SUCCEED)
    after = _text(
        tmp_path, A={"Type": "Pass", "Next": "B"}, B={"Type": "Pass", "Next": "C"}, C=SUCCEED
    )

    assert set(before) - set(after) == {"  n_A --> n_C"}
    assert [line for line in after if "n_B" not in line] == [
        line for line in before if line != "  n_A --> n_C"
    ]


def test_names_that_look_alike_in_letters_and_digits_stay_apart(tmp_path: Path) -> None:
    states = {
        "注文": {"Type": "Pass", "Next": "確認"},
        "確認": {"Type": "Pass", "Next": "end"},
        "end": PASS,
    }

    lines = _text(tmp_path, **states)

    nodes = {line.strip().partition("[")[0] for line in lines if '["' in line}
    assert {"n__", "n___2", "n_end"} <= nodes
    assert "  n__ --> n___2" in lines
