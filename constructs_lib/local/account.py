"""One account and region of an embedded AWS: its clients, and the environment for programs."""

from __future__ import annotations

import functools
import os
import re
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, overload

from constructs_lib.local._fault_control import FaultControl
from constructs_lib.local.clock_control import ClockControl
from constructs_lib.local.journal import JournalReading

if TYPE_CHECKING:
    import boto3
    from botocore.client import BaseClient
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_sts import STSClient


# Making clients is not safe across threads; using them is.
_MAKING = threading.Lock()


@functools.cache
def _session() -> boto3.Session:
    """The one session of all clients: reading the services' models costs more than a stack."""
    import boto3
    import botocore.session

    # A session variable with neither name nor source: AWS_PROFILE is not even looked at.
    nowhere = (None, None, None, None)
    no_file = (None, None, os.devnull, None)
    core = botocore.session.Session(
        session_vars={"profile": nowhere, "config_file": no_file, "credentials_file": no_file}
    )
    return boto3.Session(botocore_session=core)


class EmbeddedAccount(FaultControl, JournalReading):
    """One account and region of an embedded AWS.

    Nothing of one account is seen in another: tests that run side by side take one each.
    ``EmbeddedAws`` is its own default one; ``account`` gives the others.

    Args:
        account_id: The account, 12 digits; it is made by using it.
        region: The region.
        endpoint_url: Asked for the endpoint whenever it is needed.
    Raises:
        ValueError: ``account_id`` is not 12 digits.
    """

    def __init__(self, *, account_id: str, region: str, endpoint_url: Callable[[], str]) -> None:
        if not re.fullmatch("[0-9]{12}", account_id):
            raise ValueError(
                f"account_id must be 12 digits, got {account_id!r}; pass for example 000000000000"
            )
        self.account_id = account_id
        self.region = region
        self._ask_endpoint_url = endpoint_url

    @property
    def endpoint_url(self) -> str:
        """``http://127.0.0.1:PORT``, the endpoint of every service."""
        return self._ask_endpoint_url()

    @property
    def clock(self) -> ClockControl:
        """The clock of this account, in all its regions."""
        return ClockControl(self)

    def account(
        self, account_id: str | None = None, *, region: str | None = None
    ) -> EmbeddedAccount:
        """Another account of the same embedded AWS, or the same one in another region.

        Raises:
            ValueError: ``account_id`` is not 12 digits.
        """
        return EmbeddedAccount(
            account_id=account_id or self.account_id,
            region=region or self.region,
            endpoint_url=self._ask_endpoint_url,
        )

    def environment(self) -> dict[str, str]:
        """The whole environment for a program that shall use this account, such as the CDK CLI.

        It is this process's own without any ``AWS_*`` (profiles, tokens and endpoints of real
        accounts), with endpoint, credentials and region set and loopback exempt from proxies. Pass
        it as it is; merged over the original, it would bring the profile back.
        """
        kept = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        no_proxy = ",".join(
            filter(None, ["127.0.0.1", "localhost", kept.get("NO_PROXY", kept.get("no_proxy"))])
        )
        return {
            **kept,
            "NO_PROXY": no_proxy,
            "no_proxy": no_proxy,
            "AWS_ENDPOINT_URL": self.endpoint_url,
            **self._aws_settings(),
        }

    # fmt: off
    @overload
    def client(self, service: Literal["cloudformation"]) -> CloudFormationClient: ...
    @overload
    def client(self, service: Literal["cognito-idp"]) -> CognitoIdentityProviderClient: ...
    @overload
    def client(self, service: Literal["dynamodb"]) -> DynamoDBClient: ...
    @overload
    def client(self, service: Literal["events"]) -> EventBridgeClient: ...
    @overload
    def client(self, service: Literal["lambda"]) -> LambdaClient: ...
    @overload
    def client(self, service: Literal["logs"]) -> CloudWatchLogsClient: ...
    @overload
    def client(self, service: Literal["s3"]) -> S3Client: ...
    @overload
    def client(self, service: Literal["sesv2"]) -> SESV2Client: ...
    @overload
    def client(self, service: Literal["sns"]) -> SNSClient: ...
    @overload
    def client(self, service: Literal["sqs"]) -> SQSClient: ...
    @overload
    def client(self, service: Literal["ssm"]) -> SSMClient: ...
    @overload
    def client(self, service: Literal["stepfunctions"]) -> SFNClient: ...
    @overload
    def client(self, service: Literal["sts"]) -> STSClient: ...
    # fmt: on
    def client(self, service: str) -> BaseClient:
        """A new boto3 client of this account and region; close it when done.

        It knows nothing of the user's profiles, configuration files, endpoints or proxies.
        """
        import botocore.config

        config = botocore.config.Config(
            connect_timeout=2,
            read_timeout=30,
            retries={"total_max_attempts": 1},
            proxies={},
            inject_host_prefix=False,
            use_fips_endpoint=False,
            use_dualstack_endpoint=False,
            s3={"addressing_style": "path"},
        )
        with _MAKING:
            made: BaseClient = _session().client(  # type: ignore[call-overload]  # boto3-stubs wants a literal
                service,
                aws_access_key_id=self.account_id,
                aws_secret_access_key="embedded",  # noqa: S106 - nothing checks it
                region_name=self.region,
                endpoint_url=self.endpoint_url,
                config=config,
            )
        return made

    def _aws_settings(self) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": self.account_id,
            "AWS_SECRET_ACCESS_KEY": "embedded",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            # sync-states.<host> and the like do not resolve for a loopback address.
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        }
