"""The error of a broken rule, and the rules that event contracts share with the constructs.

Nothing here knows CDK, so that the tools may use it too; ``validation`` adds what CDK tokens need.
"""

import re


class ConfigError(ValueError):
    """An argument breaks a rule; nothing was made with it."""


def require_match(argument: str, value: object, pattern: str, *, rule: str, remedy: str) -> None:
    """Refuse what is not text that matches the whole of ``pattern``.

    Raises:
        ConfigError: ``value`` is not text or does not match.
    """
    if not isinstance(value, str) or not re.fullmatch(pattern, value):
        raise ConfigError(f"{argument} must {rule}, got {value!r}; {remedy}")


def require_event_source(value: object, *, argument: str = "event_source") -> None:
    """Refuse what EventBridge does not take as the ``source`` of a customer's event.

    Raises:
        ConfigError: It starts with ``aws.``, is longer than 256 characters, or has other characters
            than letters, digits, dots, slashes, hyphens and underscores.
    Source: EventBridge API reference, PutEvents (read 2026-11-23).
    """
    require_match(
        argument,
        value,
        r"(?!aws\.)[/.\-_A-Za-z0-9]{1,256}",
        rule="be 1 to 256 letters, digits, dots, slashes, hyphens or underscores "
        "and not start with 'aws.'",
        remedy="name the service that publishes, for example 'sign-up'",
    )
