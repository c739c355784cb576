"""How operations come by their boto3 clients."""

from __future__ import annotations

from typing import Any, Protocol, cast

import boto3


class Clients(Protocol):
    """Makes boto3 clients: ``Target.client``, or ``environment_clients``."""

    def __call__(self, service: str, /, *, region_name: str | None = None) -> Any:
        """The client of a service."""


def environment_clients(service: str, /, *, region_name: str | None = None) -> Any:
    """A client of the account, region and endpoint that the environment configures for SDKs."""
    return cast(Clients, boto3.client)(service, region_name=region_name)
