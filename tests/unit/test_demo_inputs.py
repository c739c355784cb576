import json
from collections.abc import Callable
from pathlib import Path

import pytest

from constructs_lib.demo.inputs import InputError, read_sign_ups, read_tickets

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
_TICKET = {
    "detail-type": "onTicketCreate",
    "detail": {
        "ticket": {"id": 7, "priority": 2, "tags": ["a"]},
        "requester": {"email": "ada@example.com"},
    },
}


def _file(folder: Path, text: str) -> Path:
    path = folder / "input"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_sign_ups_hold_what_the_demo_promises() -> None:
    requests = read_sign_ups(EXAMPLES / "sign_ups.jsonl")

    assert len(requests) >= 12
    assert any(not request.name.isascii() for request in requests)
    assert any(request.email != request.email.strip() for request in requests)
    assert any(request.email != request.email.lower() for request in requests)
    by_workflow = {request.expected for request in requests if not request.choreographed}
    by_events = {request.expected for request in requests if request.choreographed}
    assert by_events == {"signed up", "SignUp.EmailTaken", "SignUp.InvalidRequest"}
    assert by_workflow == by_events | {"SignUp.NotConfirmed"}


def test_empty_lines_of_a_sign_ups_file_do_not_count(tmp_path: Path) -> None:
    path = _file(tmp_path, '\n{"name": "Ada", "email": "ada@example.com"}\n\n')

    (request,) = read_sign_ups(path)

    assert (request.name, request.email, request.expected) == ("Ada", "ada@example.com", None)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("not json", "line 2: invalid json: expected ident at line 1 column 2"),
        ("[]", "line 2: input should be an object, got []"),
        ('{"name": "Ada"}', "line 2: field email: field required"),
        (
            '{"name": 7, "email": "a@b.c"}',
            "line 2: field name: input should be a valid string, got 7",
        ),
        (
            '{"name": "A", "email": "a@b.c", "mail": "x"}',
            'line 2: field mail: extra inputs are not permitted, got "x"',
        ),
        (
            '{"name": "A", "email": "a@b.c", "expected": "green"}',
            "line 2: field expected: input should be 'signed up', 'SignUp.EmailTaken', "
            "'SignUp.InvalidRequest' or 'SignUp.NotConfirmed', got \"green\"",
        ),
    ],
)
def test_a_bad_sign_up_is_refused_with_file_line_field_and_rule(
    tmp_path: Path, line: str, message: str
) -> None:
    path = _file(tmp_path, f'{{"name": "Ada", "email": "ada@example.com"}}\n{line}\n')

    with pytest.raises(InputError) as refusal:
        read_sign_ups(path)

    assert str(refusal.value).lower().startswith(f"{path}, {message}".lower())
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("read", [read_sign_ups, read_tickets])
def test_a_missing_file_is_refused_by_name(tmp_path: Path, read: Callable[[Path], object]) -> None:
    with pytest.raises(InputError, match="nowhere: the file must be readable, No such file"):
        read(tmp_path / "nowhere")


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "input"
    path.write_bytes(b"\xff\xfe")

    with pytest.raises(InputError, match="it is not UTF-8 text"):
        read_sign_ups(path)


@pytest.mark.parametrize(("read", "text"), [(read_sign_ups, "\n"), (read_tickets, "[]")])
def test_a_file_without_an_entry_is_refused(
    tmp_path: Path, read: Callable[[Path], object], text: str
) -> None:
    with pytest.raises(InputError, match="line 1: the file must hold at least one"):
        read(_file(tmp_path, text))


@pytest.mark.parametrize("document", [_TICKET, [_TICKET]])
def test_tickets_come_one_or_in_a_list_and_keep_the_partners_fields(
    tmp_path: Path, document: object
) -> None:
    ((event, detail),) = read_tickets(_file(tmp_path, json.dumps(document)))

    assert event.detail_type == "onTicketCreate"
    assert json.loads(detail) == _TICKET["detail"]


def test_a_bad_ticket_is_refused_with_the_line_of_its_field(tmp_path: Path) -> None:
    bad = json.loads(json.dumps(_TICKET))
    bad["detail"]["ticket"]["priority"] = 9
    text = json.dumps([_TICKET, bad], indent=2)
    expected_line = text[: text.rindex('"priority"')].count("\n") + 1

    with pytest.raises(InputError) as refusal:
        read_tickets(_file(tmp_path, text))

    assert f"line {expected_line}: field detail.ticket.priority: " in str(refusal.value)
    assert "less than or equal to 4, got 9" in str(refusal.value)


def test_a_ticket_without_a_requester_is_refused(tmp_path: Path) -> None:
    document = {"detail-type": "onTicketCreate", "detail": {"ticket": {"id": 7, "priority": 2}}}

    with pytest.raises(InputError, match=r"field detail\.requester: field required"):
        read_tickets(_file(tmp_path, json.dumps(document)))


def test_tickets_that_are_not_json_are_refused_with_the_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="line 2: must be JSON"):
        read_tickets(_file(tmp_path, "[\n{,}]"))
