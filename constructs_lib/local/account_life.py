"""How clients of the embedded AWS take accounts, wait until they rest, and give them back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from constructs_lib.local._emulator_client import EmulatorClient

if TYPE_CHECKING:
    from constructs_lib.local.account import EmbeddedAccount

#: The emulator's paths for these; like the emulator, on loopback only.
ACCOUNTS_PATH = "/_duet/accounts"
UNDER_WAY_PATH = "/_duet/under-way"


class AccountLife(EmulatorClient):
    """The life of an account of an embedded AWS.

    Args:
        account: The account.
    """

    def __init__(self, account: EmbeddedAccount) -> None:
        self.account_id = account.account_id
        self._account = account

    @property
    def endpoint_url(self) -> str:
        """The endpoint of the emulator."""
        return self._account.endpoint_url

    def new_account_id(self) -> str:
        """The id of an account that nobody has had: the emulator hands out each id once."""
        return cast(str, self._ask_emulator(ACCOUNTS_PATH, method="POST")["account_id"])

    def drop(self) -> None:
        """End all that runs in this account and forget all that it holds, in all regions."""
        self._ask_emulator(ACCOUNTS_PATH, method="DELETE")

    def under_way(self) -> Sequence[str]:
        """What is under way in this account that no request waits for, by name.

        Executions, deliveries and their retries, invocations, messages and records that a function
        or pipe has yet to take. Not what waits for the world outside: for a task token, an
        activity's worker, or the end of a time limit.
        """
        return cast(Sequence[str], self._ask_emulator(UNDER_WAY_PATH)["under_way"])
