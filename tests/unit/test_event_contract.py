"""One contract: its schema, pattern, entries, events and consumer's model agree."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, RootModel, ValidationError

from constructs_lib.contracts import EventContract
from constructs_lib.contracts.event_contract import ENTRY_BYTES_LIMIT
from constructs_lib.rules import ConfigError
from tests.unit.order_placed import DETAIL, Channel, Line, OrderPlaced, order_placed

CONTRACT = order_placed()


@dataclass
class Parcel:
    weight_grams: int
    sent_on: date


class Note(BaseModel):
    text: str


# ── What a contract is made of ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["orderPlaced", "Order placed", "", "O" * 61, "Orderé"])
def test_a_name_that_is_not_pascal_case_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="name must be 1 to 60 letters and digits in PascalCase"):
        EventContract(name=name, source="shop", detail_model=Note)


@pytest.mark.parametrize("version", ["1", "0.9", "1.0.0", "v1.0", "01.0", "1.00"])
def test_a_version_that_is_not_major_minor_is_refused(version: str) -> None:
    with pytest.raises(ConfigError, match=r"version must be 'major\.minor'"):
        EventContract(name="NoteWritten", version=version, source="shop", detail_model=Note)


@pytest.mark.parametrize("source", ["aws.shop", "", "my shop", "s" * 257])
def test_a_source_that_eventbridge_refuses_is_refused(source: str) -> None:
    with pytest.raises(ConfigError, match="source must be 1 to 256 letters"):
        EventContract(name="NoteWritten", source=source, detail_model=Note)


@pytest.mark.parametrize("model", [int, RootModel[list[int]], dict, object])
def test_a_model_of_no_json_object_is_refused(model: type) -> None:
    with pytest.raises(ConfigError, match="detail_model must be a pydantic model or dataclass"):
        EventContract(name="NoteWritten", source="shop", detail_model=model)


def test_an_example_that_does_not_fit_is_refused_by_its_place() -> None:
    with pytest.raises(ConfigError, match=r"examples\[1\]: detail\.text must be given"):
        EventContract(
            name="NoteWritten", source="shop", detail_model=Note, examples=[{"text": "a"}, {}]
        )


def test_the_first_major_version_has_the_bare_name_as_detail_type() -> None:
    assert order_placed(version="1.7").pattern == {
        "source": ["shop/checkout"],
        "detail-type": ["OrderPlaced"],
    }


def test_a_later_major_version_has_a_detail_type_of_its_own() -> None:
    assert order_placed(version="2.0").pattern["detail-type"] == ["OrderPlaced.v2"]


# ── Schema ───────────────────────────────────────────────────────────────────────────────────────


def test_the_schema_names_its_draft_its_contract_and_the_fields_of_the_wire() -> None:
    schema = CONTRACT.detail_schema()

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == "urn:event:shop/checkout:OrderPlaced:1.0"
    assert schema["title"] == "OrderPlaced"
    assert schema["description"] == "An order has been placed and paid."
    assert schema["examples"] == [DETAIL]
    assert schema["required"] == ["orderId", "placedAt", "channel", "lines", "payment", "total"]


def test_a_dataclass_is_a_model_too() -> None:
    contract = EventContract(name="ParcelSent", source="shop", detail_model=Parcel)

    entry = contract.entry(Parcel(weight_grams=70, sent_on=date(2026, 11, 23)))

    assert json.loads(entry["Detail"]) == {"weight_grams": 70, "sent_on": "2026-11-23"}
    with pytest.raises(ConfigError, match=r"detail\.colour must be a field of ParcelSent 1\.0"):
        contract.entry({"weight_grams": 70, "sent_on": "2026-11-23", "colour": "red"})


def test_a_model_that_contains_itself_is_accepted() -> None:
    class Folder(BaseModel):
        name: str
        folders: list["Folder"] = []

    contract = EventContract(name="FolderMade", source="shop", detail_model=Folder)

    entry = contract.entry({"name": "a", "folders": [{"name": "b"}]})
    assert entry["DetailType"] == "FolderMade"


# ── Entries ──────────────────────────────────────────────────────────────────────────────────────


def test_an_entry_has_what_was_asked_for_and_nothing_else() -> None:
    moment = datetime(2026, 11, 23, tzinfo=UTC)

    bare = CONTRACT.entry(DETAIL)
    full = CONTRACT.entry(
        DETAIL,
        event_bus_name="bus",
        resources=["arn:aws:s3:::b"],
        time=moment,
        trace_header="Root=1",
    )

    assert bare == {
        "Source": "shop/checkout",
        "DetailType": "OrderPlaced",
        "Detail": bare["Detail"],
    }
    assert json.loads(bare["Detail"]) == DETAIL
    assert full == {
        **bare,
        "EventBusName": "bus",
        "Resources": ["arn:aws:s3:::b"],
        "Time": moment,
        "TraceHeader": "Root=1",
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lines": None}, "detail.lines must fit OrderPlaced 1.0, got None; input should be"),
        (
            {"lines": [{"productId": "p", "quantity": 0}]},
            "detail.lines.0.quantity must fit OrderPlaced 1.0, got 0; input should be greater",
        ),
        (
            {"lines": [{"productId": "p", "quantity": "2"}]},
            "detail.lines.0.quantity must fit OrderPlaced 1.0, got '2'; input should be a valid "
            "integer",
        ),
        (
            {"lines": [{"productId": "p", "quantity": 2, "price": 3}]},
            "detail.lines.0.price must be a field of OrderPlaced 1.0, got 3; leave it out",
        ),
        ({"colour": "red"}, "detail.colour must be a field of OrderPlaced 1.0, got 'red'"),
        ({"channel": "fax"}, "detail.channel must fit OrderPlaced 1.0, got 'fax'"),
        ({"total": float("nan")}, "detail.total must fit OrderPlaced 1.0, got 'NaN'"),
        ({"note": object()}, "detail must be what JSON can carry"),
    ],
)
def test_a_detail_that_breaks_a_rule_is_refused_by_field(
    change: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        CONTRACT.entry({**DETAIL, **change})

    assert message in str(refusal.value)


def test_a_field_goes_by_its_name_on_the_wire_alone() -> None:
    detail = {name: value for name, value in DETAIL.items() if name != "orderId"}

    with pytest.raises(ConfigError, match=r"detail\.orderId must be given"):
        CONTRACT.entry({**detail, "order_id": DETAIL["orderId"]})


def test_a_missing_field_is_named() -> None:
    detail = {name: value for name, value in DETAIL.items() if name != "total"}

    with pytest.raises(ConfigError, match=r"detail\.total must be given, got nothing; OrderPlaced"):
        CONTRACT.entry(detail)


def test_a_model_that_was_not_checked_when_made_is_checked_when_published() -> None:
    unchecked = Line.model_construct(product_id="p", quantity=0)
    contract = EventContract(name="LineAdded", source="shop", detail_model=Line)

    with pytest.raises(ConfigError, match=r"detail\.quantity must fit LineAdded 1\.0, got 0"):
        contract.entry(unchecked)


# PutEvents counts source, detail type and detail in bytes of UTF-8, and 14 for the time.
_FIXED_BYTES = len("shop" + "NoteWritten" + '{"text":""}')


@pytest.mark.parametrize("letter", ["a", "字"])
@pytest.mark.parametrize("time", [None, datetime(2026, 11, 23, tzinfo=UTC)])
def test_an_entry_is_refused_exactly_from_the_limit_on(letter: str, time: datetime | None) -> None:
    contract = EventContract(name="NoteWritten", source="shop", detail_model=Note)
    room = ENTRY_BYTES_LIMIT - _FIXED_BYTES - (14 if time else 0)
    width = len(letter.encode())
    text = letter * (room // width) + "a" * (room % width)

    contract.entry({"text": text[:-1]}, time=time)
    with pytest.raises(
        ConfigError, match="the entry must be smaller than 1048576 bytes, got 10485"
    ):
        contract.entry({"text": text}, time=time)


# ── Consumers ────────────────────────────────────────────────────────────────────────────────────

_LINES = st.fixed_dictionaries({"product_id": st.text(min_size=1), "quantity": st.integers(1, 99)})
_CARDS = st.fixed_dictionaries(
    {"kind": st.just("card"), "last_digits": st.from_regex("[0-9]{4}", fullmatch=True)}
)
_INVOICES = st.fixed_dictionaries({"kind": st.just("invoice"), "due_on": st.dates()})
_ORDERS = st.fixed_dictionaries(
    {
        "order_id": st.uuids(),
        "placed_at": st.datetimes(timezones=st.just(UTC)),
        "channel": st.sampled_from(Channel),
        "lines": st.lists(_LINES, min_size=1, max_size=3),
        "payment": _CARDS | _INVOICES,
        "total": st.floats(min_value=0.01, max_value=1e9),
    },
    optional={
        "size": st.none() | st.tuples(st.integers(), st.integers()),
        "note": st.none() | st.text(),
        "labels": st.dictionaries(st.text(), st.text(), max_size=2),
    },
).map(OrderPlaced.model_validate)
_PARSER = CONTRACT.parser_model()


@given(order=_ORDERS)
def test_what_is_published_is_what_the_consumer_reads(order: OrderPlaced) -> None:
    published = json.loads(CONTRACT.entry(order)["Detail"])

    read = _PARSER.model_validate(CONTRACT.sample_event(published))

    assert read.detail == order


def test_a_consumer_ignores_fields_that_a_minor_version_added() -> None:
    event = CONTRACT.sample_event()
    event["detail"] = {**DETAIL, "addedIn": "1.1"}

    read = _PARSER.model_validate(event)

    assert isinstance(read.detail, OrderPlaced)
    assert read.detail.order_id == UUID(str(DETAIL["orderId"]))


@pytest.mark.parametrize(
    ("field", "value"), [("source", "other"), ("detail-type", "OrderPlaced.v2"), ("detail", {})]
)
def test_a_consumer_refuses_another_event(field: str, value: object) -> None:
    with pytest.raises(ValidationError):
        _PARSER.model_validate({**CONTRACT.sample_event(), field: value})


def test_a_sample_event_is_what_eventbridge_delivers() -> None:
    event = CONTRACT.sample_event(
        event_id="e-1",
        time=datetime(2026, 11, 23, 9, tzinfo=UTC),
        account="111122223333",
        region="eu-west-1",
        replay_name="again",
    )

    assert event == {
        "version": "0",
        "id": "e-1",
        "detail-type": "OrderPlaced",
        "source": "shop/checkout",
        "account": "111122223333",
        "time": "2026-11-23T09:00:00Z",
        "region": "eu-west-1",
        "resources": [],
        "replay-name": "again",
        "detail": DETAIL,
    }
    assert "replay-name" not in CONTRACT.sample_event()


def test_a_contract_without_examples_makes_no_sample_without_a_detail() -> None:
    with pytest.raises(ConfigError, match="detail must be given, got None"):
        order_placed(examples=()).sample_event()
