"""What MiniStack keeps and shows of a Map Run: its limits, its counts, how it ended.

Source: Step Functions API reference, DescribeMapRun; developer guide, "Setting failure thresholds
for Distributed Map states" (read 2026-11-23).
"""

from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local.extensions.map_fields import MapFields
from constructs_lib.local.extensions.map_items import ChildInput

_COUNTED_AS = {
    "SUCCEEDED": "succeeded",
    "FAILED": "failed",
    "TIMED_OUT": "timedOut",
    "ABORTED": "aborted",
}
_OTHER_COUNTS = ("running", "resultsWritten", "failuresNotRedrivable", "pendingRedrive")


class MapRunRecord:
    """One Map Run as DescribeMapRun shows it; MiniStack lists it under ``machine_arn``."""

    def __init__(
        self,
        fields: MapFields,
        *,
        arn: str,
        execution_arn: object,
        machine_arn: str,
        children: list[ChildInput],
    ) -> None:
        self.max_concurrency = fields.max_concurrency()
        self._tolerated = fields.whole("ToleratedFailureCount")
        self._tolerated_percentage = fields.number("ToleratedFailurePercentage")
        self._items = _counts(sum(child.items for child in children))
        self._executions = _counts(len(children))
        self._shown: dict[str, object] = {
            "mapRunArn": arn,
            "executionArn": execution_arn,
            "status": "RUNNING",
            "startDate": stepfunctions.now_iso(),
            "maxConcurrency": self.max_concurrency,
            "toleratedFailureCount": self._tolerated,
            "toleratedFailurePercentage": self._tolerated_percentage,
            "itemCounts": self._items,
            "executionCounts": self._executions,
            "redriveCount": 0,
            # Nothing that begins so is shown.
            "_stateMachineArn": machine_arn,
        }
        stepfunctions._map_runs[arn] = self._shown

    def begin(self, child: ChildInput) -> None:
        """A child has been started."""
        self._move(child, "pending", "running")

    def settle(self, child: ChildInput, status: object) -> None:
        """A child has ended as ``status``."""
        self._move(child, "running", _COUNTED_AS[str(status)])

    def written(self) -> None:
        """The results of all that were started have been written."""
        for counts in (self._items, self._executions):
            counts["resultsWritten"] = counts["total"] - counts["pending"]

    def end(self, status: str) -> None:
        """The Map Run is over."""
        self._shown.update(status=status, stopDate=cast(str, stepfunctions.now_iso()))

    @property
    def is_exceeded(self) -> bool:
        """Whether more items failed than are tolerated; a threshold of 0 is none."""
        failed = self._items["failed"] + self._items["timedOut"]
        if not self._tolerated and not self._tolerated_percentage:
            return failed > 0
        share = self._tolerated_percentage * self._items["total"]
        return bool(
            (self._tolerated and failed > self._tolerated)
            or (self._tolerated_percentage and failed * 100 > share)
        )

    def _move(self, child: ChildInput, source: str, target: str) -> None:
        for counts, number in ((self._items, child.items), (self._executions, 1)):
            counts[source] -= number
            counts[target] += number


def _counts(total: int) -> dict[str, int]:
    none = dict.fromkeys((*_COUNTED_AS.values(), *_OTHER_COUNTS), 0)
    return {**none, "pending": total, "total": total}
