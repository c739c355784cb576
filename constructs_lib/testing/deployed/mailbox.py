"""Read what the deployed system has mailed."""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib.local import EmbeddedAccount, Mail, Mailbox
from constructs_lib.testing.deployed.context import Context, in_time
from constructs_lib.testing.deployed.waiting import Within

_WITHIN_SECONDS = 10.0


class DeployedMailbox:
    """All mail of the account; a real account's mail is read by nobody but its receivers."""

    def __init__(self, context: Context, account: EmbeddedAccount) -> None:
        self._context = context
        self._mailbox = Mailbox(account)

    def messages(self, *, to: str | None = None) -> Sequence[Mail]:
        """All messages, or those that ``to`` gets, oldest first."""
        return self._mailbox.messages(to=to)

    def latest(self, *, to: str, within: Within = _WITHIN_SECONDS) -> Mail:
        """The newest message that ``to`` gets; waits for one only while there is none.

        Raises:
            ExpectationError: There was none when time was up.
        """
        __tracebackhide__ = True
        found = self._context.wait_for(
            lambda: next(reversed(self._mailbox.messages(to=to)), None), within
        )
        if found is None:
            self._context.fail(
                f"expected mail to {to} {in_time(within)}, "
                f"got mail to {', '.join(self._receivers()) or 'nobody'}"
            )
        return found

    def _receivers(self) -> list[str]:
        return sorted({to for mail in self._mailbox.messages() for to in mail.to})
