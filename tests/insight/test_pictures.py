"""What is drawn of workflows and events, whatever they hold."""

from __future__ import annotations

import os
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.insight import InsightError, load
from constructs_lib.insight.dot import dot
from constructs_lib.insight.event_map import event_map
from constructs_lib.insight.graph import Graph, neighbourhood
from constructs_lib.insight.layout import lay_out
from constructs_lib.insight.markdown import markdown
from constructs_lib.insight.mermaid import mermaid
from constructs_lib.insight.palette import PALETTE
from constructs_lib.insight.pattern_words import matched
from constructs_lib.insight.pictures import pictures
from constructs_lib.insight.report import report
from constructs_lib.insight.report.details import DetailsOf
from constructs_lib.insight.svg import svg_document
from tests.insight.drawn_apps import (
    HOSTILE_NAMES,
    definition_file,
    example_folder,
    hostile_definition,
    large_template,
)
from tests.insight.machines import FAIL, PASS, SUCCEED, machine

_CORPUS = Path(__file__).parent / "corpus"
_SHARED = Path(
    os.environ.get("DUET_PARITY_FOLDER", Path(__file__).parents[3] / "shared" / "parity")
)
_FILES = [
    *(path for path in sorted(_CORPUS.rglob("*.*")) if path.suffix in (".json", ".yaml")),
    *sorted((_SHARED / "asl").glob("*.asl.*")),
]


def _drawn(folder: Path, definition: Mapping[str, Any]) -> Graph:
    (graph,) = pictures(load(definition_file(folder, definition)))
    return graph


def _ids(graph: Graph) -> dict[str, str]:
    return {node.title: node.id for node in graph.nodes}


@pytest.mark.parametrize("path", _FILES, ids=lambda path: path.name)
def test_every_state_of_every_file_stands_in_text_svg_and_layout(path: Path) -> None:
    assembly = load(path)
    graphs = {graph.key: graph for graph in pictures(assembly)}

    for workflow in assembly.workflows:
        graph = graphs[workflow.resource.key]
        drawn = sorted(node.state or "" for node in graph.nodes if node.kind != "missing")
        states = sorted(state.full_name for state in workflow.machine.all_states())
        assert [name for name in drawn if name] == states
    for graph in graphs.values():
        elements = ET.fromstring(svg_document(graph)).iter()  # noqa: S314 - written here
        ids = {element.get("data-id") for element in elements}
        assert ids >= {node.id for node in graph.nodes} | {edge.id for edge in graph.edges}
        assert mermaid(graph).count("\n") > len(graph.nodes) + len(graph.edges)


def test_hostile_names_neither_break_a_picture_nor_get_lost(tmp_path: Path) -> None:
    graph = _drawn(tmp_path, hostile_definition())

    root = ET.fromstring(svg_document(graph))  # noqa: S314 - written here
    labels = [element.get("aria-label") or "" for element in root.iter()]
    text = markdown([graph])

    assert "<script" not in svg_document(graph) + text
    for name in HOSTILE_NAMES:
        shown = " ".join(name.replace("\x07", " ").replace("\ud800", " ").split())
        assert any(label.startswith(shown) for label in labels)
    assert text.encode("utf-8").count(b"```") == 2
    assert all(line.count('"') % 2 == 0 for line in text.splitlines())


def test_the_details_of_a_rule_name_its_targets_as_the_picture_does(tmp_path: Path) -> None:
    assembly = load(large_template(tmp_path, rules=6, states=10))
    graph = event_map(assembly)
    (rule,) = [node for node in graph.nodes if node.title == "Rule5"]

    tables = DetailsOf(assembly).of(graph, rule)["tables"]

    targets = ["Queue5", "event", "186", "24\u00a0h", "Letters1"]
    assert isinstance(tables, list)
    assert [table["rows"] for table in tables] == [[targets]]


def test_a_report_of_hostile_names_holds_no_element_of_theirs(tmp_path: Path) -> None:
    html = report(load(definition_file(tmp_path, hostile_definition())))

    assert "window.hacked = 1</script>" not in html.replace("&lt;/script", "")
    assert html.count("<script") == html.count("</script>") == 3
    html.encode("utf-8")


def test_a_transition_to_nowhere_leads_to_a_node_that_is_visibly_missing(tmp_path: Path) -> None:
    graph = _drawn(tmp_path, machine("A", A={"Type": "Pass", "Next": "Gone"}))

    (missing,) = [node for node in graph.nodes if node.kind == "missing"]
    assert (missing.title, missing.subtitle) == ("Gone", "no such state")
    assert "class n_Gone missing" in mermaid(graph)


@pytest.mark.parametrize(
    "definition",
    [{}, [], None, {"StartAt": "A", "States": {}}, {"StartAt": 3, "States": {"A": 7}}],
    ids=["empty", "list", "null", "no-states", "wrong-types"],
)
def test_a_definition_that_is_none_is_drawn_or_refused_in_words(
    tmp_path: Path, definition: object
) -> None:
    with suppress(InsightError):
        assert 'class="view"' in report(load(definition_file(tmp_path, definition)))


def test_states_that_only_errors_reach_are_told_from_the_happy_path(tmp_path: Path) -> None:
    caught = {"ErrorEquals": ["States.ALL"], "Next": "Clean_up".replace("_", " ")}
    work = {"Type": "Task", "Resource": "x", "Catch": [caught], "Next": "Done"}
    graph = _drawn(
        tmp_path,
        machine(
            "Work",
            Work=work,
            Done=SUCCEED,
            Clean_up={"Type": "Pass", "Next": "Failed"},
            Failed=FAIL,
        ),
    )

    in_error = {node.title for node in graph.nodes if node.in_error_path}
    (edge,) = [edge for edge in graph.edges if edge.is_error]
    assert in_error == {"Clean up", "Failed"}
    assert edge.label == "States.ALL"
    assert 'n_Work -.->|"States.ALL"| n_Clean_up' in mermaid(graph)


def test_branches_end_where_their_parallel_goes_on_and_its_errors_leave_at_its_head(
    tmp_path: Path,
) -> None:
    inner = {"StartAt": "In", "States": {"In": PASS}}
    caught = {"ErrorEquals": ["States.ALL"], "Next": "Failed"}
    both = {"Type": "Parallel", "Branches": [inner, inner], "Next": "Done", "Catch": [caught]}
    graph = _drawn(tmp_path, machine("Both", Both=both, Done=SUCCEED, Failed=FAIL))

    ids = _ids(graph)
    (join,) = [node.id for node in graph.nodes if node.kind == "join"]
    ways = {(edge.source, edge.target): edge.kind for edge in graph.edges}
    assert ways[join, ids["Done"]] == "next"
    assert ways[ids["Both"], ids["Failed"]] == "catch"


def test_several_errors_to_one_state_are_one_edge_with_all_their_names(tmp_path: Path) -> None:
    catches = [{"ErrorEquals": [name], "Next": "Failed"} for name in ("A.One", "A.Two", "A.Three")]
    work = {"Type": "Task", "Resource": "x", "Catch": catches, "End": True}
    graph = _drawn(tmp_path, machine("Work", Work=work, Failed=FAIL))

    (edge,) = [edge for edge in graph.edges if edge.is_error]
    assert edge.label.split("\n") == ["A.One", "A.Two", "A.Three"]
    assert "or 2 more" in svg_document(graph)


def test_the_event_map_says_who_publishes_what_who_gets_it_and_where_failures_go(
    tmp_path: Path,
) -> None:
    graph = event_map(load(example_folder(tmp_path)))

    titles = {node.id: node.title for node in graph.nodes}
    ways = {(titles[e.source], titles[e.target]): (e.kind, e.label) for e in graph.edges}
    bus, rule = "AppBusDB0927FF", "AppBusAnalyticsOfSignUps2168E66D"
    assert ways["SignUpWorkflow75D4E874", bus] == ("publishes", "UserSignedUp\nSignUpFailed")
    assert ways[bus, rule] == ("filters", "")
    assert ways[rule, "AnalyticsF5FDC64B"] == ("delivers", "")
    dead_letters = "AppBusAnalyticsOfSignUpsDeadLetters1A9FDFA4"
    assert ways[rule, dead_letters] == ("fails", "undelivered")
    assert ways[bus, "AppBusArchiveArchive6A2D09A8"][0] == "keeps"


@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        (None, "every event"),
        ({"detail-type": ["A", {"prefix": "B"}], "source": ["s"]}, "A, prefix B"),
        ({"source": ["s"], "detail": {"x": [1]}}, "s · filtered"),
        ({"$or": [{"source": ["a"]}, {"detail-type": ["B"]}]}, "a or B"),
        ({"account": ["1"]}, "where account"),
        ({"source": [None, {"anything-but": ["a", "b"]}]}, "null, anything-but a or b"),
    ],
    ids=["none", "detail-types", "source", "alternatives", "other-fields", "operators"],
)
def test_a_pattern_is_said_in_a_few_words(pattern: Any, words: str) -> None:
    assert matched(pattern) == words


def test_a_neighbourhood_has_what_is_near_whichever_way_edges_point(tmp_path: Path) -> None:
    graph = event_map(load(large_template(tmp_path, rules=20, states=10)))

    near = neighbourhood(graph, "Rule7", depth=1)

    assert {node.title for node in near.nodes} == {"Orders", "Rule7", "Queue7", "Letters1"}
    assert len(near.edges) == 3


def test_a_name_that_several_nodes_have_a_part_of_is_refused_with_all_of_them(
    tmp_path: Path,
) -> None:
    graph = event_map(load(large_template(tmp_path, rules=3, states=10)))

    with pytest.raises(InsightError, match="must be the name of one, 'rule' fits"):
        neighbourhood(graph, "rule", depth=1)


def test_states_that_all_lead_to_all_others_are_drawn_with_straight_edges(tmp_path: Path) -> None:
    names = [f"S{number}" for number in range(30)]
    choices = [{"Variable": "$.x", "StringEquals": name, "Next": name} for name in names]
    states = {name: {"Type": "Choice", "Choices": choices} for name in names}
    graph = _drawn(tmp_path, machine("S0", **states))

    assert "splines=line" in dot(graph)
    assert len(lay_out(graph).routes) == 901


def test_no_two_nodes_of_200_rules_stand_over_each_other(tmp_path: Path) -> None:
    boxes = list(lay_out(event_map(load(large_template(tmp_path)))).nodes.values())

    assert len(boxes) > 440
    assert not [
        (a, b)
        for i, a in enumerate(boxes)
        for b in boxes[i + 1 :]
        if abs(a.x - b.x) < a.width and abs(a.y - b.y) < (a.height + b.height) / 2 - 1
    ]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("ink", "ground"),
    [
        *((ink, ground) for ink in ("text", "muted") for ground in ("canvas", "surface", "sunken")),
        *(("accent", ground) for ground in ("canvas", "surface", "accent-surface")),
        *(("error", ground) for ground in ("canvas", "surface", "sunken", "error-surface")),
        *((ink, "surface") for ink in ("good", "warning", "violet", "teal")),
        ("text", "error-surface"),
        ("muted", "error-surface"),
        ("muted", "accent-surface"),
    ],
)
def test_text_has_the_contrast_that_wcag_asks_for(ink: str, ground: str, theme: int) -> None:
    light, dark = sorted(
        (_luminance(PALETTE[ink][theme]), _luminance(PALETTE[ground][theme])), reverse=True
    )
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    shares = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_a_folded_bus_takes_along_who_gets_its_events_alone(tmp_path: Path) -> None:
    graph = event_map(load(example_folder(tmp_path)))

    groups = {node.title: node.group for node in graph.nodes}
    heads = {group.id: group.head for group in graph.groups}
    bus = _ids(graph)["AppBusDB0927FF"]
    assert heads[groups["AnalyticsF5FDC64B"] or ""] == bus
    assert heads[groups["AnalyticsDeadLetters43C975F1"] or ""] == bus
    # Nobody's consumer.
    assert groups["SignUpWorkflow75D4E874"] is None
