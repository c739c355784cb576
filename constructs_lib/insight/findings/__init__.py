"""What is wrong, or will be one day, in workflows and event flows: rules, and what they find."""

from constructs_lib.insight.findings.finding import SEVERITIES, Finding, FindingRule, Hit, Severity
from constructs_lib.insight.findings.registry import RULES, find_all

__all__ = ["RULES", "SEVERITIES", "Finding", "FindingRule", "Hit", "Severity", "find_all"]
