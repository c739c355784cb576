"""All dead-letter queues of a deployment, as one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING

from constructs_lib.counted import counted
from constructs_lib.local.deployment.assembly import AssembledStack
from constructs_lib.testing.deployed.context import Context, in_time
from constructs_lib.testing.deployed.dead_letter_queues import dead_letter_queues
from constructs_lib.testing.deployed.queue import QUEUE
from constructs_lib.testing.deployed.resources import Resource
from constructs_lib.testing.deployed.waiting import Within

if TYPE_CHECKING:
    from constructs_lib.operations.dead_letter import DeadLetter

_WITHIN_SECONDS = 10.0
_LIMIT = 1000


class DeadLetters:
    """What consumers did not get, in any of the queues that a rule, a function, a pipe or another
    queue names as its dead-letter queue."""

    def __init__(self, context: Context, assembled: Sequence[AssembledStack]) -> None:
        self._context = context
        named = dead_letter_queues(assembled)
        self._queues = [
            each
            for each in context.resources.of_type(QUEUE)
            if (each.stack, each.logical_id) in named
        ]

    def letters(self) -> list[DeadLetter]:
        """All of them as of now; they stay where they are."""
        return [letter for queue in self._queues for letter in self._of(queue)]

    def expect_empty(self, *, within: Within = _WITHIN_SECONDS) -> None:
        """Fail the test if something was not delivered.

        On the embedded AWS this first waits until everything under way has settled.

        Args:
            within: When that must be, in real time.
        """
        __tracebackhide__ = True
        if self._context.embedded:
            self._context.settle(within)
        if letters := self.letters():
            self._context.fail(f"expected no dead letters, got {_listed(letters)}")

    def expect(
        self,
        *,
        count: int = 1,
        error: str | None = None,
        within: Within = _WITHIN_SECONDS,
    ) -> list[DeadLetter]:
        """Wait for dead letters and return them; they stay where they are.

        Args:
            count: How many there must be, exactly.
            error: Only those with this error code count, such as ``SDK_CLIENT_ERROR`` of a rule or
                the exception's name of a function.
            within: How long to wait, in real time.
        Raises:
            ExpectationError: There were fewer when time was up, or more.
        """
        __tracebackhide__ = True
        seen: list[DeadLetter] = []

        def enough() -> list[DeadLetter] | None:
            seen[:] = self.letters()
            fitting = [each for each in seen if error in (None, each.error_code)]
            return fitting if len(fitting) >= count else None

        found = self._context.wait_for(enough, within)
        if found is None or len(found) != count:
            with_error = f" with {error}" if error else ""
            self._context.fail(
                f"expected {counted(count, 'dead letter')}{with_error} "
                f"{in_time(within)}, got {_listed(seen)}"
            )
        return found

    def _of(self, queue: Resource) -> list[DeadLetter]:
        from constructs_lib.operations.dead_letter_queue import DeadLetterQueue

        with ExitStack() as stack:
            read = DeadLetterQueue(self._context.client("sqs", queue.region), queue.physical_id)
            stack.callback(read.release)
            return list(read.read(limit=_LIMIT, wait_seconds=0 if self._context.embedded else 1))


def _listed(letters: Sequence[DeadLetter]) -> str:
    lines = [
        f"{each.event.get('detail-type', 'a message')} for {each.target or 'an unknown target'}: "
        f"{each.error_code or 'no error code'}"
        for each in letters
    ]
    return "\n  ".join([f"{len(lines)}", *lines]) if lines else "none"
