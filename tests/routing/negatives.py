"""Events that are nearly those of the table, and that nobody follows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from constructs_lib.partners import FRESHWORKS
from tests.routing.table import SAMPLES, Bus, Sample

_PREFIX = FRESHWORKS.stand_in_source_prefix


@dataclass(frozen=True, kw_only=True)
class Negative:
    """A changed sample, and what was changed."""

    change: str
    sample: Sample


def _near(text: str) -> Iterator[tuple[str, str]]:
    """Another case, more or less at either end, another separator."""
    for change, near in (
        ("in upper case", text.upper()),
        ("in lower case", text.lower()),
        ("with cases swapped", text.swapcase()),
        ("in title case", text.title()),
        ("with a prefix", f"x{text}"),
        ("with a suffix", f"{text}x"),
        ("with the next version", f"{text}.v2"),
        ("without its first character", text[1:]),
        ("without its last character", text[:-1]),
        ("with a blank before", f" {text}"),
        ("with a blank behind", f"{text} "),
        ("as a pattern", f"{text}*"),
        ("doubled", text * 2),
    ):
        if near != text:
            yield change, near


def _of_contract(sample: Sample) -> Iterator[Negative]:
    for change, near in _near(sample.detail_type):
        yield Negative(change=f"detail-type {change}", sample=replace(sample, detail_type=near))
    for change, near in _near(sample.source):
        yield Negative(change=f"source {change}", sample=replace(sample, source=near))
    swapped = replace(sample, source=sample.detail_type, detail_type=sample.source)
    yield Negative(change="source and detail-type swapped", sample=swapped)
    yield Negative(change="on the partner bus", sample=replace(sample, bus=Bus.PARTNER))


def _of_ticket(sample: Sample) -> Iterator[Negative]:
    rest = sample.source.removeprefix(_PREFIX)
    for change, near in _near(_PREFIX.rstrip("/")):
        yield Negative(
            change=f"source's prefix {change}", sample=replace(sample, source=f"{near}/{rest}")
        )
    yield Negative(change="source is the rest", sample=replace(sample, source=rest))
    yield Negative(change="on the application's bus", sample=replace(sample, bus=Bus.APP))
    ticket = sample.detail["ticket"]
    assert isinstance(ticket, Mapping)
    without_id = {key: value for key, value in ticket.items() if key != "id"}
    for missing, detail in (
        ("detail", {}),
        ("ticket", {key: value for key, value in sample.detail.items() if key != "ticket"}),
        ("ticket's id", {**sample.detail, "ticket": without_id}),
    ):
        yield Negative(change=f"without its {missing}", sample=replace(sample, detail=detail))


def _all() -> Iterator[Negative]:
    for sample in SAMPLES:
        if sample.source.startswith(_PREFIX):
            yield from _of_ticket(sample)
        elif sample.bus is Bus.APP:
            yield from _of_contract(sample)


NEGATIVES = tuple(_all())
