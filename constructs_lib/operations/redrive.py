"""Bring a dead letter back to the one consumer it was meant for."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, cast

from botocore.exceptions import BotoCoreError, ClientError

from constructs_lib.operations.api_call import UndeliverableError
from constructs_lib.operations.dead_letter import DeadLetter, Sender
from constructs_lib.operations.dead_letter_queue import DeadLetterQueue
from constructs_lib.operations.target_calls import TargetCalls
from constructs_lib.operations.target_input import TargetInputError, target_input

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

_Target = Mapping[str, object]


@dataclass(frozen=True, kw_only=True)
class Redriven:
    """What became of one dead letter: delivered, or left in the queue for ``reason``."""

    letter: DeadLetter
    reason: str = ""

    @property
    def succeeded(self) -> bool:
        """Whether it was delivered, or would be in a dry run."""
        return not self.reason


class Redrive:
    """The way back for the messages of one dead-letter queue.

    * What a rule's target refused is sent to that target alone, with the target's own input, so
      that no other consumer gets it again and the event keeps its id. (Only a bus gives it a new
      one: nobody else can publish under a chosen id.)
    * What a function failed with is given to that function again.
    * What a queue's consumer failed with is sent to that queue again.

    A message is deleted once its delivery was taken; one that is not stays. Deliveries may repeat
    should the deletion fail: consumers are idempotent.
    """

    def __init__(self, queue: DeadLetterQueue) -> None:
        self._queue = queue
        self._queue_arn = queue.arn
        self._calls = TargetCalls(queue.clients)
        self._targets = cache(self._targets_of_rule)

    def run(
        self, *, limit: int, dry_run: bool = False, wait_seconds: int = 1
    ) -> Iterator[Redriven]:
        """Redrive each waiting message once; what became of them, one by one.

        In a dry run everything is looked up and nothing sent or deleted.
        """
        try:
            for letter in self._queue.read(limit=limit, wait_seconds=wait_seconds):
                try:
                    send = self._way_back(letter)
                    if not dry_run:
                        send()
                        self._queue.delete(letter)
                except (BotoCoreError, ClientError, TargetInputError, UndeliverableError) as error:
                    yield Redriven(letter=letter, reason=str(error))
                else:
                    yield Redriven(letter=letter)
        finally:
            self._queue.release()

    def _way_back(self, letter: DeadLetter) -> Callable[[], None]:
        match letter.sender:
            case Sender.RULE if not letter.event:
                raise UndeliverableError("its body is not an event")
            case Sender.RULE:
                target = self._target(letter)
                text = target_input(target, letter.event, rule_arn=letter.rule)
                return lambda: self._calls.deliver(target, text, letter)
            case Sender.FUNCTION:
                payload = json.dumps(letter.payload)
                return lambda: self._calls.invoke(letter.target, payload)
            case Sender.QUEUE:
                return lambda: self._calls.send_back(letter)
            case _:
                raise UndeliverableError(
                    "it does not say where it came from; a function tells that to a failure "
                    "destination (EventInvokeConfig), not to its DeadLetterConfig"
                )

    def _target(self, letter: DeadLetter) -> _Target:
        """The rule's target that the event was meant for."""
        targets = [
            target
            for target in self._targets(letter.rule)
            if target["Arn"] == letter.target
            and cast(_Target, target.get("DeadLetterConfig", {})).get("Arn") == self._queue_arn
        ]
        if not targets:
            raise UndeliverableError("the rule no longer has that target with this queue")
        if len(targets) > 1:
            raise UndeliverableError(
                "the rule has that target several times; replay the event from the archive instead"
            )
        return targets[0]

    @cached_property
    def _events(self) -> EventBridgeClient:
        events: EventBridgeClient = self._queue.clients("events")
        return events

    def _targets_of_rule(self, rule_arn: str) -> list[_Target]:
        *bus, name = rule_arn.split(":rule/", 1)[1].rsplit("/", 1)
        # A partner bus has slashes in its name.
        request = {"Rule": name, "EventBusName": "/".join(bus) or "default"}
        targets: list[_Target] = []
        while True:
            page = self._events.list_targets_by_rule(**request)  # type: ignore[arg-type]  # no Limit in it
            targets += cast(list[_Target], page["Targets"])
            if not page.get("NextToken"):
                return targets
            request["NextToken"] = page["NextToken"]
