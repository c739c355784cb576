"""Where tests deploy to: emulators of this process, a running one, or a real account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from constructs_lib.local import EmbeddedAccount, EmbeddedAws, EmbeddedAwsError, Fault
from constructs_lib.local.account_life import AccountLife
from constructs_lib.local.deployment import Deployment
from constructs_lib.local.deployment.assembly import AssembledStack, read_assembly
from constructs_lib.local.deployment.assets import AssetPublisher
from constructs_lib.local.deployment.deploy import deploy_stacks
from constructs_lib.local.given_values import GivenValues, keep_values
from constructs_lib.testing.deployed.duet import Duet
from constructs_lib.testing.deployed.relocation import relocated

if TYPE_CHECKING:
    from boto3 import Session

    from constructs_lib.testing.deployed.run_keeper import RunKeeper


@dataclass(frozen=True, kw_only=True)
class World:
    """What one fixture wants: which assembly, how fast time goes, what goes wrong.

    Args:
        secrets: Values of secrets that the assembly reads and does not make, by name; ``ssm`` those
            of SSM parameters. A real account has its own.
    """

    assembly: Path
    stacks: Sequence[str] | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    ssm: Mapping[str, str] = field(default_factory=dict, repr=False)
    faults: Sequence[Fault] = ()
    time_scale: float = 0.0
    region: str = "us-east-1"


class Worlds:
    """The worlds of one process's tests.

    Every pytest process has emulators of its own, one for each time scale that is asked for,
    started when a test first needs it. Workers of pytest-xdist so share no lock, no port and no
    fate, and each emulator can have a processor of its own.

    Args:
        endpoint_url: A running embedded AWS to use instead.
        profile: The profile of a real account to use instead.
        keeper: Records what tests do in the accounts of embedded AWSs.
    """

    def __init__(
        self,
        *,
        endpoint_url: str | None = None,
        profile: str | None = None,
        keeper: RunKeeper | None = None,
    ) -> None:
        self._endpoint_url = endpoint_url
        self._profile = profile
        self._keeper = keeper
        self._emulators: dict[float, EmbeddedAws] = {}
        self._publisher = AssetPublisher()
        self._assemblies: dict[tuple[Path, int], list[AssembledStack]] = {}
        self._deployments: dict[object, Deployment] = {}
        self._start_error: EmbeddedAwsError | None = None
        self._closers = ExitStack()

    def close(self) -> None:
        """Stop the emulators."""
        self._closers.close()

    @contextmanager
    def open(self, world: World) -> Iterator[Duet]:
        """Deploy into a new account, and drop the account at the end.

        In a real account there is one deployment of an assembly for all tests, and it stays.

        Raises:
            DeployError: The assembly cannot be deployed.
            EmbeddedAwsError: The embedded AWS cannot start.
        """
        assembled = self._read(world.assembly)
        with ExitStack() as closing:
            if self._profile:
                duet = self._in_real_account(world, assembled)
            else:
                account = self._new_account(world)
                closing.callback(AccountLife(account).drop)
                assembled = relocated(assembled, account.account_id, stacks=world.stacks)
                duet = Duet(account, assembled, self._deploy(world, assembled, account))
                if self._keeper:
                    closing.enter_context(self._keeper.watched(account, world))
            closing.callback(duet.close)
            for fault in world.faults:
                duet.faults.inject(fault)
            yield duet

    def _in_real_account(self, world: World, assembled: Sequence[AssembledStack]) -> Duet:
        import boto3

        session = boto3.Session(profile_name=self._profile)
        key = (world.assembly, tuple(world.stacks or ()), tuple(sorted(world.parameters.items())))
        if key not in self._deployments:
            self._deployments[key] = self._deploy(world, assembled, session)
        return Duet(session, assembled, self._deployments[key])

    def _deploy(
        self, world: World, assembled: Sequence[AssembledStack], aws: EmbeddedAccount | Session
    ) -> Deployment:
        if isinstance(aws, EmbeddedAccount):
            values = GivenValues(secrets=world.secrets, ssm=world.ssm)
            keep_values(aws, assembled, world.parameters, values)
        return deploy_stacks(
            assembled, aws, self._publisher, parameters=world.parameters, stacks=world.stacks
        )

    def _new_account(self, world: World) -> EmbeddedAccount:
        if not self._endpoint_url:
            started = self._emulator(world.time_scale).account(region=world.region)
            return started.account(AccountLife(started).new_account_id())
        url = self._endpoint_url.rstrip("/")
        running = EmbeddedAccount(
            account_id="000000000000", region=world.region, endpoint_url=lambda: url
        )
        try:
            return running.account(AccountLife(running).new_account_id())
        except OSError as error:
            raise EmbeddedAwsError(
                f"--duet-endpoint-url must be that of a running embedded AWS, {url} answers "
                f"{error}; run: duet serve"
            ) from error

    def _emulator(self, time_scale: float) -> EmbeddedAws:
        if self._start_error:
            # What took half a minute to fail would take every other test as long.
            raise self._start_error
        if time_scale not in self._emulators:
            try:
                started = self._closers.enter_context(EmbeddedAws(time_scale=time_scale))
            except EmbeddedAwsError as error:
                self._start_error = error
                raise
            self._emulators[time_scale] = started
        return self._emulators[time_scale]

    def _read(self, folder: Path) -> list[AssembledStack]:
        manifest = folder / "manifest.json"
        key = (folder, manifest.stat().st_mtime_ns if manifest.exists() else 0)
        if key not in self._assemblies:
            self._assemblies[key] = read_assembly(folder)
        return self._assemblies[key]
