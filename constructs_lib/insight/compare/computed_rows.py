"""The rows that the templates tell, with published figures where they are named."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from constructs_lib.insight.compare.designs import (
    A_FOLLOWER,
    DESIGNS,
    ORCHESTRATED,
    resources_at,
)
from constructs_lib.insight.compare.published import published
from constructs_lib.insight.compare.rows import Cell, How, Row
from constructs_lib.insight.compare.structure import Structure, structure
from constructs_lib.insight.model import Assembly


def computed_rows(assembly: Assembly) -> list[Row]:
    """Control, complexity, retries and hops."""
    structures = {design.name: structure(design, assembly) for design in DESIGNS}

    def row(topic: str, quantity: str, cell: Callable[[Structure], Cell], how: How) -> Row:
        cells = {name: cell(each) for name, each in structures.items()}
        return Row(topic=topic, quantity=quantity, how=how, cells=cells)

    retry = "error handling and retry"
    return [
        row("control", "components that know the order of the steps", _order, "templates"),
        row("control", "asked where a sign-up stands", _asked, "templates"),
        row("complexity", "resources, without alarms", _resources, "templates"),
        row(
            "complexity",
            "one more step between identity and profile",
            lambda each: _change(each.step_adds, each.step_changes),
            "templates",
        ),
        _one_more_follower(assembly, structures),
        row(
            retry,
            "transient errors of the called actions, retried by name",
            _transient,
            "templates",
        ),
        row(
            retry,
            "permanent errors of the called actions, retried in vain",
            _permanent,
            "templates",
        ),
        row("latency", "hops over bus, queue and function until the end", _hops, "templates"),
        row(
            "latency",
            "published latency of starting and of these hops, half of them",
            _published,
            "published",
        ),
    ]


def _order(design: Structure) -> Cell:
    return _counted(design.knows_order)


def _asked(design: Structure) -> Cell:
    return _counted(design.asked_for_state)


def _counted(names: Sequence[str]) -> Cell:
    return Cell(text=f"{len(names)}: {', '.join(names)}", value=Decimal(len(names)))


def _resources(design: Structure) -> Cell:
    followers = design.follower_resources
    text = f"{design.resources}" + (f", and {followers} of the followers" if followers else "")
    return Cell(text=text, value=Decimal(design.resources + followers))


def _change(adds: int, changes: Sequence[str]) -> Cell:
    changed = f": {', '.join(changes)}" if changes else ""
    text = f"{adds} new, {len(changes)} changed{changed}"
    return Cell(text=text, value=Decimal(adds + len(changes)))


def _one_more_follower(assembly: Assembly, structures: Mapping[str, Structure]) -> Row:
    """A queue with its rule, such as analytics; where nobody follows, one more step instead."""
    of_a_queue = _change(resources_at(assembly, A_FOLLOWER), ())
    of_a_workflow = _change(0, structures[ORCHESTRATED.name].step_changes)
    return Row(
        topic="complexity",
        quantity="one more that acts on a new user",
        how="templates",
        cells={
            design.name: of_a_queue if design.followers else of_a_workflow for design in DESIGNS
        },
    )


def _transient(design: Structure) -> Cell:
    errors = design.errors
    if errors.redeliveries:
        return Cell(text=f"all, as all else: up to {errors.redeliveries} deliveries")
    share = Decimal(errors.transient_retried) / errors.transient if errors.transient else None
    return Cell(text=f"{errors.transient_retried} of {errors.transient}", value=share)


def _permanent(design: Structure) -> Cell:
    errors = design.errors
    if errors.redeliveries:
        text = f"those that the code does not name: up to {errors.redeliveries} deliveries"
        return Cell(text=text)
    share = Decimal(errors.permanent_retried) / errors.permanent if errors.permanent else None
    return Cell(text=f"{errors.permanent_retried} of {errors.permanent}", value=share)


def _hops(design: Structure) -> Cell:
    return Cell(text=str(design.hops), value=Decimal(design.hops))


def _published(design: Structure) -> Cell:
    """The half of them; the slowest in 100 of several hops do not add up."""
    latencies = published().latencies
    if not design.hops:
        start = latencies["workflow-to-function"]
        text = f"{start.p50_ms} ms to start and call; for further states nobody publishes one"
        return Cell(text=text, value=Decimal(start.p50_ms))
    bus, queue = latencies["bus-to-function"], latencies["queue-to-function"]
    whole = design.hops * (bus.p50_ms + queue.p50_ms)
    hop = f"({bus.p50_ms} + {queue.p50_ms})"
    text = f"{design.hops} times {hop} = {whole} ms, the functions' work aside"
    return Cell(text=text, value=Decimal(whole))
