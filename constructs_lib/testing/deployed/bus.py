"""Publish on a deployed event bus."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from constructs_lib.testing.deployed.context import Context
from constructs_lib.testing.deployed.matching import Contract, PublishedEvent

EVENT_BUS = "AWS::Events::EventBus"


class DeployedBus:
    """An event bus of the deployment, or the account's default one.

    Attributes:
        name: Its name.
    """

    def __init__(self, context: Context, name: str, region: str | None = None) -> None:
        self.name = name
        self._region = region
        self._context = context

    def publish(
        self,
        contract: Contract | None = None,
        detail: object = None,
        *,
        source: str | None = None,
        detail_type: str | None = None,
        resources: Sequence[str] = (),
    ) -> PublishedEvent:
        """Publish one event.

        Args:
            contract: Its ``EventContract``, which checks the detail and names the event.
            detail: What the event says: the contract's model, or what JSON can hold.
            source: Who publishes it, without a contract.
            detail_type: What happened, without a contract.
            resources: ARNs that the event is about.
        Raises:
            ConfigError: The detail breaks the contract.
            TypeError: Neither a contract nor both of ``source`` and ``detail_type`` are given.
            ExpectationError: EventBridge refused the event.
        """
        __tracebackhide__ = True
        entry: dict[str, Any]
        if contract is not None:
            entry = dict(contract.entry(detail, event_bus_name=self.name))
        elif source is None or detail_type is None:
            raise TypeError(
                f"source and detail_type must be given, got {source!r} and {detail_type!r}; "
                "pass both, or an EventContract first"
            )
        else:
            entry = {
                "Source": source,
                "DetailType": detail_type,
                "Detail": json.dumps(detail or {}),
            }
        if resources:
            entry["Resources"] = list(resources)
        return self.put({**entry, "EventBusName": self.name})

    def put(self, entry: Mapping[str, Any]) -> PublishedEvent:
        """Publish an entry of PutEvents as it is.

        Raises:
            ExpectationError: EventBridge refused it.
        """
        __tracebackhide__ = True
        (answer,) = self._context.client("events", self._region).put_events(Entries=[entry])[
            "Entries"
        ]
        if "EventId" not in answer:
            self._context.fail(
                f"expected {self.name} to take {entry['DetailType']}, EventBridge refused it with "
                f"{answer.get('ErrorCode')}: {answer.get('ErrorMessage')}"
            )
        self._context.begun.append(answer["EventId"])
        return PublishedEvent(
            id=answer["EventId"],
            source=entry["Source"],
            detail_type=entry["DetailType"],
            detail=json.loads(entry["Detail"]),
        )
