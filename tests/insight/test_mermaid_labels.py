"""Names are shown by every version of Mermaid as they are written.

The escapes were tried with the versions 10.9, 11.4 and 11.17 in a browser (2026-11-27): without
them, 11.4 shows "Unsupported markdown: list" in place of a name, and all take two dollars for a
formula.
"""

import re

import pytest

from constructs_lib.insight.graph import Edge, Graph, Node
from constructs_lib.insight.mermaid import mermaid


def _drawn(*titles: str, label: str = "") -> str:
    nodes = [Node(id=f"n{number}", kind="task", title=each) for number, each in enumerate(titles)]
    edges = [Edge(id="e0", source="n0", target="n0", kind="next", label=label)] if label else []
    return mermaid(
        Graph(
            key="g",
            title="g",
            kind="workflow",
            direction="TB",
            nodes=tuple(nodes),
            edges=tuple(edges),
            groups=(),
        )
    )


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("1. Validate", "1#46; Validate"),
        ("- Validate", "#45; Validate"),
        ("+ Validate", "#43; Validate"),
        ("__init__", "#95;#95;init#95;#95;"),
        ("snake_case_name", "snake_case_name"),
        ("**now** ~~later~~", "#42;#42;now#42;#42; #126;#126;later#126;#126;"),
        ("https://example.org", "https:#47;/example.org"),
        ("www.example.org", "www#46;example.org"),
        ("a@example.org", "a#64;example.org"),
        ("fa:fa-car", "fa#58;fa-car"),
        ("a * b * c", "a * b * c"),
        ("$.total", "$.total"),
        ("v1.2", "v1.2"),
    ],
)
def test_what_markdown_would_read_as_more_than_text_is_escaped(title: str, written: str) -> None:
    assert f'["{written}"]' in _drawn(title)


def test_paths_into_the_context_are_no_formula() -> None:
    drawn = _drawn("A", label="$$.Execution.Id = $$.Task.Token")

    assert "#36;#36;.Execution.Id = #36;#36;.Task.Token" in drawn


def test_no_name_ends_the_quotes_around_it() -> None:
    drawn = _drawn("end", "a\"b'c`d", "[x](y){z}", "<b>bold</b> & co;", "%% --> |x|", "subgraph")

    names = re.findall(r'^  \w+\["(.*)"\]$', drawn, re.MULTILINE)
    assert len(names) == 6
    assert not any(sign in name for name in names for sign in '"`[]{}<>|')
