"""A step of a workflow that publishes the event of a contract."""

from collections.abc import Mapping

from aws_cdk import Duration, Token
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from constructs_lib.contracts import EventContract
from constructs_lib.orchestration.retry_policies import EVENTBRIDGE_TRANSIENT
from constructs_lib.validation import ConfigError

_TASK_TIMEOUT = sfn.Timeout.duration(Duration.seconds(10))


class PublishEvent(tasks.EventBridgePutEvents):
    """Publish the event of ``contract`` on ``event_bus``, with a detail that is checked at synth.

    The state machine's role may publish under the contract's source and detail type only, on that
    bus only. An entry that EventBridge refuses fails the step with ``EventBridge.FailedEntry``;
    what is transient is retried, so that an event may be published twice.

    Args:
        contract: The event.
        event_bus: Where it is published; stays the caller's.
        detail: The detail, with the field names of the wire. A value is a constant, ``{% JSONata
            %}``, a CDK token, or with JSONPath ``sfn.JsonPath`` or a field whose name ends in
            ``.$``.
        outputs: What the state passes on (JSONata); the answer by default.
        assign: Workflow variables to set.
        result_path: Where the answer goes in the state's input (JSONPath).
        query_language: JSONata or JSONPath.
    Raises:
        ConfigError: A required field is missing, the contract declares no such field, a constant
            breaks its rule, or an argument belongs to the other query language.
    Source: Step Functions developer guide, "Add EventBridge events with Step Functions"; service
        authorization reference, events:PutEvents (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        contract: EventContract,
        event_bus: events.IEventBus,
        detail: Mapping[str, object],
        outputs: object | None = None,
        assign: Mapping[str, object] | None = None,
        result_path: str | None = None,
        query_language: sfn.QueryLanguage = sfn.QueryLanguage.JSONATA,
    ) -> None:
        jsonata = query_language == sfn.QueryLanguage.JSONATA
        _require_fields_of_language(jsonata, outputs=outputs, result_path=result_path)
        contract.check_template(
            detail if jsonata else _plain_names(detail),
            is_known_later=_is_jsonata_or_token if jsonata else _is_path_or_token,
        )
        super().__init__(
            scope,
            id_,
            entries=[
                tasks.EventBridgePutEventsEntry(
                    event_bus=event_bus,
                    source=contract.source,
                    detail_type=contract.detail_type,
                    detail=sfn.TaskInput.from_object(detail),
                )
            ],
            task_timeout=_TASK_TIMEOUT,
            outputs=outputs,
            assign=assign,
            result_path=result_path,
            query_language=query_language,
        )
        self.contract = contract
        self._event_bus_arn = event_bus.event_bus_arn
        EVENTBRIDGE_TRANSIENT.add_to(self)

    @property
    def _task_policies(self) -> list[iam.PolicyStatement]:
        # CDK's own statement lets the role publish anything in anybody's name.
        names = {
            "events:source": [self.contract.source],
            "events:detail-type": [self.contract.detail_type],
        }
        return [
            iam.PolicyStatement(
                actions=["events:PutEvents"],
                resources=[self._event_bus_arn],
                conditions={
                    "ForAllValues:StringEquals": names,
                    # ForAllValues is also true where the key is missing.
                    "Null": dict.fromkeys(names, "false"),
                },
            )
        ]


def _require_fields_of_language(
    jsonata: bool, *, outputs: object | None, result_path: str | None
) -> None:
    foreign, value = ("result_path", result_path) if jsonata else ("outputs", outputs)
    if value is not None:
        raise ConfigError(
            f"{foreign} must be left out of a {'JSONata' if jsonata else 'JSONPath'} step, "
            f"got {value!r}; pass outputs with JSONata, result_path with JSONPath"
        )


def _is_token(value: object) -> bool:
    if isinstance(value, str):
        return "${Token[" in value
    if isinstance(value, list | tuple):
        return any(isinstance(entry, str) and entry.startswith("#{Token[") for entry in value)
    if value is None or isinstance(value, bool | Mapping):
        return False
    return Token.is_unresolved(value)


def _is_jsonata_or_token(value: object) -> bool:
    if isinstance(value, str):
        text = value.strip()
        return (text.startswith("{%") and text.endswith("%}")) or _is_token(value)
    return _is_token(value)


class _AtPath:
    """Stands for the value of a field whose name ends in ``.$``."""


def _is_path_or_token(value: object) -> bool:
    return isinstance(value, _AtPath) or _is_token(value)


def _plain_names(detail: Mapping[str, object]) -> dict[str, object]:
    """The fields without ``.$``, at every depth."""
    plain: dict[str, object] = {}
    for name, value in detail.items():
        if name.endswith(".$"):
            plain[name.removesuffix(".$")] = _AtPath()
        else:
            plain[name] = _plain_names(value) if isinstance(value, Mapping) else value
    return plain
