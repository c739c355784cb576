"""A state machine with what every workflow of Duet has: role, log, trace, timeout."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from constructs_lib.observability.workflow_logs import WorkflowLogs
from constructs_lib.validation import ConfigError, require_between

# Source: Step Functions developer guide, "Service quotas", maximum execution time (2026-11-23).
_LONGEST_EXPRESS_SECONDS = 300
_LONGEST_STANDARD_SECONDS = 365 * 24 * 60 * 60
_DEFAULT_TIMEOUT = Duration.minutes(5)

# Express workflows have the request-response pattern alone, no activities and no Distributed Map.
# Source: Step Functions developer guide, "Choosing workflow type", "Integrating optimized services"
# (read 2026-11-23).
_PATTERNS_OF_STANDARD = (
    (re.compile(r":states:.*\.waitForTaskToken$"), "waits for a task token"),
    (re.compile(r":states:.*\.sync(:\d+)?$"), "waits for a job to end (.sync)"),
    (re.compile(r":states:.*:activity:"), "hands work to an activity"),
)
_REFERENCE = re.compile(r"\$\{(\w+)\}")


class Workflow(Construct):
    """Run a chain of states as a Step Functions state machine, Standard or Express.

    Creates the state machine with a role and a log group of its own. The role gets what the states
    need; every event is logged, without inputs and outputs; X-Ray traces are on. What the states
    call, and ``encryption_key``, stay the caller's. Join the states before: CDK renders them here,
    and what is joined later is not deployed.

    The same definition runs as either type where its states allow. Standard runs each step once,
    lasts up to a year, keeps its history for 90 days and is billed by transition. Express lasts up
    to five minutes, may run an execution more than once (started asynchronously) and is billed by
    request and duration. AWS replaces the state machine when the type changes.

    Args:
        definition: The first state, or a chain. A state belongs to one workflow.
        query_language: Language of the states that do not name one; JSONata by default.
        workflow_type: STANDARD or EXPRESS.
        timeout: Longest time one execution may take, 5 minutes by default: 1 second to 5 minutes
            for Express, to 365 days for Standard.
        encryption_key: Symmetric key for the definition and the executions' data, besides AWS's
            own. The role may use it for this workflow; people who read executions need
            ``kms:Decrypt`` as well. The policy of an imported key cannot be changed from here: let
            it allow the account's IAM policies, and ``kms:Decrypt*`` to
            ``delivery.logs.amazonaws.com``, or nothing is logged.
        removal_policy: What becomes of state machine and log group when the stack is deleted.
    Raises:
        ConfigError: ``timeout`` is out of range, or ``workflow_type`` is EXPRESS and a state waits
            for a task token, a job (``.sync``) or an activity, is a Distributed Map, or is to last
            longer than an Express execution; in Parallel and Map states too. Times known only at
            deployment pass.
    Source: Step Functions developer guide, "Choosing workflow type", "Service quotas",
        "Integrating optimized services", "Data at rest encryption" (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        definition: sfn.IChainable,
        query_language: sfn.QueryLanguage = sfn.QueryLanguage.JSONATA,
        workflow_type: sfn.StateMachineType = sfn.StateMachineType.STANDARD,
        timeout: Duration | None = None,
        encryption_key: kms.IKey | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.DESTROY,
    ) -> None:
        timeout = timeout or _DEFAULT_TIMEOUT
        is_express = workflow_type == sfn.StateMachineType.EXPRESS
        _require_timeout(timeout, is_express)
        super().__init__(scope, id_)
        self.workflow_type = workflow_type
        self.state_machine = sfn.StateMachine(
            self,
            "Resource",
            definition_body=sfn.DefinitionBody.from_chainable(definition),
            query_language=query_language,
            state_machine_type=workflow_type,
            timeout=timeout,
            logs=WorkflowLogs(self, "Logs", removal_policy=removal_policy).log_options,
            tracing_enabled=True,
            encryption_configuration=sfn.CustomerManagedEncryptionConfiguration(encryption_key)
            if encryption_key
            else None,
            removal_policy=removal_policy,
        )
        if encryption_key:
            self._allow_encryption(encryption_key)
        if is_express:
            _require_express_states(self.state_machine)

    def grant_start_execution(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let ``grantee`` start executions of this workflow."""
        return self.state_machine.grant_start_execution(grantee)

    def grant_start_sync_execution(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let ``grantee`` run this Express workflow and wait for its result.

        Raises:
            ConfigError: The workflow is a Standard workflow, which cannot be called so.
        """
        if self.workflow_type != sfn.StateMachineType.EXPRESS:
            raise ConfigError(
                "workflow_type must be EXPRESS to start executions synchronously, "
                f"got {self.workflow_type.name}; use grant_start_execution"
            )
        return self.state_machine.grant_start_sync_execution(grantee)

    def _allow_encryption(self, key: kms.IKey) -> None:
        # CDK's own statement names no state machine unless the machine has a name of the caller's,
        # so that it never applies. In the role's default policy, on which the machine depends, the
        # ARN would close a circle.
        policy = iam.Policy(
            self,
            "EncryptionPolicy",
            statements=[
                iam.PolicyStatement(
                    actions=["kms:Decrypt", "kms:GenerateDataKey"],
                    resources=[key.key_arn],
                    conditions={
                        "StringEquals": {
                            "kms:EncryptionContext:aws:states:stateMachineArn": (
                                self.state_machine.state_machine_arn
                            )
                        }
                    },
                )
            ],
        )
        self.state_machine.role.attach_inline_policy(policy)


def _require_timeout(timeout: Duration, is_express: bool) -> None:
    if timeout.is_unresolved():
        return
    require_between(
        "timeout in seconds",
        timeout.to_seconds(integral=False),
        1,
        _LONGEST_EXPRESS_SECONDS if is_express else _LONGEST_STANDARD_SECONDS,
        remedy="choose STANDARD for what lasts longer than five minutes"
        if is_express
        else "split what lasts longer than a year",
    )


def _require_express_states(state_machine: sfn.StateMachine) -> None:
    """Refuse states that AWS refuses in an Express workflow, or that outlast it.

    Reads the definition as CDK rendered it: the states alone do not show what is nested in them.
    """
    resource = state_machine.node.default_child
    assert isinstance(resource, sfn.CfnStateMachine)  # noqa: S101 - CDK's own child
    definition = _parse(Stack.of(state_machine).resolve(resource.definition_string))
    found = [
        (name, reason)
        for name, state in _states(definition)
        if (reason := _reason_against(state)) is not None
    ]
    found += _references_to_activities(state_machine, definition)
    if found:
        listed = ", ".join(f"state {name!r}, which {reason}" for name, reason in found)
        raise ConfigError(
            f"workflow_type must be STANDARD for this definition, got EXPRESS with {listed}; "
            "choose STANDARD, or leave these states to a Standard workflow that calls this one"
        )


def _reason_against(state: Mapping[str, object]) -> str | None:
    """Why a state cannot stand in an Express workflow; None if it can."""
    for pattern, reason in _PATTERNS_OF_STANDARD:
        if pattern.search(str(state.get("Resource", ""))):
            return reason
    processor = state.get("ItemProcessor")
    if isinstance(processor, Mapping):
        config = processor.get("ProcessorConfig")
        if isinstance(config, Mapping) and config.get("Mode") == "DISTRIBUTED":
            return "is a Distributed Map"
    for name, what in (("Seconds", "waits"), ("TimeoutSeconds", "has a timeout of")):
        seconds = state.get(name)
        if isinstance(seconds, int | float) and seconds > _LONGEST_EXPRESS_SECONDS:
            return f"{what} {seconds} seconds of the {_LONGEST_EXPRESS_SECONDS} that Express lasts"
    return None


def _references_to_activities(
    state_machine: sfn.StateMachine, definition: Mapping[str, object]
) -> Iterator[tuple[str, str]]:
    """Tasks whose resource is an activity of this app; its ARN is known only at deployment."""
    references = {
        name: match[1]
        for name, state in _states(definition)
        if (match := _REFERENCE.fullmatch(str(state.get("Resource", ""))))
    }
    if not references:
        return
    stack = Stack.of(state_machine)
    activities = {
        stack.resolve(construct.ref)["Ref"]
        for construct in state_machine.node.root.node.find_all()
        if isinstance(construct, sfn.CfnActivity)
    }
    for name, logical_id in references.items():
        if logical_id in activities:
            yield name, "hands work to an activity"


def _states(graph: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every state with its name, those in Parallel branches and Maps too."""
    states = graph.get("States")
    if not isinstance(states, Mapping):
        return
    for name, state in states.items():
        yield name, state
        nested = [state.get("ItemProcessor"), state.get("Iterator"), *state.get("Branches", [])]
        for inner in nested:
            if isinstance(inner, Mapping):
                yield from _states(inner)


def _parse(rendered: object) -> Mapping[str, object]:
    """A resolved definition; ``${LogicalId}`` and null stand for what CloudFormation fills in."""
    parts: Sequence[str | Mapping[str, object]] = (
        rendered["Fn::Join"][1] if isinstance(rendered, Mapping) else [str(rendered)]
    )
    text = ""
    in_string = False
    for part in parts:
        if isinstance(part, str):
            text += part
            in_string ^= re.sub(r"\\.", "", part).count('"') % 2 == 1
        else:
            text += f"${{{part.get('Ref', '')}}}" if in_string else "null"
    parsed: Mapping[str, object] = json.loads(text)
    return parsed
