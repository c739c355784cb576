"""The list of extensions, registered in the emulator's process before it serves."""


def register_all() -> None:
    """Register every extension; call once, after MiniStack's environment is set."""
    from constructs_lib.local.extensions import (
        branches,
        current_run,
        event_archive,
        event_bus_policy,
        event_delivery,
        partner_event_buses,
        partner_event_sources,
        publish_task,
        put_events_task,
        retry_delays,
        rule_tags,
        sdk_tasks,
        state_machine_releases,
        task_tokens,
        workflow_limits,
    )

    event_archive.register()
    event_bus_policy.register()
    event_delivery.register()
    partner_event_sources.register()
    partner_event_buses.register()
    rule_tags.register()
    state_machine_releases.register()
    publish_task.register()
    put_events_task.register()
    sdk_tasks.register()
    retry_delays.register()
    task_tokens.register()
    branches.register()
    # The run is known before its limit begins: registered last, called first.
    workflow_limits.register()
    current_run.register()
