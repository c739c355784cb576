"""Send what a SaaS partner sends: as the partner, or on a stand-in bus."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from constructs_lib.names import pick
from constructs_lib.operations.json_arguments import read_json_or_file
from constructs_lib.operations.publishing import EventError, Published, outcomes_of
from constructs_lib.operations.target import Target
from constructs_lib.partners import KNOWN_PARTNERS, PartnerSource, SampleEvent

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

_PREFIX = "aws.partner/"


def find_partner(wanted: str) -> PartnerSource:
    """The known partner of that name or domain, or of a part of one.

    Raises:
        UnknownNameError: There is none, or more than one.
    """
    return pick(wanted, KNOWN_PARTNERS, names=lambda each: (each.name, each.domain), what="PARTNER")


def find_sample(partner: PartnerSource, wanted: str | None) -> SampleEvent:
    """The event that is meant.

    Args:
        wanted: Detail type of one of the partner's samples, or a part of one; or an event of your
            own: JSON with ``detail-type`` and ``detail``, a file that holds it, ``-``. None means
            the first sample.
    Raises:
        UnknownNameError: No sample has that detail type.
        JsonArgumentError: It is meant to be JSON and is not.
        EventError: The event has no detail type, or no detail.
    """
    if wanted is None:
        return partner.samples[0]
    if wanted == "-" or wanted.lstrip().startswith(("{", "@")) or wanted.endswith(".json"):
        return _own(read_json_or_file("EVENT", wanted))
    return pick(
        wanted,
        partner.samples,
        names=lambda each: (each.detail_type,),
        what=f"SAMPLE of {partner.name}",
    )


def sources_of(target: Target, prefix: str = _PREFIX) -> dict[str, str]:
    """The states of the partners' event sources of the account, by their names.

    Raises:
        ClientError: AWS refused.
    """
    events: EventBridgeClient = target.client("events")
    found = events.list_event_sources(NamePrefix=prefix)["EventSources"]
    return {each["Name"]: each["State"] for each in found}


def send_as_partner(
    target: Target, partner: PartnerSource, sample: SampleEvent, source_name: str | None
) -> tuple[str, list[Published]]:
    """Put an event as the partner does; the event source, and what became of the event.

    Args:
        source_name: The event source, or a part of its name; None means the partner's only one.
    Raises:
        TargetError: It is a real account, where only the partner can do that.
        UnknownNameError: The account has no such source, or more than one is meant.
        EventError: No bus of the source's name exists: AWS would drop the event.
        ClientError: AWS refused.
    """
    _ = target.embedded
    sources = sources_of(target, partner.source_prefix)
    if not sources:
        raise EventError(
            f"an event source of {partner.name} must be there, none is; deploy a partner bus: "
            f"duet up offers its source ({partner.example_source_name}, for example), "
            "or pass --stand-in BUS"
        )
    name = pick(source_name or "", sources, names=lambda each: (each,), what="--source")
    if sources[name] != "ACTIVE":
        raise EventError(
            f"event source {name} must be ACTIVE, got {sources[name]}: AWS drops its events; "
            "deploy a partner bus of its name"
        )
    entry = partner.partner_entry(sample, event_source_name=name)
    events: EventBridgeClient = target.client("events")
    answer = events.put_partner_events(Entries=[entry])  # type: ignore[list-item]  # the stub wants its own TypedDict
    return name, list(outcomes_of(answer["Entries"]))


def stand_in_entry(
    partner: PartnerSource, sample: SampleEvent, bus: str, source_name: str | None
) -> Mapping[str, Any]:
    """An entry of PutEvents that simulates the partner's event on a stand-in bus.

    Raises:
        ConfigError: ``source_name`` is none of the partner's.
    """
    return partner.simulated_entry(sample, event_bus_name=bus, event_source_name=source_name)


def partners_as_json(sources: Mapping[str, str]) -> list[dict[str, object]]:
    """What is known of each partner, and the account's event sources of it by their states."""
    return [
        {
            "name": partner.name,
            "domain": partner.domain,
            "samples": [sample.detail_type for sample in partner.samples],
            "exampleSource": partner.example_source_name,
            "sources": {
                name: state
                for name, state in sources.items()
                if name.startswith(partner.source_prefix)
            },
        }
        for partner in KNOWN_PARTNERS
    ]


def _own(written: object) -> SampleEvent:
    if not isinstance(written, Mapping) or not isinstance(written.get("detail"), Mapping):
        raise EventError(
            f"EVENT must have 'detail-type' and 'detail', got {json.dumps(written)[:80]}; write "
            'for example {"detail-type": "onTicketCreate", "detail": {}}'
        )
    if not written.get("detail-type"):
        raise EventError(f"EVENT must have 'detail-type', got {sorted(written)}; add it")
    resources = written.get("resources", ())
    return SampleEvent(
        detail_type=str(written["detail-type"]),
        detail=written["detail"],
        resources=tuple(map(str, resources)) if isinstance(resources, Sequence) else (),
    )
