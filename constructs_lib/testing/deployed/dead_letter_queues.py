"""Which queues of an assembly are dead-letter queues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from constructs_lib.local.deployment.assembly import AssembledStack
from constructs_lib.testing.deployed.references import References, StackAndId

# What names one: queues; rule targets, schedules, functions, topic subscriptions; failure
# destinations of functions and event source mappings.
_NAMING = ("deadLetterTargetArn", "DeadLetterConfig", "OnFailure")


def dead_letter_queues(assembled: Sequence[AssembledStack]) -> set[StackAndId]:
    """All that any resource names as the place for what it cannot deliver."""
    references = References(assembled)
    return {
        found
        for stack in assembled
        for template in stack.templates()
        for value in _named(template.get("Resources", {}))
        for found in references.of(stack, value)
    }


def _named(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in _NAMING:
                yield inner
            else:
                yield from _named(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner)
