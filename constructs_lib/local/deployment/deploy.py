"""Deploy a cloud assembly."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from constructs_lib.local.account import EmbeddedAccount
from constructs_lib.local.deployment.assembly import AssembledStack, read_assembly
from constructs_lib.local.deployment.assets import AssetPublisher
from constructs_lib.local.deployment.bootstrap import require_bootstrap
from constructs_lib.local.deployment.errors import DeployError
from constructs_lib.local.deployment.events import OnProgress, Progress
from constructs_lib.local.deployment.operation import change_stack, physical_ids
from constructs_lib.local.deployment.order import run_in_order
from constructs_lib.local.deployment.places import Places
from constructs_lib.local.deployment.planned_stack import PlannedStack
from constructs_lib.local.deployment.preflight import plan
from constructs_lib.local.deployment.result import Deployment, StackResult

if TYPE_CHECKING:
    import boto3


def deploy(
    assembly_folder: Path,
    aws: EmbeddedAccount | boto3.Session,
    *,
    parameters: Mapping[str, str] | None = None,
    stacks: Collection[str] | None = None,
    on_progress: OnProgress | None = None,
) -> Deployment:
    """Deploy the stacks of a cloud assembly, whatever CDK app and language it comes from.

    New stacks are made, others changed by change sets; one that has not changed is left alone. A
    stack goes to the account and region it names, else to ``aws``'s own; one without resources is
    left out.

    Args:
        assembly_folder: What ``cdk synth`` wrote, usually ``cdk.out``; stages in it count.
        aws: An embedded AWS or one of its accounts, bootstrapped on the way; or a session of an
            account that is bootstrapped, whose credentials do all of the work.
        parameters: Values by parameter, or by ``Stack:Parameter`` for one stack alone.
        stacks: Names of the stacks to deploy, with those they depend on; None for all.
        on_progress: Told of each step, from one thread at a time.
    Raises:
        DeployError: The assembly cannot be read or deployed here (nothing is created then), or
            AWS failed on a resource: its stack is rolled back, those before it stay.
    Source: Cloud assembly schema 55, as aws-cdk-lib 2.275.0 writes it (read 2026-11-23).
    """
    return deploy_stacks(
        read_assembly(assembly_folder),
        aws,
        AssetPublisher(),
        parameters=parameters,
        stacks=stacks,
        on_progress=on_progress,
    )


def deploy_stacks(
    assembled: Sequence[AssembledStack],
    aws: EmbeddedAccount | boto3.Session,
    publisher: AssetPublisher,
    *,
    parameters: Mapping[str, str] | None = None,
    stacks: Collection[str] | None = None,
    on_progress: OnProgress | None = None,
) -> Deployment:
    """Deploy an assembly that was read, perhaps again and again; see ``deploy``.

    Args:
        publisher: Keeps the content of assets for the next deployment.
    Raises:
        DeployError: As ``deploy``.
    """
    chosen = [
        stack
        for stack in _choose(assembled, stacks)
        if stack.template.get("Resources")  # CloudFormation has no stack without
    ]
    tell = _one_at_a_time(on_progress)
    with Places(aws) as places:
        planned = {each.stack.id: each for each in plan(chosen, places, parameters or {})}
        for each in planned.values():
            require_bootstrap(each.stack, each.place)
            publisher.publish(each.stack, each.place)
        needs = {id_: each.stack.depends_on & planned.keys() for id_, each in planned.items()}
        results = run_in_order(needs, lambda id_: _deploy_one(planned[id_], publisher, tell))
    return Deployment(aws, chosen, [results[stack.id] for stack in chosen])


def _deploy_one(
    planned: PlannedStack, publisher: AssetPublisher, on_progress: OnProgress | None
) -> StackResult:
    from botocore.exceptions import ClientError

    stack, place = planned.stack, planned.place
    begin = time.monotonic()
    try:
        settled, changed = change_stack(planned, publisher, on_progress)
    except ClientError as error:
        raise DeployError(
            f"stack {stack.name} must be accepted by AWS, got: {error}; "
            "correct the stack and deploy again"
        ) from error
    seconds = time.monotonic() - begin
    return StackResult(
        name=stack.name,
        stack_id=settled["StackId"],
        account_id=place.account_id,
        region=place.region,
        changed=changed,
        seconds=seconds,
        outputs={each["OutputKey"]: each["OutputValue"] for each in settled.get("Outputs", [])},
        physical_ids=physical_ids(stack, place, settled["StackId"]),
    )


def _choose(
    assembled: Sequence[AssembledStack], names: Collection[str] | None
) -> list[AssembledStack]:
    if names is None:
        return list(assembled)
    by_id = {stack.id: stack for stack in assembled}
    pending = [stack for stack in assembled if {stack.name, stack.label} & set(names)]
    unknown = set(names) - {name for stack in pending for name in (stack.name, stack.label)}
    if unknown:
        raise DeployError(
            f"stacks must be in the assembly, got {', '.join(sorted(unknown))}; "
            f"it has: {', '.join(stack.label for stack in assembled) or 'none'}"
        )
    chosen: set[str] = set()
    while pending:
        stack = pending.pop()
        chosen.add(stack.id)
        pending += [by_id[id_] for id_ in by_id.keys() & stack.depends_on - chosen]
    return [stack for stack in assembled if stack.id in chosen]


def _one_at_a_time(on_progress: OnProgress | None) -> OnProgress | None:
    if on_progress is None:
        return None
    lock, told = threading.Lock(), on_progress

    def tell(progress: Progress) -> None:
        with lock:
            told(progress)

    return tell
