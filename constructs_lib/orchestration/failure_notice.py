"""The end of a failed workflow: tell the other services and the operators, then fail."""

from collections.abc import Mapping

from aws_cdk import Duration, Token
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from constructs_lib.orchestration.retry_policies import EVENTBRIDGE_TRANSIENT, SNS_TRANSIENT
from constructs_lib.validation import ConfigError, require_event_source, require_match

_TASK_TIMEOUT = sfn.Timeout.duration(Duration.seconds(10))
_EXPRESSION_OPENS, _EXPRESSION_CLOSES = "{%", "%}"


class FailureNotice(Construct):
    """States that report a failure and end the execution with the error that caused it.

    Creates, in the workflow that reaches ``chain``, a state that publishes ``detail_type`` on
    ``event_bus``, one that notifies ``topic`` if there is one, and a Fail state named ``id_`` with
    the error and cause in the variable ``failure``. Bus and topic stay the caller's; the workflow's
    role is granted what the states need. ``Saga`` sets the variables; other JSONata workflows set
    ``failure`` (``Error``, ``Cause``, ``Step``) and ``notUndone`` (a list) themselves.

    The event's detail is ``requestId``, ``correlationId`` (both the execution's name), ``error``,
    ``step``, ``notUndone`` and ``fields``; the notice has the same and the execution's ARN. Both
    are at least once and best effort: what still fails after the retries is left, and the original
    error is the one reported. No personal data: the cause, in which services repeat what they were
    sent, stays out.

    Args:
        id_: Construct id and name of the Fail state, such as ``Sign-up failed``.
        event_bus: Where the failure is published.
        event_source: The ``source`` of that event; must not start with ``aws.``.
        detail_type: The event, a past fact such as ``SignUpFailed``; also part of state names.
        topic: The operators' standard topic; nobody is notified without one.
        fields: More fields of event and notice, as text or ``{% JSONata %}``. One whose variable
            was not yet assigned when the workflow failed is null.
        include_cause: Put the error's cause, as ``cause``, in event and notice.
    Raises:
        ConfigError: A name has other characters than AWS allows, a field would hide one of the
            notice's own, or the topic is a FIFO topic.
    Source: Step Functions developer guide, "Fail workflow state", "Add EventBridge events with Step
        Functions"; SNS API reference, Publish (Subject) (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        event_bus: events.IEventBus,
        event_source: str,
        detail_type: str,
        topic: sns.ITopic | None = None,
        fields: Mapping[str, str] | None = None,
        include_cause: bool = False,
    ) -> None:
        own = {
            "requestId": "{% $states.context.Execution.Name %}",
            "correlationId": "{% $states.context.Execution.Name %}",
            "error": "{% $failure.Error %}",
            "step": "{% $failure.Step %}",
            "notUndone": "{% $notUndone %}",
        }
        if include_cause:
            own["cause"] = "{% $failure.Cause %}"
        _check(event_source, detail_type, topic, fields or {}, own)
        super().__init__(scope, id_)
        detail = own | {name: _or_null(value) for name, value in (fields or {}).items()}

        self.fail_state = sfn.Fail.jsonata(
            self, id_, error="{% $failure.Error %}", cause="{% $failure.Cause %}"
        )
        publish = tasks.EventBridgePutEvents.jsonata(
            self,
            f"Publish {detail_type}",
            entries=[
                tasks.EventBridgePutEventsEntry(
                    event_bus=event_bus,
                    source=event_source,
                    detail_type=detail_type,
                    detail=sfn.TaskInput.from_object(detail),
                )
            ],
            task_timeout=_TASK_TIMEOUT,
        )
        EVENTBRIDGE_TRANSIENT.add_to(publish)
        following: sfn.State = self.fail_state
        if topic is not None:
            following = self._notify(topic, detail_type, detail)
        publish.add_catch(following, errors=[sfn.Errors.ALL])
        publish.next(following)
        self.chain = sfn.Chain.custom(publish, [], self.fail_state)

    def _notify(self, topic: sns.ITopic, detail_type: str, detail: Mapping[str, str]) -> sfn.State:
        notify = _PublishToTopic(
            self,
            f"Notify operators of {detail_type}",
            query_language=sfn.QueryLanguage.JSONATA,
            topic=topic,
            subject=detail_type,
            message=sfn.TaskInput.from_object(
                {**detail, "execution": "{% $states.context.Execution.Id %}"}
            ),
            task_timeout=_TASK_TIMEOUT,
        )
        notify.key = topic.master_key
        SNS_TRANSIENT.add_to(notify)
        notify.add_catch(self.fail_state, errors=[sfn.Errors.ALL])
        notify.next(self.fail_state)
        return notify


class _PublishToTopic(tasks.SnsPublish):
    """A task that may also use the key of an encrypted topic, which aws-cdk-lib 2.275 leaves out:
    every notice would be refused, and best effort would hide it."""

    key: kms.IKey | None = None

    @property
    def _task_policies(self) -> list[iam.PolicyStatement]:
        policies = list(super()._task_policies or [])
        if self.key is not None:
            policies.append(
                iam.PolicyStatement(
                    actions=["kms:Decrypt", "kms:GenerateDataKey"],
                    resources=[self.key.key_arn],
                )
            )
        return policies


def _check(
    event_source: str,
    detail_type: str,
    topic: sns.ITopic | None,
    fields: Mapping[str, str],
    own: Mapping[str, str],
) -> None:
    require_event_source(event_source)
    if Token.is_unresolved(detail_type):
        raise ConfigError(
            "detail_type must be known at synth, got a token; states are named after it"
        )
    require_match(
        "detail_type",
        detail_type,
        r"[A-Za-z][A-Za-z0-9.\-_ ]{0,59}",
        # 80 characters of a state name, less "Notify operators of ".
        rule="be 1 to 60 ASCII letters, digits, dots, spaces, hyphens or underscores",
        remedy="name what happened, for example 'SignUpFailed'",
    )
    if hidden := sorted({*own, "cause", "execution"} & fields.keys()):
        raise ConfigError(
            f"fields must leave the notice's own names alone, got {hidden}; "
            "choose other names, or pass include_cause=True for the cause"
        )
    for name, value in fields.items():
        if not isinstance(value, str):
            raise ConfigError(
                f"fields must have text or a JSONata expression as values, got {name}={value!r}; "
                "write a number as '{% 7 %}'"
            )
    if topic is not None and topic.fifo:
        raise ConfigError(
            "topic must be a standard topic, got a FIFO topic; "
            "operators read notices by mail or chat, which take standard topics only"
        )


def _or_null(value: str) -> str:
    """The same field, and null where its expression gives nothing: a field of a later step's
    variable must not cost the whole notice."""
    text = value.strip()
    if not (text.startswith(_EXPRESSION_OPENS) and text.endswith(_EXPRESSION_CLOSES)):
        return value
    expression = text.removeprefix(_EXPRESSION_OPENS).removesuffix(_EXPRESSION_CLOSES).strip()
    return f"{{% ($field := ({expression}); $exists($field) ? $field : null) %}}"
