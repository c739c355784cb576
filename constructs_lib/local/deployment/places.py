"""The accounts and regions that stacks go to."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from constructs_lib.local.account import EmbeddedAccount
from constructs_lib.local.deployment.assembly import AssembledStack
from constructs_lib.local.deployment.errors import DeployError

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient


@dataclass
class Place:
    """One account and region.

    Attributes:
        embedded: Whether it is this machine's, so that it may be bootstrapped on the way.
    """

    account_id: str
    region: str
    embedded: bool
    _source: EmbeddedAccount | boto3.Session
    _closers: ExitStack
    _versions: dict[str, int] = field(default_factory=dict)

    @cached_property
    def cloudformation(self) -> CloudFormationClient:
        """Its CloudFormation."""
        client: CloudFormationClient = self._client("cloudformation")
        return client

    @cached_property
    def s3(self) -> S3Client:
        """Its S3."""
        client: S3Client = self._client("s3")
        return client

    @cached_property
    def ssm(self) -> SSMClient:
        """Its Systems Manager."""
        client: SSMClient = self._client("ssm")
        return client

    @cached_property
    def secrets_manager(self) -> Any:
        """Its Secrets Manager, of which boto3's stubs are not installed."""
        return self._client("secretsmanager")

    @cached_property
    def stepfunctions(self) -> SFNClient:
        """Its Step Functions."""
        client: SFNClient = self._client("stepfunctions")
        return client

    def bootstrap_version(self, parameter: str) -> int:
        """The bootstrap version that an SSM parameter says, 0 if there is none."""
        from botocore.exceptions import ClientError

        if parameter not in self._versions:
            try:
                found = self.ssm.get_parameter(Name=parameter)["Parameter"]["Value"]
            except ClientError as error:
                if error.response["Error"]["Code"] != "ParameterNotFound":
                    raise
                found = "0"
            self._versions[parameter] = int(found)
        return self._versions[parameter]

    def set_bootstrap_version(self, parameter: str, version: int) -> None:
        """Have an SSM parameter say a bootstrap version."""
        self.ssm.put_parameter(Name=parameter, Value=str(version), Type="String", Overwrite=True)
        self._versions[parameter] = version

    def fill(self, text: str) -> str:
        """Replace the placeholders that assets' destinations may hold."""
        for name, value in (
            ("AccountId", self.account_id),
            ("Region", self.region),
            ("Partition", self.cloudformation.meta.partition),
        ):
            text = text.replace(f"${{AWS::{name}}}", value)
        return text

    def _client(self, service: str) -> Any:
        source: Any = self._source
        client = (
            source.client(service)
            if self.embedded
            else source.client(service, region_name=self.region)
        )
        return self._closers.enter_context(closing(client))


class Places:
    """The places of a deployment, each with one set of clients, closed at the end."""

    def __init__(self, aws: EmbeddedAccount | boto3.Session) -> None:
        self._aws = aws
        self._made: dict[tuple[str, str], Place] = {}
        self._closers = ExitStack()
        self._session_account: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._closers.close()

    def of(self, stack: AssembledStack) -> Place:
        """Where a stack goes: what it says itself, else the default.

        Raises:
            DeployError: The stack is for another account than the session's, or no region is known.
        """
        return self.at(*self._resolve(stack))

    def at(self, account_id: str, region: str) -> Place:
        """The place of an account and region."""
        key = (account_id, region)
        if key not in self._made:
            embedded = isinstance(self._aws, EmbeddedAccount)
            source = (
                self._aws.account(account_id, region=region)
                if isinstance(self._aws, EmbeddedAccount)
                else self._aws
            )
            self._made[key] = Place(account_id, region, embedded, source, self._closers)
        return self._made[key]

    def _resolve(self, stack: AssembledStack) -> tuple[str, str]:
        if isinstance(self._aws, EmbeddedAccount):
            return stack.account or self._aws.account_id, stack.region or self._aws.region
        region = stack.region or self._aws.region_name
        if region is None:
            raise DeployError(
                f"stack {stack.label} must go to a region, the session has none; "
                "pass boto3.Session(region_name=...)"
            )
        if self._session_account is None:
            with closing(self._aws.client("sts", region_name=region)) as sts:
                self._session_account = sts.get_caller_identity()["Account"]
        if stack.account not in (None, self._session_account):
            raise DeployError(
                f"stack {stack.label} must go to account {stack.account}, the session is of "
                f"{self._session_account}; pass a session of that account"
            )
        return self._session_account, region
