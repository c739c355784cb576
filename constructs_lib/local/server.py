"""Start and stop an AWS emulator on this machine's loopback interface."""

from __future__ import annotations

import importlib.metadata
import math
import os
import re
import site
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, overload

from constructs_lib.local._process import EmbeddedAwsError, RunningProcess
from constructs_lib.local.extensions import MINISTACK_VERSION

if TYPE_CHECKING:
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

# All that the emulator sees of this process's environment. No AWS_*, no proxy, no emulator switch.
_INHERITED = (
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "LD_LIBRARY_PATH",
    "PATH",
    "PYTHONPATH",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "SYSTEMROOT",
    "VIRTUAL_ENV",
)


class EmbeddedAws:
    """An AWS of your own: MiniStack with Duet's extensions, in a process on 127.0.0.1.

    ``start`` (or ``with``) creates the process; handlers of deployed Lambda functions run as its
    children. All of them end with ``stop``, and also when this process ends in any other way.
    Everything it holds is in memory and gone afterwards.

    Args:
        port: TCP port, 0 to 65535; 0, the default, takes a free one.
        time_scale: Factor for the waits and retry intervals of Step Functions, 0 or more; 1, the
            default, is real time and 0 waits for nothing but the time limits of task tokens
            (1 second) and workflows (10 seconds). Lambda's asynchronous retries wait 1 and
            2 seconds times this, where AWS waits minutes.
        work_folder: Folder for its files, made if missing; only the log stays in it. None, the
            default, makes a temporary one and removes it. One folder serves one instance.
        account_id: The account, 12 digits, of this object's clients and environment. Others are
            made by using them.
        region: The region of this object's clients and environment.
    Raises:
        ValueError: An argument is out of its range.
    Source: MiniStack 1.5.33, ``app.py``.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        time_scale: float = 1.0,
        work_folder: Path | None = None,
        account_id: str = "000000000000",
        region: str = "us-east-1",
    ) -> None:
        if not 0 <= port <= 65535:
            raise ValueError(
                f"port must be between 0 and 65535, got {port}; pass 0 to take a free one"
            )
        if not (math.isfinite(time_scale) and time_scale >= 0):
            raise ValueError(
                f"time_scale must be 0 or more, got {time_scale}; "
                "pass 1 for real time, 0 to skip every wait"
            )
        if not re.fullmatch("[0-9]{12}", account_id):
            raise ValueError(
                f"account_id must be 12 digits, got {account_id!r}; pass for example 000000000000"
            )
        self.account_id = account_id
        self.region = region
        self._requested_port = port
        self._time_scale = time_scale
        self._given_work_folder = work_folder
        self._running: RunningProcess | None = None

    def __enter__(self) -> Self:
        """Start, unless it runs already."""
        return self if self._running else self.start()

    def __exit__(self, *_exception: object) -> None:
        """Stop."""
        self.stop()

    @property
    def endpoint_url(self) -> str:
        """``http://127.0.0.1:PORT``, the endpoint of every service."""
        return f"http://127.0.0.1:{self._require_running().port}"

    @property
    def log_path(self) -> Path:
        """What the emulator and the handlers' runtime write."""
        return self._require_running().log_path

    @property
    def pid(self) -> int:
        """The emulator's process id."""
        return self._require_running().pid

    def start(self) -> Self:
        """Start the emulator and wait, at most 30 seconds, until it answers.

        Raises:
            EmbeddedAwsError: MiniStack is missing or has another version, the port is taken, the
                process ended or did not answer in time (the message then ends with its log).
        """
        if self._running:
            raise EmbeddedAwsError(
                f"the embedded AWS runs already at {self.endpoint_url}; stop it before a new start"
            )
        _require_pinned_ministack()
        running = RunningProcess(self._given_work_folder)
        try:
            running.launch(self._child_environment(running.scratch_folder), self._requested_port)
        except BaseException:
            running.end()
            raise
        self._running = running
        return self

    def stop(self) -> None:
        """End the emulator and every handler it runs; stopping twice is no error."""
        running, self._running = self._running, None
        if running:
            running.end()

    def wait(self) -> None:
        """Block until the emulator ends, for a run in the foreground; signals interrupt it.

        Raises:
            EmbeddedAwsError: The emulator ended though nobody stopped it.
        """
        running = self._require_running()
        running.read_report(None)
        if self._running is running:
            raise EmbeddedAwsError(f"the embedded AWS ended by itself{running.log_tail()}")

    def environment(self) -> dict[str, str]:
        """The whole environment for a program that shall use this AWS, such as the CDK CLI.

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
        """A new boto3 client of this AWS; close it when done.

        It knows nothing of the user's profiles, configuration files, endpoints or proxies.
        """
        import boto3
        import botocore.config
        import botocore.session

        # A session variable with neither name nor source: AWS_PROFILE is not even looked at.
        nowhere = (None, None, None, None)
        no_file = (None, None, os.devnull, None)
        core = botocore.session.Session(
            session_vars={"profile": nowhere, "config_file": no_file, "credentials_file": no_file}
        )
        session = boto3.session.Session(
            aws_access_key_id=self.account_id,
            aws_secret_access_key="embedded",  # noqa: S106 - nothing checks it
            region_name=self.region,
            botocore_session=core,
        )
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
        made: BaseClient = session.client(service, endpoint_url=self.endpoint_url, config=config)  # type: ignore[call-overload]  # boto3-stubs wants a literal
        return made

    def _require_running(self) -> RunningProcess:
        if self._running is None:
            raise EmbeddedAwsError("the embedded AWS is not running; call start() or use `with`")
        return self._running

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

    def _child_environment(self, scratch: Path) -> dict[str, str]:
        environment = {key: os.environ[key] for key in _INHERITED if key in os.environ}
        if site.ENABLE_USER_SITE:
            # HOME changes, but packages installed with `pip install --user` must stay importable.
            environment["PYTHONUSERBASE"] = site.getuserbase()
        return {
            **environment,
            **self._aws_settings(),
            "TZ": "UTC",  # as Lambda
            "HOME": str(scratch),
            "TMPDIR": str(scratch),
            "STATE_DIR": str(scratch / "state"),
            "S3_DATA_DIR": str(scratch / "s3"),
            # The host in queue URLs; "localhost" may resolve to an address that nobody listens on.
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_ACCOUNT_ID": self.account_id,
            "MINISTACK_REGION": self.region,
            "SFN_WAIT_SCALE": str(self._time_scale),
            "LAMBDA_ASYNC_RETRY_BASE_SECONDS": str(self._time_scale),
            # No listener but the one port, and no Docker: a socket that cannot exist.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": f"unix://{scratch / 'no-docker.sock'}",
            "LAMBDA_EXECUTOR": "local",
        }


def serve(*, port: int, time_scale: float = 1.0) -> EmbeddedAws:
    """Start an embedded AWS for a run in the foreground; go on with ``wait()``.

    Use it in ``with``, so that it ends with the block, and call ``aws.wait()`` inside.

    Args:
        port: TCP port on 127.0.0.1, 0 to 65535; 0 takes a free one.
        time_scale: Factor for the waits of Step Functions, 0 or more; 1 is real time.
    Raises:
        EmbeddedAwsError: As ``EmbeddedAws.start``.
        ValueError: An argument is out of its range.
    """
    return EmbeddedAws(port=port, time_scale=time_scale).start()


def _require_pinned_ministack() -> None:
    try:
        installed = importlib.metadata.version("ministack")
    except importlib.metadata.PackageNotFoundError:
        raise EmbeddedAwsError(
            "the embedded AWS needs MiniStack, which is not installed; "
            "run: pip install 'cdk-duet[local]'"
        ) from None
    if installed != MINISTACK_VERSION:
        raise EmbeddedAwsError(
            f"ministack must be version {MINISTACK_VERSION}, got {installed}; "
            f"run: pip install 'ministack=={MINISTACK_VERSION}'"
        )
