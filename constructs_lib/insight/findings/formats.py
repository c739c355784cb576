"""Findings for programs: Duet's own JSON, SARIF and GitHub's annotations."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from constructs_lib.insight.findings.finding import Finding, FindingRule
from constructs_lib.insight.findings.registry import RULES
from constructs_lib.insight.findings.report import CheckReport, file_and_line

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
#: One line shows no more; the other formats have all.
_MOST_NOTES = 20
_ANNOTATIONS = {"error": "error", "warning": "warning", "note": "notice"}


def as_json(report: CheckReport) -> dict[str, Any]:
    """All of a report."""
    return {
        "path": report.assembly.path,
        "findings": [_finding(report, one) for one in report.findings],
        "known": [_finding(report, one) for one in report.known],
        "milder": report.milder,
        "staleBaselineEntries": [dict(entry) for entry in report.stale],
        "notes": [
            {"path": note.place.construct_path if note.place else None, "text": note.text}
            for note in report.notes
        ],
    }


def _finding(report: CheckReport, finding: Finding) -> dict[str, Any]:
    file, line = file_and_line(report.assembly, finding.place)
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "title": finding.title,
        "what": finding.what,
        "path": finding.place.construct_path,
        "stack": finding.place.stack,
        "logicalId": finding.place.logical_id,
        "state": finding.state,
        "file": file,
        "line": line,
        "why": finding.why,
        "remedy": finding.remedy,
        "link": finding.link,
        "fingerprint": finding.fingerprint,
    }


def as_sarif(report: CheckReport) -> dict[str, Any]:
    """A SARIF 2.1.0 log, as GitHub's code scanning and editors read it."""
    numbers = {rule.id: number for number, rule in enumerate(RULES)}
    known = {one.fingerprint for one in report.known}
    driver = {
        "name": "duet check",
        "version": _version(),
        "rules": [_rule(rule) for rule in RULES],
    }
    results = [
        _result(report, one, numbers[one.rule], is_known=one.fingerprint in known)
        for one in (*report.findings, *report.known)
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


def _result(
    report: CheckReport, finding: Finding, number: int, *, is_known: bool
) -> dict[str, Any]:
    file, line = file_and_line(report.assembly, finding.place)
    name = finding.place.construct_path
    logical = [{"fullyQualifiedName": name, "kind": "resource"}]
    if finding.state:
        logical.append({"fullyQualifiedName": f"{name}#{finding.state}", "kind": "member"})
    return {
        "ruleId": finding.rule,
        "ruleIndex": number,
        "level": finding.severity,
        "message": {"text": f"{finding.what}. {finding.why} Remedy: {finding.remedy}."},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(file)},
                    "region": {"startLine": line},
                },
                "logicalLocations": logical,
            }
        ],
        "partialFingerprints": {"duetFinding/v1": finding.fingerprint},
        "baselineState": "unchanged" if is_known else "new",
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
    for one in report.findings:
        file, line = file_and_line(report.assembly, one.place)
        where = f"{one.place.construct_path}{f', state {one.state}' if one.state else ''}"
        text = f"{one.what}\n{one.why}\nRemedy: {one.remedy}\n{where}\n{one.link}"
        properties = ",".join(
            f"{name}={_property(value)}"
            for name, value in (("file", file), ("line", str(line)), ("title", one.title))
        )
        yield f"::{_ANNOTATIONS[one.severity]} {properties}::{_data(text)}"
    if report.notes:
        shown = "\n".join(note.text for note in report.notes[:_MOST_NOTES])
        title = f"Not read or not resolved ({len(report.notes)})"
        yield f"::notice title={_property(title)}::{_data(shown)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
