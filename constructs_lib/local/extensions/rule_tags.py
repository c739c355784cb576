"""Upstream gap: a rule cannot be tagged if its bus has a slash in its name, as partner buses have.

MiniStack splits the rule's ARN at every slash; so a template whose rule on a partner bus has tags
fails to deploy.
"""

from collections.abc import Callable

from ministack.services import eventbridge

_Resolved = tuple[str | None, object]


def register() -> None:
    """Let rules be found for tagging by their whole ARN."""
    eventbridge._resolve_taggable_events_arn = _finding_rules(
        eventbridge._resolve_taggable_events_arn
    )


def _finding_rules(resolve: Callable[[str], _Resolved]) -> Callable[[str], _Resolved]:
    def find(arn: str) -> _Resolved:
        if any(rule.get("Arn") == arn for rule in eventbridge._rules.values()):
            return arn, None
        return resolve(arn)

    return find
