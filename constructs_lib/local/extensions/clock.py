"""How the time scale bears on limits that somebody's answer is awaited under.

A wait shrinks to nothing at scale 0. A limit must not: with no time at all, nobody could confirm an
e-mail address. So a limit is the scaled time, yet at least a floor of real time, and never more
than the limit itself where the scale is 1 or less.
"""

from ministack.services import stepfunctions


def real_seconds(limit_seconds: float, *, at_least: float) -> float:
    """The real time that a limit of ``limit_seconds`` takes."""
    scaled: float = limit_seconds * stepfunctions._SFN_WAIT_SCALE
    return max(scaled, min(limit_seconds, at_least))
