"""Which AWS a command talks to."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError

from constructs_lib.local import EmbeddedAccount
from constructs_lib.local.instance import Instance, find_instance
from constructs_lib.operations.clients import Clients

if TYPE_CHECKING:
    import boto3

_ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL"
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_DEFAULT_ACCOUNT, _DEFAULT_REGION = "000000000000", "us-east-1"
_DEFAULT_ASSEMBLY = Path("cdk.out")


class TargetError(Exception):
    """There is no AWS to talk to, or the wrong kind of one; the message holds the remedy."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """The account and region that a command talks to.

    Args:
        place: An account of an embedded AWS, or the session of a real one.
        instance: The ``duet up`` that runs it, if that is how it was found.
    """

    place: EmbeddedAccount | boto3.Session
    instance: Instance | None = None
    _clients: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_embedded(self) -> bool:
        """Whether it is an embedded AWS, and no real account."""
        return isinstance(self.place, EmbeddedAccount)

    @property
    def embedded(self) -> EmbeddedAccount:
        """The account of the embedded AWS.

        Raises:
            TargetError: It is a real one.
        """
        if not isinstance(self.place, EmbeddedAccount):
            raise TargetError(
                "this can be done on the embedded AWS alone, got a real account; "
                "leave --aws out and run: duet up"
            )
        return self.place

    @property
    def session(self) -> boto3.Session:
        """The session of a real account.

        Raises:
            TargetError: It is an embedded AWS, whose clients ``client`` makes.
        """
        if isinstance(self.place, EmbeddedAccount):
            raise TargetError("this needs a real account, got the embedded AWS; pass --aws")
        return self.place

    @property
    def region(self) -> str:
        """The region."""
        place = self.place
        return place.region if isinstance(place, EmbeddedAccount) else str(place.region_name)

    @cached_property
    def account_id(self) -> str:
        """The account; a real one is asked for it once."""
        if isinstance(self.place, EmbeddedAccount):
            return self.place.account_id
        return str(self.client("sts").get_caller_identity()["Account"])

    @property
    def assembly(self) -> Path:
        """The cloud assembly that is deployed there, as far as anybody knows."""
        return self.instance.assembly if self.instance else _DEFAULT_ASSEMBLY

    def client(self, service: str, /, *, region_name: str | None = None) -> Any:
        """The boto3 client of a service, one for all who ask.

        Args:
            region_name: Another region than the target's own.
        """
        region = region_name or self.region
        if (service, region) not in self._clients:
            self._clients[service, region] = self._make(service, region)
        return self._clients[service, region]

    def _make(self, service: str, region: str) -> Any:
        if isinstance(self.place, EmbeddedAccount):
            make = cast(Clients, self.place.account(region=region).client)
            return make(service)
        return cast(Clients, self.place.client)(service, region_name=region)


def find_target(
    folder: Path,
    *,
    aws: bool = False,
    endpoint_url: str | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Target:
    """The AWS that is meant: the first of those given, running and configured.

    That is ``endpoint_url``; the instance of ``duet up`` in the folder; AWS_ENDPOINT_URL. It is a
    real account only with ``aws``: nobody reaches one by forgetting something.

    Args:
        folder: The project's folder.
        aws: The real account of the environment's credentials is meant.
        endpoint_url: An embedded AWS on this machine.
        environment: Variables of the process; the account is AWS_ACCESS_KEY_ID if that is one.
    Raises:
        TargetError: There is none, or two are meant at once.
    """
    configured = environment.get(_ENDPOINT_VARIABLE)
    if aws:
        return Target(place=_real_account(endpoint_url, environment))
    instance = None if endpoint_url else find_instance(folder)
    if instance:
        return Target(place=instance.account(), instance=instance)
    if endpoint_url or configured:
        name = "--endpoint-url" if endpoint_url else _ENDPOINT_VARIABLE
        return Target(place=_account_at(name, endpoint_url or configured or "", environment))
    raise TargetError(
        f"an embedded AWS must run for this folder, none does in {folder}; "
        f"run: duet up, or name one by --endpoint-url or {_ENDPOINT_VARIABLE} "
        "(--aws means your real account)"
    )


def _real_account(endpoint_url: str | None, environment: Mapping[str, str]) -> boto3.Session:
    import boto3

    configured = environment.get(_ENDPOINT_VARIABLE)
    if endpoint_url:
        raise TargetError(
            f"--aws must stand without --endpoint-url, got {endpoint_url}; leave one of them out"
        )
    if configured and _is_here(configured):
        raise TargetError(
            f"--aws must not meet an {_ENDPOINT_VARIABLE} on this machine, got {configured}; "
            f"unset {_ENDPOINT_VARIABLE}"
        )
    try:
        session = boto3.Session()
    except BotoCoreError as error:
        raise TargetError(
            f"--aws must find your AWS configuration: {error}; set AWS_PROFILE to one that there is"
        ) from error
    if session.region_name is None:
        # boto3 knows AWS_DEFAULT_REGION alone, the other SDKs and the AWS CLI this one.
        region = environment.get("AWS_REGION")
        if not region:
            raise TargetError("--aws needs a region, none is configured; set AWS_REGION")
        session = boto3.Session(region_name=region)
    return session


def _account_at(name: str, url: str, environment: Mapping[str, str]) -> EmbeddedAccount:
    if not _is_here(url):
        raise TargetError(
            f"{name} must be an embedded AWS on this machine, such as http://127.0.0.1:4566, "
            f"got {url}; pass --aws if a real account is meant"
        )
    key = environment.get("AWS_ACCESS_KEY_ID", "")
    return EmbeddedAccount(
        account_id=key if re.fullmatch("[0-9]{12}", key) else _DEFAULT_ACCOUNT,
        region=environment.get("AWS_REGION")
        or environment.get("AWS_DEFAULT_REGION")
        or _DEFAULT_REGION,
        endpoint_url=lambda: url.rstrip("/"),
    )


def _is_here(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname in _LOOPBACK
