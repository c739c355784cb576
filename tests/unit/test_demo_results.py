"""When the demo calls an outcome expected, and what it prints and returns when one is not."""

import io
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from constructs_lib import cli
from constructs_lib.commands import demo as demo_command
from constructs_lib.demo.crm import Contact
from constructs_lib.demo.drive_replay import ReplayResult
from constructs_lib.demo.drive_sign_ups import SignUpResult
from constructs_lib.demo.drive_tickets import TicketResult
from constructs_lib.demo.follow_events import EventResult
from constructs_lib.demo.inputs import InputError, SignUpRequest, TicketEvent
from constructs_lib.demo.phases import Phases
from constructs_lib.demo.report import show_contacts, show_sign_ups
from constructs_lib.demo.waiting import wait_for
from constructs_lib.local import EmbeddedAwsError

_TICKET = TicketEvent.model_validate(
    {
        "detail-type": "onTicketCreate",
        "detail": {
            "ticket": {"id": 7, "priority": 2},
            "requester": {"email": "ada@example.com"},
        },
    }
)


def _sign_up(outcome: str, expected: str | None) -> SignUpResult:
    request = SignUpRequest.model_validate(
        {"name": "Ada [red]", "email": "ada@example.com", "expected": expected}
    )
    return SignUpResult(request=request, outcome=outcome, path=("Check request",))


@pytest.mark.parametrize(
    ("outcome", "expected", "as_expected"),
    [
        ("signed up", "signed up", True),
        ("SignUp.EmailTaken", "signed up", False),
        ("signed up", "SignUp.EmailTaken", False),
        ("signed up", None, True),
        ("SignUp.InvalidRequest", None, True),
        ("States.Runtime", None, False),
        ("RUNNING", None, False),
    ],
)
def test_a_sign_up_must_end_as_the_file_says_or_else_with_a_name(
    outcome: str, expected: str | None, as_expected: bool
) -> None:
    assert _sign_up(outcome, expected).as_expected is as_expected


@pytest.mark.parametrize(
    ("status", "triaged", "as_expected"),
    [
        ("SUCCEEDED", {"requester": "user", "urgency": "normal"}, True),
        ("SUCCEEDED", {"requester": "unknown", "urgency": "normal"}, False),
        ("SUCCEEDED", {}, False),
        ("FAILED", {"requester": "user", "urgency": "normal"}, False),
        ("not started", {}, False),
    ],
)
def test_a_ticket_must_be_triaged_rightly(
    status: str, triaged: dict[str, str], as_expected: bool
) -> None:
    result = TicketResult(
        ticket=_TICKET,
        execution_name=None,
        status=status,
        path=(),
        triaged=triaged,
        expected={"requester": "user", "urgency": "normal"},
        triaged_event_id=None,
    )

    assert result.as_expected is as_expected


@pytest.mark.parametrize(
    ("received_by", "as_expected"),
    [(["queue", "function"], True), (["queue"], False), ([], False)],
)
def test_an_event_must_reach_all_who_follow_it(received_by: list[str], as_expected: bool) -> None:
    result = EventResult(
        id="1",
        detail_type="UserSignedUp",
        received_by=received_by,
        expected_by=["queue", "function"],
    )

    assert result.as_expected is as_expected


@pytest.mark.parametrize(
    ("state", "archived", "delivered", "as_expected"),
    [
        ("COMPLETED", 2, ["a", "b"], True),
        ("FAILED", 2, ["a", "b"], False),
        ("COMPLETED", 1, ["a", "b"], False),
        ("COMPLETED", 2, ["a"], False),
        ("COMPLETED", 2, ["a", "a"], False),
        ("COMPLETED", 2, ["a", "b", "b"], False),
    ],
)
def test_a_replay_must_deliver_each_archived_event_once(
    state: str, archived: int, delivered: list[str], as_expected: bool
) -> None:
    result = ReplayResult(
        name="replay",
        state=state,
        archived=archived,
        expected_archived=2,
        delivered={"queue": delivered},
        expected_delivered={"queue": ["a", "b"]},
    )

    assert result.as_expected is as_expected


def test_a_wrong_outcome_is_marked_and_names_are_printed_as_they_are() -> None:
    printed = io.StringIO()

    show_sign_ups(
        Console(file=printed, width=120),
        [_sign_up("signed up", "signed up"), _sign_up("signed up", "SignUp.EmailTaken")],
    )

    good, bad = (line for line in printed.getvalue().splitlines() if "Ada [red]" in line)
    assert good.startswith("│ ✓")
    assert bad.startswith("│ ✗")


def test_a_contact_that_is_missing_unasked_for_or_of_another_request_is_marked() -> None:
    printed = io.StringIO()

    show_contacts(
        Console(file=printed, width=120),
        {
            user_id: Contact(name="User", unique_external_id=user_id, correlation_id="request-1")
            for user_id in ("user-1", "user-2", "user-3")
        },
        expected={"user-1": "request-1", "user-2": "request-2", "user-4": "request-4"},
    )

    rows = [line for line in printed.getvalue().splitlines() if "user-" in line]
    assert {line.split("│")[2].strip(): line.split("│")[1].strip() for line in rows} == {
        "user-1": "✓",
        "user-2": "✗",
        "user-3": "✗",
        "user-4": "✗",
    }


def test_each_phase_is_printed_with_its_time() -> None:
    printed = io.StringIO()
    phases = Phases(Console(file=printed, width=120))

    with phases.phase("cdk deploy") as say:
        say("[bold] 1 of 2")
    phases.total()

    first, last = printed.getvalue().splitlines()
    assert first.startswith("✓ cdk deploy")
    assert last.startswith("✓ all phases")
    assert first.endswith("0.0 s")


def test_waiting_ends_with_the_condition_or_the_deadline() -> None:
    seen = iter(range(100))

    assert wait_for(lambda: next(seen), until=lambda number: number == 3) == 3
    assert wait_for(lambda: "never", until=lambda _: False, within_seconds=0) == "never"


@pytest.mark.parametrize(
    ("ending", "exit_code", "message"),
    [
        (True, 0, "every outcome was the expected one"),
        (False, 1, "not every outcome was the expected one"),
        (InputError("f, line 1: field name: wrong"), 2, "f, line 1: field name: wrong"),
        (EmbeddedAwsError("did not start"), 1, "did not start"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_the_exit_status_of_the_demo_says_how_it_ended(
    monkeypatch: pytest.MonkeyPatch, ending: bool | BaseException, exit_code: int, message: str
) -> None:
    def run_demo(**_arguments: Path | Console) -> bool:
        if isinstance(ending, BaseException):
            raise ending
        return ending

    monkeypatch.setattr(demo_command, "run_demo", run_demo)

    result = CliRunner().invoke(cli.app, ["demo"])

    assert result.exit_code == exit_code
    assert message in result.output or exit_code == 0
