"""All patches at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from constructs_lib.testing._moto_patches.branches import (
    awaited_branches,
    ends_that_stay,
    heap_keys,
    late_events,
    stopped_calls,
)
from constructs_lib.testing._moto_patches.clock import (
    nested_execution_polls,
    scaled_retries,
    scaled_waits,
    task_time_outs,
    task_token_waits,
)
from constructs_lib.testing._moto_patches.definitions import (
    definition_texts,
    parsed_once,
    parser_scope,
)
from constructs_lib.testing._moto_patches.errors import (
    dynamodb_errors,
    heartbeat_errors,
    nested_error_names,
    put_events_errors,
    quiet_failures,
)
from constructs_lib.testing._moto_patches.executions import (
    json_start_time,
    told_progress,
    unnamed_executions,
    whole_ends,
)
from constructs_lib.testing._moto_patches.jsonata import (
    jsonata_engine,
    jsonata_expressions,
    jsonata_literals,
)
from constructs_lib.testing._moto_patches.observer import Observer
from constructs_lib.testing._moto_patches.services import user_pool_keys
from constructs_lib.testing._moto_patches.tasks import (
    field_names,
    json_task_results,
    sdk_error_names,
    service_names,
    task_clients,
)


@contextmanager
def all_patches(observer: Observer) -> Iterator[None]:
    """Every patch of this package, undone in reverse order."""
    with ExitStack() as stack:
        for patch in (
            jsonata_engine,
            jsonata_literals,
            jsonata_expressions,
            parser_scope,
            definition_texts,
            parsed_once,
            service_names,
            sdk_error_names,
            field_names,
            nested_error_names,
            put_events_errors,
            dynamodb_errors,
            heartbeat_errors,
            quiet_failures,
            json_task_results,
            json_start_time,
            unnamed_executions,
            nested_execution_polls,
            user_pool_keys,
            heap_keys,
            stopped_calls,
            ends_that_stay,
            late_events,
            awaited_branches,
        ):
            stack.enter_context(patch())
        for observed in (
            scaled_retries,
            scaled_waits,
            task_token_waits,
            task_time_outs,
            task_clients,
            whole_ends,
            told_progress,
        ):
            stack.enter_context(observed(observer))
        yield
