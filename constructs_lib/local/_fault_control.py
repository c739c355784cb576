"""How a client of the embedded AWS tells it which faults to inject."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from constructs_lib.local._emulator_client import EmulatorClient

if TYPE_CHECKING:
    from constructs_lib.local.faults import Fault, InjectedFault

#: The one path of the emulator for all about faults; like the emulator, on loopback only.
FAULTS_PATH = "/_duet/faults"


class ActiveFault:
    """A fault that the embedded AWS injects until ``remove`` or until its count is used up."""

    def __init__(
        self, control: FaultControl, fault: Fault, number: int, *, struck: int = 0
    ) -> None:
        self.fault = fault
        #: How many calls it had struck when it was looked up.
        self.struck = struck
        self._control = control
        self._number = number

    @property
    def number(self) -> int:
        """What it is called in the embedded AWS."""
        return self._number

    def injected(self) -> Sequence[InjectedFault]:
        """The calls that this fault has struck, oldest first."""
        return self._control._records(self._number)

    def remove(self) -> None:
        """Inject it no more; removing twice is no error."""
        self._control._ask("DELETE", number=self._number)


class FaultControl(EmulatorClient):
    """Faults of one account of an embedded AWS; nothing of them is felt in another account."""

    def inject(self, fault: Fault) -> ActiveFault:
        """Let calls in this account fail from now on; among several faults the oldest strikes."""
        answer = self._ask("POST", fault.to_json())
        return ActiveFault(self, fault, cast(int, answer["number"]))

    @contextmanager
    def faults(self, *faults: Fault) -> Iterator[Sequence[ActiveFault]]:
        """Inject faults for the time of a ``with`` block."""
        active: list[ActiveFault] = []
        try:
            for fault in faults:
                active.append(self.inject(fault))
            yield active
        finally:
            for each in active:
                each.remove()

    def active_faults(self) -> Sequence[ActiveFault]:
        """The faults of this account, oldest first; those whose count is used up among them."""
        from constructs_lib.local.faults import Fault

        answer = cast(list[Mapping[str, object]], self._ask("GET")["active"])
        return [
            ActiveFault(
                self,
                Fault.from_json(each["fault"]),
                cast(int, each["number"]),
                struck=cast(int, each["struck"]),
            )
            for each in answer
        ]

    def clear_faults(self) -> None:
        """Inject nothing more in this account; what was injected stays on record."""
        self._ask("DELETE")

    def injected_faults(self) -> Sequence[InjectedFault]:
        """Every call in this account that a fault has struck, oldest first; the last 10,000."""
        return self._records(None)

    def _records(self, number: int | None) -> Sequence[InjectedFault]:
        from constructs_lib.local.faults import InjectedFault

        records = self._ask("GET", number=number)["injected"]
        return [InjectedFault.from_json(each) for each in cast(list[Mapping[str, object]], records)]

    def _ask(
        self, method: str, body: object = None, *, number: int | None = None
    ) -> Mapping[str, object]:
        query = {} if number is None else {"number": number}
        return self._ask_emulator(FAULTS_PATH, method=method, body=body, query=query)
