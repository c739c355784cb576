"""What the embedded AWS has sent by e-mail; nothing of it leaves this machine."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from email.utils import parseaddr
from typing import TYPE_CHECKING, TypedDict, cast

if TYPE_CHECKING:
    from constructs_lib.local.account import EmbeddedAccount

_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Mail:
    """A message as SES accepted it, templates filled in; a part it does not have is empty.

    ``to`` is everybody who gets it, copies and blind copies included.
    """

    to: tuple[str, ...]
    sender: str
    subject: str
    text: str
    html: str


class Mailbox:
    """Every message that an embedded AWS's account has sent, by SES (v1 or v2) or Cognito.

    As on AWS, SES refuses a sender that is no verified identity (``MessageRejected``); there is no
    link to click here, an identity is verified as soon as it is created. Recipients need no
    verification: the account is out of the sandbox until ``PutAccountDetails`` says otherwise.

    Args:
        aws: The running AWS or an account of it; the mailbox is that of its ``account_id``, in all
            regions.
    Source: MiniStack 1.5.33, ``/_ministack/ses/messages``.
    """

    def __init__(self, aws: EmbeddedAccount) -> None:
        self._aws = aws

    def messages(self, *, to: str | None = None) -> Sequence[Mail]:
        """All messages, or those that ``to`` gets, oldest first.

        Args:
            to: An address; upper and lower case are the same, and a name before it is ignored.
        Raises:
            EmbeddedAwsError: The embedded AWS is not running.
        """
        mails = [_mail(record) for record in self._records()]
        if to is None:
            return mails
        return [mail for mail in mails if _address(to) in map(_address, mail.to)]

    def latest(self, *, to: str, within_seconds: float = 10) -> Mail:
        """The newest message that ``to`` gets; waits for one only while there is none.

        Args:
            to: An address, as for ``messages``.
            within_seconds: How long to wait, in real time.
        Raises:
            TimeoutError: There was none in that time.
            EmbeddedAwsError: The embedded AWS is not running.
        """
        deadline = time.monotonic() + within_seconds
        while True:
            mails = self.messages(to=to)
            if mails:
                return mails[-1]
            if time.monotonic() >= deadline:
                raise TimeoutError(
                    f"no mail to {to} within {within_seconds:g} seconds; check that the sender "
                    "is a verified identity, or wait longer"
                )
            time.sleep(_POLL_SECONDS)

    def _records(self) -> list[_Record]:
        account = self._aws.account_id
        url = f"{self._aws.endpoint_url}/_ministack/ses/messages?account={account}"
        # A proxy of the surroundings has no business with loopback.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=10) as response:
            answer = cast(dict[str, dict[str, list[_Record]]], json.load(response))
        records = answer["messages"].get(account, [])
        # They come region by region.
        return sorted(records, key=lambda record: record["Timestamp"])


class _Record(TypedDict):
    Source: str
    To: list[str]
    CC: list[str]
    BCC: list[str]
    Subject: str | None
    BodyText: str | None
    BodyHtml: str | None
    Timestamp: float


def _mail(record: _Record) -> Mail:
    return Mail(
        to=(*record["To"], *record["CC"], *record["BCC"]),
        sender=record["Source"],
        subject=record["Subject"] or "",
        text=record["BodyText"] or "",
        html=record["BodyHtml"] or "",
    )


def _address(written: str) -> str:
    return parseaddr(written)[1].casefold()
