"""An embedded AWS with an assembly deployed to it, kept up to date while it runs."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from constructs_lib.local._process import EmbeddedAwsError
from constructs_lib.local.assembly_watch import new_versions, version_of
from constructs_lib.local.deployment import DeployError, Deployment, Progress, deploy
from constructs_lib.local.deployment.assembly import AssembledStack, read_assembly
from constructs_lib.local.faults import Fault
from constructs_lib.local.given_values import GivenValues, keep_values
from constructs_lib.local.instance import Claim, Instance, claim, this_process_started_at
from constructs_lib.local.preparations import offer_partner_sources, verify_senders
from constructs_lib.local.server import EmbeddedAws

_DEFAULT_ACCOUNT, _DEFAULT_REGION = "000000000000", "us-east-1"


@dataclass(frozen=True, kw_only=True)
class UpPlan:
    """What is to run.

    Args:
        assembly: The cloud assembly.
        port: TCP port on 127.0.0.1; 0 takes a free one.
        time_scale: Factor of the clock, 0 or more.
        seed: Makes the jitter of retries, and what faults with a share strike, repeatable.
        faults: What goes wrong from the start.
        step_functions_mocks: A ``MockConfigFile.json`` of Step Functions Local.
        stacks: Names of the stacks to deploy, with those they need; none for all.
        parameters: Values by parameter, or by ``Stack:Parameter``.
        verified_senders: Addresses or domains that SES lets mail be sent from.
        values: Secrets and SSM parameters that are there before anything is deployed.
        watches: Deploy again whenever the assembly has changed.
    """

    assembly: Path
    port: int = 0
    time_scale: float = 1.0
    seed: int | None = None
    faults: Sequence[Fault] = ()
    step_functions_mocks: Path | None = None
    stacks: Sequence[str] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)
    verified_senders: Sequence[str] = ()
    values: GivenValues = field(default_factory=GivenValues)
    watches: bool = True


class UpListener(Protocol):
    """Is told what happens."""

    def serving(self, aws: EmbeddedAws) -> None:
        """The embedded AWS answers."""

    def offered(self, source_name: str) -> None:
        """A partner's event source was offered, as the partner would."""

    def kept(self, name: str) -> None:
        """A secret or SSM parameter is there, with the value that was given for it."""

    def deploying(self, stacks: Sequence[AssembledStack]) -> None:
        """A deployment begins."""

    def progress(self, progress: Progress) -> None:
        """A step of the deployment, from any thread."""

    def deployed(self, deployment: Deployment) -> None:
        """The deployment has ended well."""

    def failed(self, reason: str) -> None:
        """The deployment has failed; what was there before is there still."""

    def settled(self, claim: Claim) -> None:
        """The first deployment is over; from now on changes are waited for."""


def run_up(folder: Path, plan: UpPlan, listener: UpListener) -> None:
    """Start an embedded AWS for a folder, deploy, and go on until a signal interrupts it.

    Everything it starts ends with this process, whatever ends that.

    Raises:
        DeployError: The assembly cannot be read; nothing was started. Without watching, also: it
            cannot be deployed.
        InstanceError: One runs for this folder already; it goes on.
        EmbeddedAwsError: The embedded AWS did not start, or ended by itself.
    """
    account_id, region = _home(read_assembly(plan.assembly))
    with claim(folder) as mine:
        aws = EmbeddedAws(
            port=plan.port,
            time_scale=plan.time_scale,
            work_folder=mine.aws_folder,
            seed=plan.seed,
            faults=plan.faults,
            step_functions_mocks=plan.step_functions_mocks,
            account_id=account_id,
            region=region,
        )
        with aws:
            mine.record(_instance(aws, plan))
            listener.serving(aws)
            verify_senders(aws, plan.verified_senders)
            _Up(aws, plan, listener, mine).run()


class _Up:
    def __init__(self, aws: EmbeddedAws, plan: UpPlan, listener: UpListener, mine: Claim) -> None:
        self._aws = aws
        self._plan = plan
        self._listener = listener
        self._claim = mine

    def run(self) -> None:
        version = version_of(self._plan.assembly)
        self._deploy(or_raise=not self._plan.watches)
        self._listener.settled(self._claim)
        if not self._plan.watches:
            self._aws.wait()
            return
        ended = _when_it_ends(self._aws)
        for _ in new_versions(self._plan.assembly, since=version, stop=ended):
            self._deploy(or_raise=False)
        self._aws.wait()  # has ended by itself: says why

    def _deploy(self, *, or_raise: bool) -> None:
        self._claim.update(deployment="deploying")
        try:
            deployment = self._deployed()
        except (DeployError, BotoCoreError, ClientError, OSError) as error:
            self._claim.update(deployment="failed")
            if or_raise:
                raise
            self._listener.failed(str(error))
        else:
            self._claim.update(deployment="deployed", stacks=list(deployment.stacks))
            self._listener.deployed(deployment)

    def _deployed(self) -> Deployment:
        plan = self._plan
        stacks = read_assembly(plan.assembly)
        for name in offer_partner_sources(self._aws, stacks, plan.parameters):
            self._listener.offered(name)
        for name in keep_values(self._aws, stacks, plan.parameters, plan.values):
            self._listener.kept(name)
        self._listener.deploying(stacks)
        return deploy(
            plan.assembly,
            self._aws,
            parameters=plan.parameters,
            stacks=plan.stacks or None,
            on_progress=self._listener.progress,
        )


def _instance(aws: EmbeddedAws, plan: UpPlan) -> Instance:
    return Instance(
        endpoint_url=aws.endpoint_url,
        pid=os.getpid(),
        started_at=this_process_started_at(),
        account_id=aws.account_id,
        region=aws.region,
        assembly=plan.assembly.absolute(),
        time_scale=plan.time_scale,
        log=aws.log_path,
    )


def _home(stacks: Sequence[AssembledStack]) -> tuple[str, str]:
    """The account and region that other commands look at: the first that the stacks name."""
    account_ids = [stack.account for stack in stacks if stack.account]
    regions = [stack.region for stack in stacks if stack.region]
    return next(iter(account_ids), _DEFAULT_ACCOUNT), next(iter(regions), _DEFAULT_REGION)


def _when_it_ends(aws: EmbeddedAws) -> threading.Event:
    """An event that is set once the emulator has ended."""
    ended = threading.Event()

    def wait() -> None:
        try:
            aws.wait()
        except EmbeddedAwsError:
            ended.set()

    threading.Thread(target=wait, daemon=True).start()
    return ended
