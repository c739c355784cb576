"""Upstream gap: CloudFormation's update of a bus changes its description and tags, nothing else.

The key, the dead-letter queue and the log level of ``AWS::Events::EventBus`` change in place; one
that a template drops returns to its default.
Source: AWS CloudFormation resource reference, AWS::Events::EventBus (read 2026-11-23).
"""

from collections.abc import Callable

from ministack.services import eventbridge
from ministack.services.cloudformation import provisioners

from constructs_lib.local.extensions.answers import Properties, Resource

TYPE_NAME = "AWS::Events::EventBus"
_SETTINGS = ("KmsKeyIdentifier", "DeadLetterConfig", "LogConfig")
_Update = Callable[[str, Properties, Properties, str], Resource]


def register() -> None:
    """Put the settings behind MiniStack's update."""
    handlers = provisioners._RESOURCE_HANDLERS[TYPE_NAME]
    handlers["update"] = _with_settings(handlers["update"])


def _with_settings(update: _Update) -> _Update:
    def apply(physical_id: str, old: Properties, new: Properties, stack_name: str) -> Resource:
        name, attributes = update(physical_id, old, new, stack_name)
        bus = eventbridge._event_buses.get(name)
        if name == physical_id and bus is not None:
            for setting in _SETTINGS:
                bus.pop(setting, None)
            bus.update({setting: new[setting] for setting in _SETTINGS if setting in new})
        return name, attributes

    return apply
