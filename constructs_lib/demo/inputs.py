"""The demo's input files: read, checked as a whole, refused with file, line, field and rule."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

_Model = TypeVar("_Model", bound=BaseModel)


class InputError(ValueError):
    """An input file cannot be used; the message names file, line, field and rule."""


class SignUpRequest(BaseModel):
    """One line of a sign-ups file.

    ``name`` and ``email`` are sent as they are: judging them is the workflow's business.
    ``choreographed`` sends it to the services that only know events, which mail no code.
    ``confirms`` says whether the person enters the code that the workflow mails.
    ``expected`` is the outcome that the demo insists on; without it any named outcome will do.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str
    email: str
    choreographed: bool = False
    confirms: bool = True
    expected: (
        Literal["signed up", "SignUp.EmailTaken", "SignUp.InvalidRequest", "SignUp.NotConfirmed"]
        | None
    ) = None

    @property
    def normalized_email(self) -> str:
        """The address as the workflow compares it."""
        return " ".join(self.email.split()).lower()


class Ticket(BaseModel):
    """What the triage reads of a ticket; other fields are the partner's."""

    model_config = ConfigDict(frozen=True, strict=True)

    id: int
    priority: int = Field(ge=1, le=4)


class Requester(BaseModel):
    """Who wrote the ticket."""

    model_config = ConfigDict(frozen=True, strict=True)

    email: str = Field(pattern="^[^@]+@[^@]+$")


class TicketDetail(BaseModel):
    """The event's detail; sent to the partner bus with all its fields."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    ticket: Ticket
    requester: Requester


class TicketEvent(BaseModel):
    """One event of a tickets file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    detail_type: str = Field(alias="detail-type", min_length=1, max_length=128)
    detail: TicketDetail


def read_sign_ups(path: Path) -> Sequence[SignUpRequest]:
    """Read a JSON Lines file, one request a line; empty lines do not count.

    Raises:
        InputError: The file cannot be read, holds no request, or one of them breaks a rule.
    """
    requests = [
        _checked(SignUpRequest, line, path, number)
        for number, line in enumerate(_text(path).splitlines(), start=1)
        if line.strip()
    ]
    if not requests:
        raise InputError(f"{path}, line 1: the file must hold at least one sign-up, got none")
    return requests


def read_tickets(path: Path) -> Sequence[tuple[TicketEvent, str]]:
    """Read a JSON file, one event or a list of events: each checked, and its detail as written.

    Raises:
        InputError: The file cannot be read, is not JSON, or an event breaks a rule.
    """
    text = _text(path)
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{path}, line {error.lineno}: must be JSON, {error.msg}") from None
    raw_events = document if isinstance(document, list) else [document]
    if not raw_events:
        raise InputError(f"{path}, line 1: the file must hold at least one ticket, got none")
    tickets = []
    start = 0
    for raw in raw_events:
        start = text.index("{", start) if isinstance(raw, dict) else start
        event_text, end = text[start:], start
        if isinstance(raw, dict):
            _, length = json.JSONDecoder().raw_decode(event_text)
            end = start + length
        first_line = text.count("\n", 0, start) + 1
        event = _checked(TicketEvent, json.dumps(raw), path, first_line, text[start:end])
        tickets.append((event, json.dumps(raw["detail"])))
        start = end
    return tickets


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"{path}: the file must be readable, {reason}") from None


def _checked(
    model: type[_Model], text: str, path: Path, first_line: int, source: str = ""
) -> _Model:
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        names = [str(part) for part in first["loc"]]
        line = first_line + _lines_before(names, source)
        field = f"field {'.'.join(names)}: " if names else ""
        value = "" if first["type"] == "missing" else f", got {json.dumps(first['input'])[:80]}"
        raise InputError(f"{path}, line {line}: {field}{first['msg'].lower()}{value}") from None


def _lines_before(names: Sequence[str], source: str) -> int:
    """How many lines into ``source`` the deepest of the nested ``names`` stands."""
    position = 0
    for name in names:
        found = source.find(f'"{name}"', position)
        if found < 0:
            break
        position = found
    return source.count("\n", 0, position)
