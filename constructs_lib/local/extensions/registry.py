"""The list of extensions, registered in the emulator's process before it serves."""


def register_all() -> None:
    """Register every extension; call once, after MiniStack's environment is set."""
    from constructs_lib.local.extensions import (
        event_archive,
        event_bus_policy,
        event_delivery,
        partner_event_buses,
        partner_event_sources,
        put_events_task,
        rule_tags,
        sdk_tasks,
    )

    event_archive.register()
    event_bus_policy.register()
    event_delivery.register()
    partner_event_sources.register()
    partner_event_buses.register()
    put_events_task.register()
    rule_tags.register()
    sdk_tasks.register()
