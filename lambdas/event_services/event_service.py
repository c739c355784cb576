"""The way of every event through a service: off the queue, decided once, told to the bus."""

import os
from collections.abc import Callable
from typing import Any, Generic, Protocol, TypeVar, cast

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType
from aws_lambda_powertools.utilities.batch import process_partial_response as process
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.parser.models import SqsRecordModel
from aws_lambda_powertools.utilities.typing import LambdaContext
from event_models import Detail

from event_services.event_publisher import EventPublisher

_EXPIRES_AFTER_SECONDS = 24 * 60 * 60


class _Request(Protocol):
    @property
    def request_id(self) -> str: ...

    @property
    def correlation_id(self) -> str: ...


class _Event(Protocol):
    @property
    def id(self) -> str: ...

    @property
    def detail_type(self) -> str: ...

    @property
    def detail(self) -> _Request: ...


E = TypeVar("E", bound=_Event)

logger = Logger()


class _QuietProcessor(BatchProcessor):
    """Names what failed without its text, which may repeat what a person entered."""

    def failure_handler(self, record: Any, exception: Any) -> Any:
        """Note the failure; the message returns to the queue."""
        error = getattr(exception[1], "response", {}).get("Error", {}).get("Code")
        logger.warning("event failed", error=error or exception[0].__name__)
        logger.set_correlation_id(None)
        return super().failure_handler(record, exception)


class EventService(Generic[E]):
    """Reacts to each event of a batch and publishes what the reaction tells.

    Only messages that failed return to the queue. A reaction first writes, so that it finds its own
    work when it is asked again, then its event is published: what crashes in between is published
    by the next delivery. The idempotency table spares repeated events that way, but nothing
    depends on it.

    Environment: ``IDEMPOTENCY_TABLE_NAME``, and ``EVENT_BUS_NAME`` where it tells something.

    Args:
        record_model: Message of the queue with the events that the service follows.
        react: Does what an event asks for; the detail to publish, if there is one.
    """

    def __init__(
        self, *, record_model: type[SqsRecordModel], react: Callable[[E], Detail | None]
    ) -> None:
        self._record_model = record_model
        self._react = react
        bus = os.environ.get("EVENT_BUS_NAME")
        self._publisher = EventPublisher(bus) if bus else None
        self._idempotency = IdempotencyConfig(expires_after_seconds=_EXPIRES_AFTER_SECONDS)
        self._react_once = idempotent_function(
            self._react_and_publish,
            data_keyword_argument="key",
            persistence_store=DynamoDBPersistenceLayer(os.environ["IDEMPOTENCY_TABLE_NAME"]),
            config=self._idempotency,
        )

    def handle(self, batch: dict[str, Any], context: LambdaContext) -> dict[str, object]:
        """Handle the messages of a queue; the answer names those that failed."""
        self._idempotency.register_lambda_context(context)
        processor = _QuietProcessor(
            EventType.SQS, model=self._record_model, raise_on_entire_batch_failure=False
        )
        answer = process(batch, self._handle_record, processor, context)
        return cast(dict[str, object], answer)

    def _handle_record(self, record: SqsRecordModel) -> None:
        event = cast(E, record.body)
        logger.set_correlation_id(event.detail.correlation_id)
        self._react_once(event=event, key=f"{event.detail_type}#{event.detail.request_id}")
        logger.set_correlation_id(None)

    def _react_and_publish(self, *, event: E, key: str) -> str | None:  # noqa: ARG002 - Powertools reads it
        detail = self._react(event)
        published = None if detail is None else type(detail).__name__
        if detail is not None and self._publisher is not None:
            self._publisher.publish(detail)
        logger.info("event handled", event_id=event.id, event=event.detail_type, told=published)
        return published
