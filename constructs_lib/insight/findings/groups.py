"""Findings that one remedy mends, told as one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from constructs_lib.insight.findings.finding import Finding, FindingRule
from constructs_lib.insight.findings.registry import RULES


@dataclass(frozen=True, kw_only=True)
class Group:
    """Findings of one rule and severity, in one resource or stack; at least one."""

    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """The one that stands for all: they have its rule, severity, why and link."""
        return self.findings[0]

    @property
    def remedy(self) -> str:
        """What mends all of them."""
        remedies = {one.remedy for one in self.findings}
        return self.first.remedy if len(remedies) == 1 else self.rule.remedy

    @property
    def rule(self) -> FindingRule:
        """The rule that all of them break."""
        return next(rule for rule in RULES if rule.id == self.first.rule)

    @property
    def is_scattered(self) -> bool:
        """Whether it is about several resources."""
        return len({one.place.construct_path for one in self.findings}) > 1

    @property
    def fingerprint(self) -> str:
        """Stays while others join the group or leave it."""
        if self.first.together == "hit":
            return self.first.fingerprint
        return hashlib.sha256("\0".join(_key(self.first)).encode()).hexdigest()[:20]

    def what(self, most: int) -> list[str]:
        """What was found, a line each; where these are too many, the last says how many more."""
        told = [one.what for one in self.findings]
        if len(told) <= most:
            return told
        return [*told[: most - 1], f"and {len(told) - most + 1} more like these"]


def grouped(findings: Iterable[Finding]) -> tuple[Group, ...]:
    """Findings in groups, in the order of their first ones."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for one in findings:
        groups.setdefault(_key(one), []).append(one)
    return tuple(Group(findings=tuple(found)) for found in groups.values())


def _key(finding: Finding) -> tuple[str, ...]:
    place = finding.place
    match finding.together:
        case "hit":
            return (finding.fingerprint, finding.what)
        case "resource":
            return (finding.rule, finding.severity, place.construct_path)
        case "stack":
            return (finding.rule, finding.severity, place.stack)
