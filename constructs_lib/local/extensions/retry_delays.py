"""Upstream gap: retriers ignore ``MaxDelaySeconds`` and ``JitterStrategy``, and wait a minute only.

The delay before a retry grows up to ``MaxDelaySeconds``; with FULL jitter it is a random time up to
that: with ``DUET_SEED`` the same for every execution of a workflow, error and number of retries.
``States.ALL`` no longer matches ``States.Runtime`` and ``States.DataLimitExceeded``, which nothing
catches on AWS.
Source: Step Functions, "Handling errors in Step Functions workflows" (read 2026-11-23).
"""

import os
import random
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local.extensions import current_run

_Retrier = Mapping[str, object]
_Found = tuple[_Retrier | None, int]
_Find = Callable[[Sequence[_Retrier], str, Mapping[int, int]], _Found]
_UNCATCHABLE = ("States.Runtime", "States.DataLimitExceeded")


def register() -> None:
    """Wait as soon as the retrier is found."""
    stepfunctions._find_matching_retrier = _with_delay(stepfunctions._find_matching_retrier)
    stepfunctions._error_matches = _but_uncatchable(stepfunctions._error_matches)


def delay_seconds(retrier: _Retrier, retries: int, *, chance: random.Random) -> float:
    """The delay before the next retry, after ``retries`` of them."""
    interval = cast(float, retrier.get("IntervalSeconds", 1))
    delay = interval * cast(float, retrier.get("BackoffRate", 2.0)) ** retries
    delay = min(delay, cast(float, retrier.get("MaxDelaySeconds", delay)))
    return chance.uniform(0, delay) if retrier.get("JitterStrategy") == "FULL" else delay


def _chance(*about: object) -> random.Random:
    seed = os.environ.get("DUET_SEED")
    # Threads ask in any order; so each delay has a seed of its own.
    return random.Random(repr((seed, *about)) if seed else None)  # noqa: S311 - no secret


def _with_delay(find: _Find) -> _Find:
    def find_with_delay(
        retriers: Sequence[_Retrier], error: str, counts: Mapping[int, int]
    ) -> _Found:
        retrier, index = find(retriers, error, counts)
        execution = current_run.current_execution()
        if retrier is None or execution is None:
            # The TestState API reckons the delay by itself, as it has no execution.
            return retrier, index
        retries = counts.get(index, 0)
        machine_name = str(execution["stateMachineArn"]).rpartition(":")[2]
        chance = _chance(machine_name, retriers, error, retries)
        # Here, as MiniStack would cut it at a minute.
        stepfunctions._scaled_sleep(delay_seconds(retrier, retries, chance=chance))
        return {**retrier, "IntervalSeconds": 0}, index

    return find_with_delay


def _but_uncatchable(
    matches: Callable[[Sequence[str], str], bool],
) -> Callable[[Sequence[str], str], bool]:
    def matches_catchable(error_equals: Sequence[str], error: str) -> bool:
        return error not in _UNCATCHABLE and matches(error_equals, error)

    return matches_catchable
