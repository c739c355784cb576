"""All rules, in the order of the documentation."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from constructs_lib.insight.findings import (
    choices,
    definitions,
    delivery,
    error_handling,
    error_names,
    event_flow,
    literals,
    partner_buses,
    patterns,
    permissions,
    personal_data,
    quotas,
    resource_policies,
    retries,
    timeouts,
)
from constructs_lib.insight.findings.finding import SEVERITIES, Finding, FindingRule, Severity
from constructs_lib.insight.model import Assembly

RULES: Final[tuple[FindingRule, ...]] = (
    *definitions.RULES,
    *choices.RULES,
    *literals.RULES,
    *error_names.RULES,
    *error_handling.RULES,
    *retries.RULES,
    *timeouts.RULES,
    *permissions.RULES,
    *resource_policies.RULES,
    *delivery.RULES,
    *event_flow.RULES,
    *patterns.RULES,
    *partner_buses.RULES,
    *quotas.RULES,
    *personal_data.RULES,
)


def find_all(assembly: Assembly, *, rules: Collection[FindingRule] = RULES) -> list[Finding]:
    """Everything that breaks a rule, the worst first, then by place."""
    found = [
        Finding(
            rule=rule.id,
            severity=hit.severity or rule.severity,
            title=rule.title,
            what=hit.what,
            place=hit.place,
            state=hit.state,
            subject=hit.subject,
            why=rule.why,
            remedy=hit.remedy or rule.remedy,
            link=rule.link,
            together=rule.together,
        )
        for rule in rules
        for hit in rule.find(assembly)
    ]
    return sorted(found, key=_order)


def _order(finding: Finding) -> tuple[int, str, str, str, str]:
    severities: tuple[Severity, ...] = SEVERITIES
    return (
        severities.index(finding.severity),
        finding.place.construct_path,
        finding.rule,
        finding.state or "",
        finding.subject,
    )
