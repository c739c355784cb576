"""The transitions that a level of tests does not take, each with its reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.coverage_table import Excepted, Row
from tests.workflow_coverage import Transition

_TOO_MUCH_DATA = Excepted(
    "no service answers here with more than 256 KB", Transition("", "States.DataLimitExceeded", "")
)


def _each(reason: str, *transitions: tuple[str, str, str]) -> list[Excepted]:
    return [Excepted(reason, Transition(*transition)) for transition in transitions]


#: An empty text stands for any name. What is not listed here must be complete.
EXCEPTED: Mapping[Row, Sequence[Excepted]] = {
    Row("sign-up", "b"): [_TOO_MUCH_DATA],
    Row("sign-up", "c"): [
        _TOO_MUCH_DATA,
        *_each(
            "PutEvents succeeds even for a bus that is gone, as on AWS",
            ("Announce sign-up", "States.ALL", "Delete profile"),
            ("Delete profile", "Next", "Withdraw code"),
            ("Delete profile", "DynamoDB.ConditionalCheckFailedException", "Withdraw code"),
            ("Publish SignUpFailed", "States.ALL", ""),
        ),
        *_each(
            "the emulated SES knows no sending limits",
            ("Mail confirmation code", "", "Pause before mailing again"),
            ("Pause before mailing again", "Next", ""),
            ("Mail again?", "Choice", ""),
        ),
        *_each(
            "user names are new UUIDs; it takes an answer that was lost",
            ("Create identity", "CognitoIdentityProvider.UsernameExistsException", ""),
        ),
    ],
    Row("confirm-email", "c"): _each(
        "fails only between two calls of one execution, and nothing injects errors here",
        ("Let sign-up go on", "States.ALL", ""),
        ("Mark code as used", "States.ALL", ""),
    ),
    Row("ticket-triage", "c"): [
        *_each(
            "PutEvents succeeds even for a bus that is gone, as on AWS",
            ("Announce triage", "States.ALL", ""),
        ),
        *_each(
            "no tag is so bad; it takes an evaluator that breaks down",
            ("Normalize tags", "States.ALL", ""),
        ),
    ],
}
