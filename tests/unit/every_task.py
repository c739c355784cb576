"""What is missing at a workflow's tasks: timeout, retries of what is transient, a way out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from constructs_lib.service_models.service_errors import errors_of

Rule = Literal["no timeout", "transient not retried", "permanent retried", "not caught"]

_DEFAULT_MAX_ATTEMPTS = 3
_WILDCARDS = {"States.ALL", "States.TaskFailed"}


@dataclass(frozen=True)
class Finding:
    """One thing that one task lacks; ``errors`` are those that it is about."""

    state: str
    rule: Rule
    errors: tuple[str, ...] = ()


def findings(definition: Mapping[str, Any]) -> list[Finding]:
    """Look at every task of a definition, also inside Parallel branches and Map processors.

    A task is caught where it or a state around it catches ``States.ALL``. Of a service that
    ``retry_policies`` does not know, any retry will do.
    """
    return [
        finding
        for name, task, caught in _tasks(definition, caught=False)
        for finding in _findings_of(name, task, caught=caught)
    ]


def _tasks(
    definition: Mapping[str, Any], *, caught: bool
) -> Iterator[tuple[str, Mapping[str, Any], bool]]:
    for name, state in definition["States"].items():
        state_caught = caught or any(
            "States.ALL" in catcher["ErrorEquals"] for catcher in state.get("Catch", [])
        )
        if state["Type"] == "Task":
            yield name, state, state_caught
        inner = [*state.get("Branches", [])]
        inner += [state[field] for field in ("ItemProcessor", "Iterator") if field in state]
        for branch in inner:
            yield from _tasks(branch, caught=state_caught)


def _findings_of(name: str, task: Mapping[str, Any], *, caught: bool) -> Iterator[Finding]:
    if not {"TimeoutSeconds", "TimeoutSecondsPath"} & task.keys():
        yield Finding(name, "no timeout")
    retriers = task.get("Retry", [])
    known = errors_of(task["Resource"])
    if known is None:
        if not _is_retried("an error of its own", retriers):
            yield Finding(name, "transient not retried")
    else:
        missed = tuple(e for e in known.transient_errors if not _is_retried(e, retriers))
        if missed:
            yield Finding(name, "transient not retried", missed)
        repeated = tuple(e for e in known.permanent_errors if _is_retried(e, retriers))
        if repeated:
            yield Finding(name, "permanent retried", repeated)
    if not caught:
        yield Finding(name, "not caught")


def _is_retried(error: str, retriers: Sequence[Mapping[str, Any]]) -> bool:
    """The first retrier that matches decides, and one without attempts forbids."""
    for retrier in retriers:
        if {error, *_WILDCARDS} & set(retrier["ErrorEquals"]):
            return int(retrier.get("MaxAttempts", _DEFAULT_MAX_ATTEMPTS)) > 0
    return False
