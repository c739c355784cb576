"""Ask for sign-ups by events, listen to what the services tell each other, see how each ends."""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from constructs_lib.demo.drive_sign_ups import NAMED_OUTCOMES, SIGNED_UP
from constructs_lib.demo.follow_events import QueueReader, ReceivedEvent
from constructs_lib.demo.inputs import SignUpRequest
from constructs_lib.demo.turns import may_start
from constructs_lib.demo.waiting import wait_for
from constructs_lib.local import EmbeddedAws, Mailbox

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

#: Events that tell a person's address or name; the archive does not keep them.
PERSONAL = frozenset({"SignUpRequested", "EmailReserved"})
_USER_SIGNED_UP = "UserSignedUp"
_ENDS = {_USER_SIGNED_UP, "SignUpRejected", "SignUpFailed"}
_REFUSAL = ("SignUpRequested", "SignUpRejected")
_CHAINS: Mapping[str, Sequence[str]] = {
    SIGNED_UP: ("SignUpRequested", "EmailReserved", "IdentityCreated", _USER_SIGNED_UP),
    "SignUp.EmailTaken": _REFUSAL,
    "SignUp.InvalidRequest": _REFUSAL,
}
# Four functions one after the other, each started by itself on a machine that may be busy.
_DEADLINE_SECONDS = 180
_WELCOME_SUBJECT = "Welcome"


@dataclass(frozen=True, kw_only=True)
class ChoreographedResult:
    """What became of one sign-up: the events about it, in order, and what its last one says."""

    request: SignUpRequest
    request_id: str
    chain: Sequence[ReceivedEvent]
    is_welcomed: bool

    @property
    def detail_types(self) -> Sequence[str]:
        """What was told, in order."""
        return tuple(event.detail_type for event in self.chain)

    @property
    def outcome(self) -> str:
        """``signed up``, the name of the error, or that it has not ended."""
        end = self._end
        if end is None:
            return "not ended"
        return SIGNED_UP if end.detail_type == _USER_SIGNED_UP else end.detail["error"]

    @property
    def rule(self) -> str | None:
        """The rule that an invalid request breaks."""
        return self._end.detail.get("rule") if self._end else None

    @property
    def event_id(self) -> str | None:
        """The id of ``UserSignedUp``, if there was one."""
        return self._end.id if self._end and self.outcome == SIGNED_UP else None

    @property
    def seconds(self) -> float | None:
        """From the request to its end."""
        return self._end.arrived_at - self.chain[0].arrived_at if self._end else None

    @property
    def as_expected(self) -> bool:
        """The outcome is the file's, the chain is the outcome's, and only users are welcomed."""
        outcome = self.outcome
        is_right = outcome in NAMED_OUTCOMES and outcome == (self.request.expected or outcome)
        return (
            is_right
            and self.detail_types == _CHAINS.get(outcome)
            and self.is_welcomed is (outcome == SIGNED_UP)
            and (self.rule is not None) is (outcome == "SignUp.InvalidRequest")
        )

    @property
    def _end(self) -> ReceivedEvent | None:
        return next((event for event in self.chain if event.detail_type in _ENDS), None)


def sign_up_entry(
    request: SignUpRequest, *, request_id: str, bus_name: str
) -> "PutEventsRequestEntryTypeDef":
    """The event by which a form asks for a sign-up."""
    return {
        "EventBusName": bus_name,
        "Source": "sign-up-form",
        "DetailType": "SignUpRequested",
        "Detail": json.dumps(
            {
                "requestId": request_id,
                "correlationId": request_id,
                "email": request.email,
                "name": request.name,
            }
        ),
    }


def drive_choreography(
    aws: EmbeddedAws,
    bus_arn: str,
    requests: Sequence[SignUpRequest],
    *,
    heard: QueueReader,
    on_finished: Callable[[int], None],
) -> Sequence[ChoreographedResult]:
    """Publish each request, as many at once as the addresses allow, and wait for all ends.

    Args:
        heard: Hears all that is said on the bus.
        on_finished: Hears how many are done.
    """
    events, mailbox = aws.client("events"), Mailbox(aws)
    earlier_mails = len(mailbox.messages())
    request_ids = [f"form-{number:04}" for number in range(1, len(requests) + 1)]
    published: set[int] = set()

    def publish_the_next() -> Collection[int]:
        heard.read()
        ended = {
            index
            for index, request_id in enumerate(request_ids)
            if _ENDS.intersection(event.detail_type for event in _chain(heard, request_id))
        }
        for index in may_start(requests, started=published, finished=ended):
            entry = sign_up_entry(
                requests[index],
                request_id=request_ids[index],
                bus_name=bus_arn.rpartition("/")[2],
            )
            events.put_events(Entries=[entry])
            published.add(index)
        on_finished(len(ended))
        return ended

    ended = wait_for(
        publish_the_next,
        until=lambda seen: len(seen) == len(requests),
        within_seconds=_DEADLINE_SECONDS,
    )
    chains = [_chain(heard, request_id) for request_id in request_ids]
    users = {index for index in ended if chains[index][-1].detail_type == _USER_SIGNED_UP}
    addresses = {requests[index].normalized_email for index in users}
    welcomed = wait_for(
        lambda: {
            mail.to[0]
            for mail in mailbox.messages()[earlier_mails:]
            if mail.subject == _WELCOME_SUBJECT
        },
        until=lambda seen: seen >= addresses,
    )
    return [
        ChoreographedResult(
            request=request,
            request_id=request_id,
            chain=chain,
            # Who is refused an address is not the user who was welcomed at it.
            is_welcomed=request.normalized_email in welcomed
            and (index in users or request.normalized_email not in addresses),
        )
        for index, (request, request_id, chain) in enumerate(
            zip(requests, request_ids, chains, strict=True)
        )
    ]


def _chain(heard: QueueReader, request_id: str) -> Sequence[ReceivedEvent]:
    """The events about a request, as they came."""
    about = [event for event in heard.events if event.detail.get("requestId") == request_id]
    return sorted(about, key=lambda event: event.arrived_at)
