"""What a check has found, and which of it is new."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from constructs_lib.insight.documents import read_mapping
from constructs_lib.insight.errors import InsightError
from constructs_lib.insight.findings.finding import SEVERITIES, Finding, FindingRule, Severity
from constructs_lib.insight.findings.groups import Group, grouped
from constructs_lib.insight.findings.ignored import Ignored
from constructs_lib.insight.findings.registry import RULES, find_all
from constructs_lib.insight.model import Assembly, Note

_BASELINE_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """Findings of one assembly.

    Attributes:
        findings: Those that count: severe enough, not ignored, not in the baseline.
        known: Those that the baseline names.
        ignored: Those that the app itself declares to be judged, and its reasons.
        milder: How many were left out for their severity.
        stale: Entries of the baseline that are found no more.
        notes: What could not be read, so that nothing was found in it.
    """

    assembly: Assembly
    findings: tuple[Finding, ...]
    known: tuple[Finding, ...] = ()
    ignored: tuple[tuple[Finding, str], ...] = ()
    milder: int = 0
    stale: tuple[Mapping[str, str], ...] = ()
    notes: tuple[Note, ...] = ()

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The findings that count, those that one remedy mends as one."""
        return grouped(self.findings)


def check(
    assembly: Assembly,
    *,
    severity: Severity = "warning",
    ignored: Collection[str] = (),
    baseline: Mapping[str, Mapping[str, str]] | None = None,
) -> CheckReport:
    """Apply all rules.

    Args:
        severity: The mildest that counts.
        ignored: Ids of rules that do not apply here.
        baseline: What ``read_baseline`` gave.
    Raises:
        InsightError: There is no rule of an ignored id.
    """
    for id_ in ignored:
        rule_named(id_)
    all_found = find_all(assembly, rules=[rule for rule in RULES if rule.id not in ignored])
    declared = Ignored(assembly)
    judged = [(one, declared.reason(one)) for one in all_found]
    open_ = [one for one, reason in judged if reason is None]
    counting = SEVERITIES[: SEVERITIES.index(severity) + 1]
    severe = [one for one in open_ if one.severity in counting]
    known = baseline or {}
    found = {one.fingerprint for one in all_found}
    return CheckReport(
        assembly=assembly,
        findings=tuple(one for one in severe if one.fingerprint not in known),
        known=tuple(one for one in severe if one.fingerprint in known),
        ignored=tuple((one, reason) for one, reason in judged if reason is not None),
        milder=len(open_) - len(severe),
        stale=tuple(entry for print_, entry in known.items() if print_ not in found),
        notes=(*assembly.notes, *declared.notes),
    )


def rule_named(id_: str) -> FindingRule:
    """The rule of an id.

    Raises:
        InsightError: There is none.
    """
    for rule in RULES:
        if rule.id == id_:
            return rule
    raise InsightError(f"rule must be one of {', '.join(rule.id for rule in RULES)}, got {id_!r}")


def read_baseline(path: Path) -> dict[str, Mapping[str, str]]:
    """The findings that a baseline file names, by fingerprint.

    Raises:
        InsightError: It cannot be read or is no baseline.
    """
    content = read_mapping(path)
    entries = content.get("findings")
    if content.get("version") != _BASELINE_VERSION or not isinstance(entries, list):
        raise InsightError(
            f"{path} must be a baseline of duet check, version {_BASELINE_VERSION}; write it anew "
            "with --write-baseline"
        )
    known: dict[str, Mapping[str, str]] = {}
    for entry in entries:
        if isinstance(entry, Mapping) and isinstance(entry.get("fingerprint"), str):
            known[str(entry["fingerprint"])] = {str(key): str(one) for key, one in entry.items()}
    return known


def write_baseline(path: Path, findings: Collection[Finding]) -> None:
    """Name findings as known; what they are stands beside, for whoever reads the file.

    Raises:
        InsightError: The file cannot be written.
    """
    entries = [
        {
            "fingerprint": one.fingerprint,
            "rule": one.rule,
            "path": one.place.construct_path,
            **({"state": one.state} if one.state else {}),
            "what": one.what,
        }
        for one in findings
    ]
    text = json.dumps({"version": _BASELINE_VERSION, "findings": entries}, indent=2) + "\n"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InsightError(f"{path} must be writable, got {error.strerror}") from error
