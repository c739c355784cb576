"""Findings that whoever wrote a template or definition has judged, at their place.

``Metadata`` of a resource: ``{"duet": {"ignore": {"rule-id": "the reason"}}}``. ``Comment`` of a
state or of a whole definition: ``duet:ignore rule-id, rule-id: the reason``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from constructs_lib.insight.findings.finding import Finding
from constructs_lib.insight.findings.registry import RULES
from constructs_lib.insight.model import Assembly, Note, Place
from constructs_lib.templates.json_value import JsonValue

_IN_COMMENT = re.compile(
    r"duet:ignore\s+([\w-]+(?:\s*,\s*[\w-]+)*)\s*(?::\s*(.*?)(?=\s*duet:ignore\s|$))?", re.DOTALL
)


class _Declared(NamedTuple):
    place: Place
    state: str | None
    rule: str
    reason: str


class Ignored:
    """What an assembly declares to be judged."""

    def __init__(self, assembly: Assembly) -> None:
        known = {rule.id for rule in RULES}
        declared = [*_in_metadata(assembly), *_in_comments(assembly)]
        self._reasons = {
            (one.place.stack, one.place.logical_id, one.state, one.rule): one.reason
            for one in declared
            if one.rule in known
        }
        self.notes = tuple(
            Note(
                place=one.place, text=f"it ignores {one.rule!r}, which is no rule: see --list-rules"
            )
            for one in declared
            if one.rule not in known
        )

    def reason(self, finding: Finding) -> str | None:
        """Why a finding does not count, as declared; empty without a reason, None if it counts."""
        place = finding.place
        for state in (finding.state, None):
            reason = self._reasons.get((place.stack, place.logical_id, state, finding.rule))
            if reason is not None:
                return reason
        return None


def _in_metadata(assembly: Assembly) -> Iterator[_Declared]:
    for resource in assembly.resources.values():
        own = resource.metadata.get("duet")
        ignored = own.get("ignore") if isinstance(own, Mapping) else None
        for rule, reason in _reasons(ignored).items():
            yield _Declared(resource.place, None, rule, reason)


def _reasons(ignored: JsonValue) -> Mapping[str, str]:
    if isinstance(ignored, Mapping):
        return {rule: str(reason) for rule, reason in ignored.items()}
    if isinstance(ignored, list):
        return {str(rule): "" for rule in ignored}
    return {}


def _in_comments(assembly: Assembly) -> Iterator[_Declared]:
    for workflow in assembly.workflows:
        place = workflow.resource.place
        comments: list[tuple[str | None, JsonValue]] = [(None, workflow.machine.comment)]
        comments += [
            (state.full_name, state.fields.get("Comment"))
            for state in workflow.machine.all_states()
        ]
        for state, comment in comments:
            for found in _IN_COMMENT.finditer(comment if isinstance(comment, str) else ""):
                for rule in re.split(r"\s*,\s*", found[1]):
                    yield _Declared(place, state, rule, (found[2] or "").strip())
