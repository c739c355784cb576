"""Upstream gap: retriers ignore ``MaxDelaySeconds`` and ``JitterStrategy``.

The delay before a retry grows up to ``MaxDelaySeconds``; with FULL jitter it is a random time up to
that. The time scale then applies, as to every wait. MiniStack cuts each delay at 60 seconds.
``States.ALL`` no longer matches ``States.Runtime`` and ``States.DataLimitExceeded``, which nothing
catches on AWS.
Source: Step Functions, "Handling errors in Step Functions workflows" (read 2026-11-23).
"""

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
    """Let the retrier that is found carry the delay itself."""
    stepfunctions._find_matching_retrier = _with_delay(stepfunctions._find_matching_retrier)
    stepfunctions._error_matches = _but_uncatchable(stepfunctions._error_matches)


def delay_seconds(retrier: _Retrier, retries: int) -> float:
    """The delay before the next retry, after ``retries`` of them."""
    interval = cast(float, retrier.get("IntervalSeconds", 1))
    delay = interval * cast(float, retrier.get("BackoffRate", 2.0)) ** retries
    delay = min(delay, cast(float, retrier.get("MaxDelaySeconds", delay)))
    full = retrier.get("JitterStrategy") == "FULL"
    return random.uniform(0, delay) if full else delay  # noqa: S311 - spreads retries, no secret


def _with_delay(find: _Find) -> _Find:
    def find_with_delay(
        retriers: Sequence[_Retrier], error: str, counts: Mapping[int, int]
    ) -> _Found:
        retrier, index = find(retriers, error, counts)
        if retrier is None or current_run.current() is None:
            # The TestState API reckons the delay by itself, as it has no execution.
            return retrier, index
        delay = delay_seconds(retrier, counts.get(index, 0))
        return {**retrier, "IntervalSeconds": delay, "BackoffRate": 1}, index

    return find_with_delay


def _but_uncatchable(
    matches: Callable[[Sequence[str], str], bool],
) -> Callable[[Sequence[str], str], bool]:
    def matches_catchable(error_equals: Sequence[str], error: str) -> bool:
        return error not in _UNCATCHABLE and matches(error_equals, error)

    return matches_catchable
