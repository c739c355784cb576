"""Who gets which event of the example: the table, and the events that it speaks of."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import cast

from constructs_lib.partners import FRESHWORKS, KNOWN_PARTNERS
from stacks.contracts import CONTRACTS

TICKET = "onTicketCreate"


class Bus(Enum):
    """The example's buses."""

    APP = "AppBus"
    PARTNER = "Freshdesk"


@dataclass(frozen=True, kw_only=True)
class Route:
    """One rule: where it listens, whom it delivers to, which events it means.

    ``rule`` and ``target`` are logical ids without their hashes. ``live_only`` says that a replay
    does not reach the target, ``only`` what a detail must be like.
    """

    rule: str
    bus: Bus = Bus.APP
    target: str
    follows: frozenset[str]
    live_only: bool = False
    only: Callable[[Mapping[str, object]], bool] = lambda _: True


ROUTES = (
    Route(
        rule="AppBusOnboardingOfNewUsers",
        target="Onboarding",
        follows=frozenset({"UserSignedUp"}),
    ),
    Route(
        rule="AppBusAnalyticsOfSignUps",
        target="Analytics",
        follows=frozenset({"UserSignedUp"}),
    ),
    Route(
        rule="AppBusSupportOfTriagedTickets",
        target="Support",
        follows=frozenset({"TicketTriaged"}),
    ),
    Route(
        rule="AppBusSupportOfRemains",
        target="Support",
        follows=frozenset({"SignUpFailed"}),
        only=lambda detail: bool(detail["notUndone"]),
    ),
    Route(
        rule="SignUpReserveEmailEvents",
        target="SignUpReserveEmailMessagesQueue",
        follows=frozenset({"SignUpRequested", "IdentityNotCreated", "IdentityDeleted"}),
        live_only=True,
    ),
    Route(
        rule="SignUpCreateIdentityEvents",
        target="SignUpCreateIdentityMessagesQueue",
        follows=frozenset({"EmailReserved", "ProfileNotStored"}),
        live_only=True,
    ),
    Route(
        rule="SignUpStoreProfileEvents",
        target="SignUpStoreProfileMessagesQueue",
        follows=frozenset({"IdentityCreated"}),
        live_only=True,
    ),
    Route(
        rule="SignUpSendWelcomeEvents",
        target="SignUpSendWelcomeMessagesQueue",
        follows=frozenset({"UserSignedUp"}),
        live_only=True,
    ),
    Route(
        rule="ContactsOfNewUsers",
        target="CrmApiDestination",
        follows=frozenset({"UserSignedUp"}),
        live_only=True,
    ),
    Route(
        rule="TriageOfNewTicketsSubscription",
        bus=Bus.PARTNER,
        target="Triage",
        follows=frozenset({TICKET}),
    ),
)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """An event on one of the buses."""

    name: str
    bus: Bus
    source: str
    detail_type: str
    detail: Mapping[str, object]
    replay_name: str | None = None

    @property
    def event(self) -> dict[str, object]:
        """The event as rules see it."""
        replayed = {} if self.replay_name is None else {"replay-name": self.replay_name}
        return {
            "version": "0",
            "id": "00000000-0000-4000-8000-000000000001",
            "source": self.source,
            "detail-type": self.detail_type,
            "account": "000000000000",
            "time": "2026-11-23T09:00:00Z",
            "region": "us-east-1",
            "resources": [],
            **replayed,
            "detail": self.detail,
        }

    def receivers(self) -> set[str]:
        """The rules that mean this event, as the table has it."""
        return {
            route.rule
            for route in ROUTES
            if route.bus is self.bus
            and self.name in route.follows
            and route.only(self.detail)
            and not (route.live_only and self.replay_name)
        }


def _contract_samples() -> Iterator[Sample]:
    for contract in CONTRACTS:
        for example in contract.examples:
            yield Sample(
                name=contract.name,
                bus=Bus.APP,
                source=contract.source,
                detail_type=contract.detail_type,
                detail=cast(Mapping[str, object], example),
            )


def _partner_samples() -> Iterator[Sample]:
    """Each partner's samples on the stand-in bus; only Freshworks is a partner of the example."""
    for partner in KNOWN_PARTNERS:
        prefix = partner.stand_in_source_prefix
        for sample in partner.samples:
            yield Sample(
                name=sample.detail_type if partner is FRESHWORKS else partner.name,
                bus=Bus.PARTNER,
                source=prefix + partner.example_source_name.removeprefix(partner.source_prefix),
                detail_type=sample.detail_type,
                detail=sample.detail,
            )


SAMPLES = (*_contract_samples(), *_partner_samples())
