"""The journal of mails: that one was sent, not to whom nor what it says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from ministack.services import ses, ses_v2

from constructs_lib.local._journal_records import MailSent
from constructs_lib.local.extensions import journal_store
from constructs_lib.local.extensions.journal_callers import current_caller

_RECIPIENTS = ("To", "CC", "BCC")
_CONTENTS = ("Subject", "BodyText", "BodyHtml")
_Mail = Mapping[str, object]


def register() -> None:
    """Watch the one list that every way of sending ends in."""
    watched = _watching(ses._sent_emails_list)
    ses._sent_emails_list = watched
    ses_v2._sent_emails_list = watched


class _Sent(list[_Mail]):
    """The mails of an account and region."""

    def append(self, mail: _Mail) -> None:
        super().append(mail)
        texts = [str(mail.get(name) or "") for name in _CONTENTS]
        journal_store.add(
            MailSent,
            message_id=str(mail.get("MessageId", "")),
            recipients=sum(len(cast(list[str], mail.get(name) or ())) for name in _RECIPIENTS),
            size_bytes=sum(len(text.encode()) for text in texts),
            caller=current_caller(),
        )


def _watching(sent_mails: Callable[[], list[_Mail]]) -> Callable[[], list[_Mail]]:
    def watched() -> list[_Mail]:
        mails = sent_mails()
        if not isinstance(mails, _Sent):
            mails = ses._sent_emails["entries"] = _Sent(mails)
        return mails

    return watched
