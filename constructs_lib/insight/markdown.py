"""Pictures for Markdown pages."""

from __future__ import annotations

import re
from collections.abc import Iterable

from constructs_lib.insight.graph import Graph
from constructs_lib.insight.mermaid import mermaid
from constructs_lib.insight.text_size import printable

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>()#!|&]")


def markdown(graphs: Iterable[Graph]) -> str:
    """Each graph under a heading, as a block that GitHub and others draw."""
    return "\n".join(
        f"## {_SPECIAL.sub(_escaped, printable(graph.title))}\n\n```mermaid\n{mermaid(graph)}```\n"
        for graph in graphs
    )


def _escaped(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};" if found[0] in "<>&" else f"\\{found[0]}"
