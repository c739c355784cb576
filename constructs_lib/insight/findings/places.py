"""The file and line that a finding is shown at."""

from __future__ import annotations

import json
import os
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from constructs_lib.insight.documents import read_text
from constructs_lib.insight.findings.finding import Finding
from constructs_lib.insight.model import Assembly, Place

#: A key of JSON or YAML. Other texts in quotes are taken too, so that none starts within another.
_KEY = re.compile(
    r"""
    "(?P<double>(?:[^"\\\n]|\\.)*)"(?P<colon>\s*:)?
    | '(?P<single>[^'\n]*)'(?P<other_colon>\s*:)?
    | (?:^|[{,]|-\ )[ \t]*(?P<plain>[\w$][^:#"'\n{}\[\],]*?)[ \t]*:(?=\s|$)
    """,
    re.MULTILINE | re.VERBOSE,
)


class Line(NamedTuple):
    """A line of a file, whose path is relative to the repository where that is known to CI."""

    file: str
    number: int


class Places:
    """Finds where the findings of one assembly are written."""

    def __init__(self, assembly: Assembly) -> None:
        self._top = Path(assembly.path)
        self._from = Path(os.environ.get("GITHUB_WORKSPACE") or os.curdir).resolve()
        self._texts: dict[Path, _Keys] = {}
        self._names: dict[Path, str] = {}

    def of(self, finding: Finding) -> Line:
        """The line of the program that made it, else of the template or definition it is in."""
        return self._of(finding.place, finding.state.split(" / ") if finding.state else [])

    def of_resource(self, place: Place) -> Line:
        """The same for a resource, whatever state of it a finding is about."""
        return self._of(place, [])

    def _of(self, place: Place, states: Sequence[str]) -> Line:
        if place.source:
            file, _, line = place.source.rpartition(":")
            return Line(self._shown(Path(file)), int(line))
        folder = self._top if self._top.is_dir() else self._top.parent
        path = folder / place.file if place.file else self._top
        if path not in self._texts:
            self._texts[path] = _Keys(read_text(path) if path.is_file() else "")
        resource = ["Resources", place.logical_id] if place.stack else []
        return Line(self._shown(path), self._texts[path].line([*resource, *states]))

    def _shown(self, path: Path) -> str:
        if path not in self._names:
            whole = Path(os.path.abspath(path))  # noqa: PTH100 - links stay as they were named
            inside = whole.is_relative_to(self._from)
            self._names[path] = (whole.relative_to(self._from) if inside else path).as_posix()
        return self._names[path]


class _Keys:
    """Where the keys of a file are."""

    def __init__(self, text: str) -> None:
        self._ends = [found.start() for found in re.finditer("\n", text)]
        self._positions: dict[str, list[int]] = {}
        for found in _KEY.finditer(text):
            key = found["plain"]
            if found["colon"]:
                key = found["double"]
                if "\\" in key:
                    with suppress(ValueError):  # an escape that YAML has and JSON has not
                        key = json.loads(f'"{key}"')
            elif found["other_colon"]:
                key = found["single"]
            if key:
                self._positions.setdefault(key, []).append(found.end())

    def line(self, names: Sequence[str]) -> int:
        """The line of the last of keys that follow each other, as far as they are there.

        What SAM makes of a resource has the resource's name and more: it is found there.
        """
        position = 0
        for name in names:
            found = self._after(name, position)
            if found is None:
                shorter = (name[:length] for length in range(len(name) - 1, 2, -1))
                places = (self._after(one, position) for one in shorter)
                position = next((at for at in places if at is not None), position)
                break
            position = found
        return bisect_left(self._ends, position) + 1

    def _after(self, name: str, position: int) -> int | None:
        positions = self._positions.get(name, [])
        index = bisect_right(positions, position)
        return positions[index] if index < len(positions) else None
