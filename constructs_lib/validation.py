"""Argument checks of the constructs: early, and naming argument, rule, value and remedy."""

import math
import re
from numbers import Real

from aws_cdk import Token


class ConfigError(ValueError):
    """An argument of a construct breaks a rule; nothing was added to the construct tree by it."""


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
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise ConfigError(f"{argument} must {rule}, got {value!r}; {remedy}")


def require_event_source(event_source: str) -> None:
    """Refuse what EventBridge does not take as the ``source`` of a customer's event.

    Raises:
        ConfigError: It starts with ``aws.``, is longer than 256 characters, or has other characters
            than letters, digits, dots, slashes, hyphens and underscores.
    Source: EventBridge API reference, PutEvents (read 2026-11-23).
    """
    require_match(
        "event_source",
        event_source,
        r"(?!aws\.)[/.\-_A-Za-z0-9]{1,256}",
        rule="be 1 to 256 letters, digits, dots, slashes, hyphens or underscores "
        "and not start with 'aws.'",
        remedy="name the service that publishes, for example 'sign-up'",
    )
