"""Argument checks of the constructs: early, and naming argument, rule, value and remedy."""

import math
from numbers import Real

from aws_cdk import Token

from constructs_lib import rules
from constructs_lib.rules import ConfigError

__all__ = ["ConfigError", "require_between", "require_event_source", "require_match"]


def require_between(
    argument: str, value: float, minimum: float, maximum: float, *, remedy: str
) -> None:
    """Refuse a number outside ``minimum`` to ``maximum``; a CDK token passes (known at deployment).

    Raises:
        ConfigError: ``value`` is not a number or lies outside the range.
    """
    # What is no finite number never reaches jsii, whose kernel dies of it.
    is_number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    if is_number and Token.is_unresolved(value):
        return
    if not is_number or not minimum <= value <= maximum:
        raise ConfigError(
            f"{argument} must be between {minimum} and {maximum}, got {value!r}; {remedy}"
        )


def require_match(argument: str, value: str, pattern: str, *, rule: str, remedy: str) -> None:
    """Refuse text that does not match the whole of ``pattern``; a CDK token passes.

    Raises:
        ConfigError: ``value`` is not text or does not match.
    """
    if Token.is_unresolved(value):
        return
    rules.require_match(argument, value, pattern, rule=rule, remedy=remedy)


def require_event_source(event_source: str) -> None:
    """Refuse what EventBridge does not take as a customer's ``source``; a CDK token passes.

    Raises:
        ConfigError: It starts with ``aws.``, is longer than 256 characters, or has other characters
            than letters, digits, dots, slashes, hyphens and underscores.
    """
    if Token.is_unresolved(event_source):
        return
    rules.require_event_source(event_source)
