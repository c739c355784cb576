"""Event contracts: what publishers, consumers, tests and tools know of an event.

Neutral ground: both halves may import it, and it imports neither CDK nor a tool.
"""

from constructs_lib.contracts.asyncapi import asyncapi_document
from constructs_lib.contracts.breaking_change import BreakingChange
from constructs_lib.contracts.compatibility import assert_compatible, breaking_changes
from constructs_lib.contracts.event_contract import EventContract, PutEventsEntry
from constructs_lib.contracts.registry_schema import registry_schema

__all__ = [
    "BreakingChange",
    "EventContract",
    "PutEventsEntry",
    "assert_compatible",
    "asyncapi_document",
    "breaking_changes",
    "registry_schema",
]
