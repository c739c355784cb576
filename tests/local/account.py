"""Where scenarios run: the embedded AWS, or a real account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from constructs_lib.local import EmbeddedAws


class Account:
    """Clients of the embedded AWS or of a real account, each made once: they cost more than a
    stack."""

    def __init__(self, source: EmbeddedAws | boto3.Session) -> None:
        self.embedded = source if isinstance(source, EmbeddedAws) else None
        self._source = source
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """The client of a service."""
        if service not in self._clients:
            make: Callable[[str], Any] = self._source.client  # type: ignore[assignment]  # overloads know literal names only
            self._clients[service] = make(service)
        return self._clients[service]

    def require_embedded(self) -> EmbeddedAws:
        """Skip the test in a real account: it reads mail, or needs a day to take a moment."""
        if self.embedded is None:
            pytest.skip("reads mail or shortens time, which only the embedded AWS can")
        return self.embedded

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()
