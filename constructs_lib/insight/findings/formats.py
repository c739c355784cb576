"""Findings for programs: Duet's own JSON, SARIF and GitHub's annotations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from constructs_lib.insight.findings.finding import Finding, FindingRule
from constructs_lib.insight.findings.groups import Group, grouped
from constructs_lib.insight.findings.places import Places
from constructs_lib.insight.findings.registry import RULES
from constructs_lib.insight.findings.report import CheckReport

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
#: One line shows no more; the other formats have all.
_MOST_NOTES = 20
#: GitHub shows so many of a kind for a step and drops the others in silence. Source:
#: actions/toolkit, docs/problem-matchers.md, "Limitations" (read 2026-11-27).
_MOST_ANNOTATIONS = 10
#: Lines of an annotation about findings of one group.
_MOST_LINES = 6
_ANNOTATIONS = {"error": "error", "warning": "warning", "note": "notice"}


def as_json(report: CheckReport) -> dict[str, Any]:
    """All of a report."""
    places = Places(report.assembly)
    return {
        "path": report.assembly.path,
        "findings": [_group(places, one) for one in report.groups],
        "known": [_group(places, one) for one in grouped(report.known)],
        "ignored": [
            {**_place(places, one), "rule": one.rule, "reason": reason}
            for one, reason in report.ignored
        ],
        "milder": report.milder,
        "staleBaselineEntries": [dict(entry) for entry in report.stale],
        "notes": [
            {"path": note.place.construct_path if note.place else None, "text": note.text}
            for note in report.notes
        ],
    }


def _group(places: Places, group: Group) -> dict[str, Any]:
    """The first finding of a group, and the places of all."""
    first = group.first
    return {
        "rule": first.rule,
        "severity": first.severity,
        "title": first.title,
        **_place(places, first),
        "why": first.why,
        "remedy": group.remedy,
        "link": first.link,
        "places": [_place(places, one) for one in group.findings],
    }


def _place(places: Places, finding: Finding) -> dict[str, Any]:
    file, line = places.of(finding)
    return {
        "what": finding.what,
        "path": finding.place.construct_path,
        "stack": finding.place.stack,
        "logicalId": finding.place.logical_id,
        "state": finding.state,
        "file": file,
        "line": line,
        "fingerprint": finding.fingerprint,
    }


def as_sarif(report: CheckReport) -> dict[str, Any]:
    """A SARIF 2.1.0 log, as GitHub's code scanning and editors read it."""
    numbers = {rule.id: number for number, rule in enumerate(RULES)}
    places = Places(report.assembly)
    driver = {
        "name": "duet check",
        "version": _version(),
        "rules": [_rule(rule) for rule in RULES],
    }
    known = {one.fingerprint for one in report.known}
    results = [
        _result(places, group, numbers[group.first.rule], known)
        for group in grouped((*report.findings, *report.known))
    ]
    notifications = [{"level": "note", "message": {"text": note.text}} for note in report.notes]
    invocation = {"executionSuccessful": True, "toolExecutionNotifications": notifications}
    run = {"tool": {"driver": driver}, "invocations": [invocation], "results": results}
    return {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: FindingRule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.why},
        "help": {"text": f"{rule.why} Remedy: {rule.remedy}. {rule.link}"},
        "helpUri": rule.link,
        "defaultConfiguration": {"level": rule.severity},
    }


def _result(places: Places, group: Group, number: int, known: Collection[str]) -> dict[str, Any]:
    first = group.first
    is_known = all(one.fingerprint in known for one in group.findings)
    what = "; ".join(group.what(_MOST_LINES))
    result = {
        "ruleId": first.rule,
        "ruleIndex": number,
        "level": first.severity,
        "message": {"text": f"{what}. {first.why} Remedy: {group.remedy}."},
        "locations": [_location(places, first)],
        # GitHub's code scanning looks at this one only, beside the rule and the file. Source:
        # GitHub documentation, "SARIF support for code scanning" (read 2026-11-27).
        "partialFingerprints": {"primaryLocationLineHash": group.fingerprint},
        "baselineState": "unchanged" if is_known else "new",
    }
    if len(group.findings) > 1:
        result["relatedLocations"] = [
            {**_location(places, one), "id": number, "message": {"text": one.what}}
            for number, one in enumerate(group.findings[1:], 1)
        ]
    return result


def _location(places: Places, finding: Finding) -> dict[str, Any]:
    file, line = places.of(finding)
    name = finding.place.construct_path
    logical = [{"fullyQualifiedName": name, "kind": "resource"}]
    if finding.state:
        logical.append({"fullyQualifiedName": f"{name}#{finding.state}", "kind": "member"})
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": _uri(file)},
            "region": {"startLine": line},
        },
        "logicalLocations": logical,
    }


def _uri(file: str) -> str:
    path = PurePath(file)
    return path.as_uri() if path.is_absolute() else quote(file)


def _version() -> str:
    try:
        return version("cdk-duet")
    except PackageNotFoundError:
        return "0"


def as_annotations(report: CheckReport) -> Iterator[str]:
    """Workflow commands of GitHub Actions, a line each.

    Source: GitHub Actions documentation, "Workflow commands", and ``@actions/core`` for what is
    escaped (read 2026-11-27).
    """
    places = Places(report.assembly)
    counts = Counter(group.first.severity for group in report.groups)
    told: Counter[str] = Counter()
    for group in report.groups:
        first = group.first
        told[first.severity] += 1
        if counts[first.severity] > _MOST_ANNOTATIONS <= told[first.severity]:
            continue
        file, line = places.of(first)
        where = f"{first.place.construct_path}{f', state {first.state}' if first.state else ''}"
        what = group.what(_MOST_LINES)
        text = "\n".join([*what, first.why, f"Remedy: {group.remedy}", where, first.link])
        properties = ",".join(
            f"{name}={_property(value)}"
            for name, value in (("file", file), ("line", str(line)), ("title", first.title))
        )
        yield f"::{_ANNOTATIONS[first.severity]} {properties}::{_data(text)}"
    for severity, count in counts.items():
        if count > _MOST_ANNOTATIONS:
            yield (
                f"::{_ANNOTATIONS[severity]} title={count - _MOST_ANNOTATIONS + 1} more findings::"
                "GitHub shows ten of a kind: run duet check without --format to see all"
            )
    if report.notes:
        shown = "\n".join(note.text for note in report.notes[:_MOST_NOTES])
        title = f"Not read or not resolved ({len(report.notes)})"
        yield f"::notice title={_property(title)}::{_data(shown)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
