"""The list of extensions, registered in the emulator's process before it serves."""


def register_all() -> None:
    """Register every extension; call once, after MiniStack's environment is set."""
    from constructs_lib.local.extensions import (
        accounts,
        activity,
        api_destination,
        async_invocations,
        branch_failures,
        branch_history,
        branches,
        bucket_names,
        change_sets,
        choice_rules,
        clock_control,
        clock_threads,
        connection_secrets,
        current_run,
        data_limit,
        definition_checks,
        distributed_map,
        distributed_map_history,
        email_template,
        event_archive,
        event_bus_policy,
        event_bus_updates,
        event_delivery,
        event_delivery_http,
        event_delivery_targets,
        event_patterns,
        event_replays,
        event_schemas,
        event_times,
        failed_executions,
        fault_injection,
        function_settings,
        generated_secrets,
        handler_errors,
        handler_logs,
        handler_programs,
        http_task,
        inline_map,
        intrinsic_arguments,
        intrinsic_functions,
        journal,
        jsonata_failures,
        jsonata_parse,
        jsonata_time,
        log_deliveries,
        nested_executions,
        optimized_errors,
        partner_event_buses,
        partner_event_sources,
        paths,
        pipes,
        previous_events,
        publish_task,
        put_events_task,
        redrives,
        retry_delays,
        rule_index,
        rule_tags,
        schedules,
        schema_discoverers,
        schema_registry_policies,
        sdk_tasks,
        sources_under_way,
        state_errors,
        state_machine_releases,
        step_functions_mocks,
        task_history,
        task_timeouts,
        task_tokens,
        variables,
        waits,
        work_under_way,
        workflow_answers,
        workflow_limits,
        workflow_requests,
    )

    # Before anything starts a thread.
    work_under_way.register()
    accounts.register()
    bucket_names.register()
    # Whoever waits does it on the clock.
    clock_threads.register()
    clock_control.register()
    change_sets.register()
    activity.register()
    email_template.register()
    event_archive.register()
    event_bus_policy.register()
    event_delivery.register()
    event_delivery_targets.register()
    event_delivery_http.register()
    async_invocations.register()
    function_settings.register()
    generated_secrets.register()
    handler_errors.register()
    handler_logs.register()
    handler_programs.register()
    event_replays.register()
    event_times.register()
    event_patterns.register()
    event_schemas.register()
    schema_registry_policies.register()
    # CloudFormation calls the API as it is when it learns the type.
    connection_secrets.register()
    api_destination.register()
    partner_event_sources.register()
    partner_event_buses.register()
    event_bus_updates.register()
    log_deliveries.register()
    rule_index.register()
    # Around what asks the rules.
    schema_discoverers.register()
    rule_tags.register()
    schedules.register()
    pipes.register()
    sources_under_way.register()
    definition_checks.register()
    state_machine_releases.register()
    # What evaluates the fields of states comes before what runs the states.
    failed_executions.register()
    previous_events.register()
    paths.register()
    intrinsic_arguments.register()
    intrinsic_functions.register()
    variables.register()
    choice_rules.register()
    waits.register()
    jsonata_failures.register()
    jsonata_parse.register()
    jsonata_time.register()
    inline_map.register()
    branch_history.register()
    http_task.register()
    publish_task.register()
    put_events_task.register()
    sdk_tasks.register()
    retry_delays.register()
    task_timeouts.register()
    task_tokens.register()
    branches.register()
    branch_failures.register()
    distributed_map.register()
    distributed_map_history.register()
    nested_executions.register()
    optimized_errors.register()
    # Faults strike before anything else looks at a call, and mocks are no calls at all.
    fault_injection.register()
    step_functions_mocks.register()
    task_history.register()
    data_limit.register()
    state_errors.register()
    # The run is known before its limit begins: registered last, called first.
    workflow_limits.register()
    redrives.register()
    current_run.register()
    # Of the API itself, around all that it does.
    workflow_answers.register()
    workflow_requests.register()
    # It sees what all the others do.
    journal.register()
