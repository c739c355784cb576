"""What was seen of sign-ups through the designs: whoever drives them hands it over as this."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from constructs_lib.insight.compare.troubles import Trouble
from constructs_lib.insight.cost.units import Units


@dataclass(frozen=True, kw_only=True)
class Observed:
    """What sign-ups through one design were billed and how long they took here.

    Args:
        itself: Units of one sign-up on average; ``followers`` of what follows from it.
        seconds: From the request to the end, of each; to the last follower in ``to_followers``.
    """

    sign_ups: int
    itself: Units
    followers: Units
    seconds: Sequence[float]

    @property
    def median_seconds(self) -> float:
        """The median, on this machine."""
        return statistics.median(self.seconds)


@dataclass(frozen=True, kw_only=True)
class Survived:
    """How sign-ups ended while something went wrong: all done, all undone, or neither."""

    trouble: Trouble
    done: int
    undone: int
    wrong: int

    @property
    def share_right(self) -> float:
        """All done or all undone, and told as what it is."""
        return (self.done + self.undone) / (self.done + self.undone + self.wrong)


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """What was observed, by the name of the design."""

    observed: Mapping[str, Observed]
    survived: Mapping[str, Sequence[Survived]]
