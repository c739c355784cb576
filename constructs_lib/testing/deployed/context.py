"""What the parts of one deployed world share: clients, resources, patience, the way to fail."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from constructs_lib.local import EmbeddedAccount
from constructs_lib.local.account_life import AccountLife
from constructs_lib.testing.deployed.expectation import ExpectationError
from constructs_lib.testing.deployed.resources import Resource, Resources
from constructs_lib.testing.deployed.waiting import Within, seconds, wait_for

if TYPE_CHECKING:
    import boto3

_Result = TypeVar("_Result")

# What loopback bears, and what AWS's request limits do.
_PAUSE_SECONDS, _PAUSE_SECONDS_OF_AWS = 0.03, 1.0
_SHOWN = 3


class Context:
    """One deployment in one account, for the helpers that a test speaks to.

    Attributes:
        source: The embedded account, or the session of a real one.
        embedded: The embedded account; None for a real one.
        begun: What the test set off, oldest first: execution ARNs and event ids.
    """

    def __init__(self, source: EmbeddedAccount | boto3.Session, resources: Resources) -> None:
        self.source = source
        self.embedded = source if isinstance(source, EmbeddedAccount) else None
        self.resources = resources
        self.begun: list[str] = []
        self._clients: dict[tuple[str, str | None], Any] = {}
        self._closers = ExitStack()

    def client(self, service: str, region: str | None = None) -> Any:
        """The boto3 client of a service, in the world's region or another one.

        It is made once and closed at the end.
        """
        key = (service, region)
        if key not in self._clients:
            made = self._made(service, region)
            self._clients[key] = self._closers.enter_context(closing(made))
        return self._clients[key]

    def _made(self, service: str, region: str | None) -> Any:
        source: Any = self.source
        if isinstance(self.source, EmbeddedAccount):
            source = self.source.account(region=region)
            return source.client(service)
        return source.client(service, region_name=region)

    def find(self, name: str, type_: str) -> Resource:
        """The one resource of a name and type; see ``Resources.find``."""
        return self.resources.find(name, type_=type_)

    def at_the_end(self, do: Callable[[], object]) -> None:
        """Do something when the test is over, before clients are closed."""
        self._closers.callback(do)

    def wait_for(self, look: Callable[[], _Result | None], within: Within) -> _Result | None:
        """Look until there is something or time is up."""
        pause = _PAUSE_SECONDS if self.embedded else _PAUSE_SECONDS_OF_AWS
        return wait_for(look, within=within, longest_pause_seconds=pause)

    def require_embedded(self, what: str) -> EmbeddedAccount:
        """The embedded account; the test is skipped in a real one, which has no ``what``."""
        if self.embedded is None:
            import pytest

            pytest.skip(f"a real account has no {what}, which the embedded AWS has")
        return self.embedded

    def settle(self, within: Within) -> None:
        """Wait until nothing is under way in the embedded account.

        Raises:
            ExpectationError: Something still is when time is up.
        """
        __tracebackhide__ = True
        if self.embedded is None:
            return
        life = AccountLife(self.embedded)
        last: list[str] = []

        def rest() -> bool | None:
            last[:] = life.under_way()
            return None if last else True

        if not self.wait_for(rest, within):
            self.fail(
                "\n  ".join([f"expected all to settle {in_time(within)}, still under way:", *last])
            )

    def fail(self, message: str, *, about: str | None = None) -> NoReturn:
        """Fail the test with the journey of ``about``, else of what the test set off last."""
        __tracebackhide__ = True
        subjects = [about] if about else self._set_off()[-_SHOWN:]
        raise ExpectationError("\n\n".join([message, *map(self.trace, subjects)]))

    def trace(self, subject: str) -> str:
        """The journey of an execution or an event, as text; why there is none, if so."""
        from constructs_lib.operations.trace import TraceError, trace_of
        from constructs_lib.operations.trace_view import text

        try:
            return text(trace_of(self.embedded or self._client_in, subject))
        except TraceError as error:
            return f"no trace of {subject}: {error}"

    def _client_in(self, service: str, /, *, region_name: str | None = None) -> Any:
        return self.client(service, region_name)

    def _set_off(self) -> list[str]:
        """What came from outside, which the embedded AWS knows better than the helpers do."""
        if self.embedded is None:
            return self.begun
        from constructs_lib.local.journal import OUTSIDE, EventPublished, ExecutionStarted

        found: dict[str, None] = {}
        for record in self.embedded.journal().records:
            if isinstance(record, EventPublished) and record.publisher == OUTSIDE:
                found[record.event_id] = None
            elif isinstance(record, ExecutionStarted) and record.starter == OUTSIDE:
                found[record.execution_arn] = None
        return list(found)

    def close(self) -> None:
        """Do what was to be done at the end, and close all clients."""
        self._closers.close()


def in_time(within: Within) -> str:
    """How a message names a deadline."""
    return f"within {seconds(within):g} seconds"
