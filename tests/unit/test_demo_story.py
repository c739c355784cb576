"""The demo ends well only when each part of its story did, and shows where it did not."""

import io
from collections.abc import Mapping
from dataclasses import replace

import pytest
from rich.console import Console

from constructs_lib.demo.crm import Contact
from constructs_lib.demo.drive_choreography import ChoreographedResult
from constructs_lib.demo.drive_replay import ReplayResult
from constructs_lib.demo.drive_sign_ups import SignUpResult
from constructs_lib.demo.follow_events import EventResult, ReceivedEvent
from constructs_lib.demo.inputs import SignUpRequest
from constructs_lib.demo.partner_source import SourceState
from constructs_lib.demo.report import show_story
from constructs_lib.demo.story import Story

_REQUEST = SignUpRequest(name="Ada [red]", email="ada@example.com")
_SIGN_UP = SignUpResult(request=_REQUEST, outcome="signed up")
_CHAIN = [
    ReceivedEvent(
        id=detail_type,
        detail_type=detail_type,
        detail={"error": "SignUp.InvalidRequest", "rule": "[a] rule"},
        replay_name=None,
        arrived_at=arrived_at,
    )
    for detail_type, arrived_at in (("SignUpRequested", 10.0), ("SignUpRejected", 10.25))
]
_CHOREOGRAPHED = ChoreographedResult(
    request=_REQUEST, request_id="form-0001", chain=_CHAIN, is_welcomed=False
)
_EVENT = EventResult(
    id="1", detail_type="UserSignedUp", received_by=["queue"], expected_by=["queue"]
)
_REPLAY = ReplayResult(
    name="replay",
    state="COMPLETED",
    archived=1,
    expected_archived=1,
    delivered={"queue": ["1"]},
    expected_delivered={"queue": ["1"]},
)
_CONTACT = Contact(name="User", unique_external_id="user-1", correlation_id="form-0001")
_STORY = Story(
    sign_ups=[_SIGN_UP],
    choreographed=[_CHOREOGRAPHED],
    events=[_EVENT],
    tickets=[],
    replay=_REPLAY,
    onboardings_unchanged=True,
    contacts={"user-1": _CONTACT},
    expected_contacts={"user-1": "form-0001"},
    contacts_unchanged=True,
    dead_letters={"OneDeadLetters": 0, "OtherDeadLetters": 0},
)
_STATES = [SourceState(when="offered", seen="PENDING", expected="PENDING")]
_BROKEN: Mapping[str, Story] = {
    "sign-up": replace(_STORY, sign_ups=[_SIGN_UP, replace(_SIGN_UP, outcome="not started")]),
    "choreographed": replace(
        _STORY, choreographed=[_CHOREOGRAPHED, replace(_CHOREOGRAPHED, chain=())]
    ),
    "event": replace(_STORY, events=[_EVENT, replace(_EVENT, received_by=[])]),
    "replay": replace(_STORY, replay=replace(_REPLAY, state="Replay.Failed: no reason")),
    "onboardings": replace(_STORY, onboardings_unchanged=False),
    "contact": replace(_STORY, contacts={}),
    "contacts": replace(_STORY, contacts_unchanged=False),
    "dead letters": replace(_STORY, dead_letters={**_STORY.dead_letters, "OtherDeadLetters": 2}),
}


def _shown(story: Story, states: list[SourceState]) -> list[str]:
    printed = io.StringIO()
    show_story(Console(file=printed, width=120), story, states)
    return printed.getvalue().splitlines()


def test_a_story_of_expected_parts_is_as_expected_and_nothing_is_marked() -> None:
    assert _STORY.as_expected
    assert not any("✗" in line for line in _shown(_STORY, _STATES))


@pytest.mark.parametrize("part", _BROKEN)
def test_one_unexpected_part_spoils_the_story_and_is_marked(part: str) -> None:
    assert not _BROKEN[part].as_expected
    assert any("✗" in line for line in _shown(_BROKEN[part], _STATES))


def test_dead_letters_are_shown_with_their_queue() -> None:
    rows = [line for line in _shown(_BROKEN["dead letters"], _STATES) if "DeadLetters" in line]

    assert [row.split("│")[2].strip() for row in rows] == ["OtherDeadLetters"]


def test_a_source_in_another_state_is_marked() -> None:
    state = SourceState(when="deployed", seen="PENDING", expected="ACTIVE")

    (row,) = (line for line in _shown(_STORY, [state]) if "deployed" in line)

    assert not state.as_expected
    assert row.startswith("│ ✗")


def test_a_chain_of_events_is_shown_with_its_times_and_the_broken_rule_as_it_is() -> None:
    lines = _shown(_STORY, _STATES)

    assert "  form-0001: SignUpRequested → SignUpRejected 0.25 s ([a] rule)" in lines
