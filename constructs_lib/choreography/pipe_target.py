"""Where a pipe delivers, and what it makes of each record before."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Token
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_pipes as pipes
from aws_cdk import aws_stepfunctions as sfn

from constructs_lib.validation import ConfigError, require_event_source, require_match

# Source: EventBridge user guide, "Amazon EventBridge Pipes batching and concurrency" (2026-11-23).
_MOST_ENTRIES_OF_A_BUS = 10
_MOST_RECORDS = 10_000
_LONGEST_TEMPLATE_CHARACTERS = 8192

_PATH = r"\$(\.[\w/-]+(\[(\d+|\*)\])*)+"
_PLACEHOLDER = re.compile(r"<([^<>]*)>")
_VARIABLES = frozenset(
    f"aws.pipes.{name}"
    for name in (
        "pipe-arn",
        "pipe-name",
        "source-arn",
        "target-arn",
        "enrichment-arn",
        "event.ingestion-time",
        "event",
        "event.json",
    )
)


@dataclass(frozen=True, kw_only=True)
class PipeTarget:
    """What a pipe delivers to; make one with ``state_machine`` or ``event_bus``.

    Both take an ``input_template``: what is passed on of each record, which is all of it when not
    given. A text in it may hold placeholders, paths into the record such as
    ``<$.dynamodb.NewImage.userId.S>`` or ``<$.body.orderId>`` and Pipes' own variables such as
    ``<aws.pipes.event.ingestion-time>``. A text that is one placeholder becomes the value, whatever
    its type.

    Attributes:
        arn: The target's ARN.
        parameters: What the pipe is told about the target.
        default_batch_size: Records a delivery unless the pipe is told otherwise.
        max_batch_size: The most records a delivery can have.
        grant_delivery: Lets a principal deliver to the target.
    Source: EventBridge user guide, "Amazon EventBridge Pipes targets", "Amazon EventBridge Pipes
        input transformation" (read 2026-11-23).
    """

    arn: str
    parameters: pipes.CfnPipe.PipeTargetParametersProperty
    default_batch_size: int
    max_batch_size: int
    grant_delivery: Callable[[iam.IGrantable], iam.Grant]

    @classmethod
    def state_machine(
        cls,
        state_machine: sfn.IStateMachine,
        *,
        input_template: Mapping[str, object] | None = None,
        wait_for_result: bool = False,
    ) -> "PipeTarget":
        """Start one execution a batch; its input is the list of what the template makes.

        A pipe without batching starts one execution a record, with a list of one. Standard
        workflows keep their input for 90 days: pass on what the workflow needs.

        Args:
            state_machine: The workflow to start.
            input_template: What the workflow gets of each record.
            wait_for_result: Run an Express workflow synchronously, so that its failure is a failed
                delivery. A run that ends well may return ``{"batchItemFailures":
                [{"itemIdentifier": …}]}`` to have single records tried again; they are named by
                the record's ``eventID`` (stream, with ``halve_failed_batches`` off) or
                ``messageId`` (queue).
        Raises:
            ConfigError: ``wait_for_result`` with a Standard workflow, or a bad template.
        """
        if (
            wait_for_result
            and isinstance(state_machine, sfn.StateMachine)
            and state_machine.state_machine_type == sfn.StateMachineType.STANDARD
        ):
            raise ConfigError(
                "wait_for_result must be False for a Standard workflow, got True; AWS stops such a "
                "pipe, so make the workflow EXPRESS or leave wait_for_result out"
            )
        return cls(
            arn=state_machine.state_machine_arn,
            parameters=pipes.CfnPipe.PipeTargetParametersProperty(
                input_template=_rendered(input_template),
                step_function_state_machine_parameters=(
                    pipes.CfnPipe.PipeTargetStateMachineParametersProperty(
                        invocation_type="REQUEST_RESPONSE" if wait_for_result else "FIRE_AND_FORGET"
                    )
                ),
            ),
            default_batch_size=1,
            max_batch_size=_MOST_RECORDS,
            grant_delivery=state_machine.grant_start_sync_execution
            if wait_for_result
            else state_machine.grant_start_execution,
        )

    @classmethod
    def event_bus(
        cls,
        event_bus: events.IEventBus,
        *,
        source: str,
        detail_type: str,
        input_template: Mapping[str, object] | None = None,
    ) -> "PipeTarget":
        """Publish one event a record on a bus of the same account and region.

        Args:
            event_bus: The bus.
            source: The events' source; the pipe may publish under no other.
            detail_type: The events' detail type, or a path into the record that leads to it, such
                as ``$.body.type``.
            input_template: The events' detail.
        Raises:
            ConfigError: EventBridge does not take ``source`` or ``detail_type``, or a bad template.
        """
        require_event_source(source)
        require_match(
            "detail_type",
            detail_type,
            rf"{_PATH}|[^$].{{0,127}}",
            rule="be 1 to 128 characters, or a path into the record",
            remedy="say what happened, for example 'UserSignedUp', or name a path: '$.body.type'",
        )

        def grant_delivery(grantee: iam.IGrantable) -> iam.Grant:
            return iam.Grant.add_to_principal(
                grantee=grantee,
                actions=["events:PutEvents"],
                resource_arns=[event_bus.event_bus_arn],
                conditions={
                    "ForAllValues:StringEquals": {"events:source": [source]},
                    # ForAllValues is also true where the key is missing.
                    "Null": {"events:source": "false"},
                },
            )

        return cls(
            arn=event_bus.event_bus_arn,
            parameters=pipes.CfnPipe.PipeTargetParametersProperty(
                input_template=_rendered(input_template),
                event_bridge_event_bus_parameters=(
                    pipes.CfnPipe.PipeTargetEventBridgeEventBusParametersProperty(
                        source=source, detail_type=detail_type
                    )
                ),
            ),
            default_batch_size=_MOST_ENTRIES_OF_A_BUS,
            max_batch_size=_MOST_ENTRIES_OF_A_BUS,
            grant_delivery=grant_delivery,
        )


def _rendered(template: Mapping[str, object] | None) -> str | None:
    """The template as Pipes takes it: JSON, but for placeholders without quotes around them."""
    if template is None:
        return None
    text = _json(template)
    if not Token.is_unresolved(text) and len(text) > _LONGEST_TEMPLATE_CHARACTERS:
        raise ConfigError(
            f"input_template must be at most {_LONGEST_TEMPLATE_CHARACTERS} characters of JSON, "
            f"got {len(text)}; pass on less"
        )
    return text


def _json(value: object) -> str:
    if isinstance(value, Mapping):
        fields = (f"{json.dumps(str(key))}: {_json(content)}" for key, content in value.items())
        return "{" + ", ".join(fields) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_json(item) for item in value) + "]"
    if isinstance(value, str):
        _check_placeholders(value)
        # Pipes writes the value as JSON where the placeholder has no quotes around it.
        return value if _PLACEHOLDER.fullmatch(value) else json.dumps(value)
    return json.dumps(value)


def _check_placeholders(text: str) -> None:
    for name in _PLACEHOLDER.findall(text):
        if name not in _VARIABLES and not re.fullmatch(_PATH, name):
            raise ConfigError(
                "input_template must hold paths such as <$.body.id> or variables of Pipes "
                f"({', '.join(sorted(_VARIABLES))}) between < and >, got <{name}>; "
                "names in a path have letters, digits, underscores, hyphens and slashes"
            )
        if name == "aws.pipes.event.json" and text != f"<{name}>":
            raise ConfigError(
                f"input_template must have <{name}> as a whole value, got {text!r}; "
                "put it into a field of its own"
            )
