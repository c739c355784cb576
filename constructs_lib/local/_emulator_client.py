"""How a client of the embedded AWS asks it for what no AWS has: faults, the journal."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Mapping
from typing import cast


class EmulatorClient:
    """A client of one account of an embedded AWS."""

    account_id: str

    @property
    def endpoint_url(self) -> str:
        """The endpoint of the emulator."""
        raise NotImplementedError

    def _ask_emulator(
        self,
        path: str,
        *,
        method: str = "GET",
        body: object = None,
        query: Mapping[str, str | int] | None = None,
        timeout_seconds: float = 30.0,
    ) -> Mapping[str, object]:
        """Ask about this account at one of the emulator's own paths; the answer's JSON."""
        asked = urllib.parse.urlencode({"account": self.account_id, **(query or {})})
        request = urllib.request.Request(  # noqa: S310 - http on loopback
            f"{self.endpoint_url}{path}?{asked}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        # A proxy of the surroundings has no business with loopback.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=timeout_seconds) as response:
            return cast(Mapping[str, object], json.load(response))
