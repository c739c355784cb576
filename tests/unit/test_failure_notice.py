from collections.abc import Mapping
from typing import Any

import pytest
from aws_cdk import Stack, Token
from aws_cdk import aws_events as events
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template

from constructs_lib.orchestration.failure_notice import FailureNotice
from constructs_lib.templates.state_machines import state_machine_definition, state_machine_ids
from constructs_lib.validation import ConfigError
from tests.unit.every_task import findings

_FAIL = {"Type": "Fail", "Error": "{% $failure.Error %}", "Cause": "{% $failure.Cause %}"}


def _notice(stack: Stack, event_bus: events.IEventBus, **changes: Any) -> FailureNotice:
    arguments: dict[str, Any] = {
        "event_bus": event_bus,
        "event_source": "trips",
        "detail_type": "TripFailed",
        **changes,
    }
    return FailureNotice(stack, "Trip not booked", **arguments)


def _template(stack: Stack, notice: FailureNotice) -> dict[str, Any]:
    sfn.StateMachine(
        stack,
        "Machine",
        definition_body=sfn.DefinitionBody.from_chainable(notice.chain),
        query_language=sfn.QueryLanguage.JSONATA,
    )
    return dict(Template.from_stack(stack).to_json())


def _states(stack: Stack, notice: FailureNotice) -> dict[str, Any]:
    template = _template(stack, notice)
    (logical_id,) = state_machine_ids(template)
    definition: dict[str, Any] = state_machine_definition(
        template, logical_id, substitutions={}, placeholders=True
    )
    assert findings(definition) == []
    return dict(definition["States"])


def _statements(template: Mapping[str, Any]) -> dict[str, Any]:
    """The resources that the workflow's role may touch, by action."""
    (policy,) = (r for r in template["Resources"].values() if r["Type"] == "AWS::IAM::Policy")
    return {
        action: statement["Resource"]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        for action in (
            statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        )
    }


def test_by_default_the_failure_is_published_without_its_cause_and_then_the_execution_fails(
    stack: Stack, event_bus: events.IEventBus
) -> None:
    states = _states(stack, _notice(stack, event_bus))

    assert list(states) == ["Publish TripFailed", "Trip not booked"]
    (entry,) = states["Publish TripFailed"]["Arguments"]["Entries"]
    assert (entry["Source"], entry["DetailType"]) == ("trips", "TripFailed")
    assert entry["EventBusName"].endswith("callers-bus")
    assert entry["Detail"] == {
        "requestId": "{% $states.context.Execution.Name %}",
        "correlationId": "{% $states.context.Execution.Name %}",
        "error": "{% $failure.Error %}",
        "step": "{% $failure.Step %}",
        "notUndone": "{% $notUndone %}",
    }
    assert states["Publish TripFailed"]["Next"] == "Trip not booked"
    assert states["Trip not booked"] == _FAIL


def test_every_argument_reaches_the_states(stack: Stack, event_bus: events.IEventBus) -> None:
    topic = sns.Topic(stack, "Operators")

    states = _states(
        stack,
        _notice(
            stack,
            event_bus,
            event_source="travel/trips",
            detail_type="Trip cancelled",
            topic=topic,
            fields={"kind": "holiday", "trip": "{% $trip %}"},
            include_cause=True,
        ),
    )

    assert list(states) == [
        "Publish Trip cancelled",
        "Notify operators of Trip cancelled",
        "Trip not booked",
    ]
    (entry,) = states["Publish Trip cancelled"]["Arguments"]["Entries"]
    assert entry["Source"] == "travel/trips"
    assert (
        entry["Detail"]
        | {
            "cause": "{% $failure.Cause %}",
            "kind": "holiday",
            "trip": "{% ($field := ($trip); $exists($field) ? $field : null) %}",
        }
        == entry["Detail"]
    )
    notify = states["Notify operators of Trip cancelled"]["Arguments"]
    assert notify["Subject"] == "Trip cancelled"
    assert notify["Message"] == {
        **entry["Detail"],
        "execution": "{% $states.context.Execution.Id %}",
    }


def test_a_report_that_fails_leads_on_to_the_next_and_to_the_original_error(
    stack: Stack, event_bus: events.IEventBus
) -> None:
    states = _states(stack, _notice(stack, event_bus, topic=sns.Topic(stack, "Operators")))

    publish, notify = "Publish TripFailed", "Notify operators of TripFailed"
    assert states[publish]["Catch"] == [{"ErrorEquals": ["States.ALL"], "Next": notify}]
    assert states[publish]["Next"] == notify
    assert states[notify]["Catch"] == [{"ErrorEquals": ["States.ALL"], "Next": "Trip not booked"}]
    assert states[notify]["Next"] == "Trip not booked"


def test_a_state_machine_that_reaches_the_notice_may_publish_there_and_nowhere_else(
    stack: Stack, event_bus: events.IEventBus
) -> None:
    topic = sns.Topic(stack, "Operators")

    allowed = _statements(_template(stack, _notice(stack, event_bus, topic=topic)))

    assert allowed == {
        "events:PutEvents": stack.resolve(event_bus.event_bus_arn),
        "sns:Publish": stack.resolve(topic.topic_arn),
    }


def test_a_topic_with_a_key_of_its_own_may_be_published_to(
    stack: Stack, event_bus: events.IEventBus
) -> None:
    key = kms.Key(stack, "Key")
    topic = sns.Topic(stack, "Operators", master_key=key)

    allowed = _statements(_template(stack, _notice(stack, event_bus, topic=topic)))

    assert allowed["kms:Decrypt"] == stack.resolve(key.key_arn)
    assert allowed["kms:GenerateDataKey"] == stack.resolve(key.key_arn)


def test_two_notices_fit_in_one_stack(stack: Stack, event_bus: events.IEventBus) -> None:
    for name in ("Trip", "Order"):
        notice = FailureNotice(
            stack,
            f"{name} ended",
            event_bus=event_bus,
            event_source="shop",
            detail_type=f"{name}Failed",
        )
        sfn.StateMachine(
            stack,
            f"{name} machine",
            definition_body=sfn.DefinitionBody.from_chainable(notice.chain),
            query_language=sfn.QueryLanguage.JSONATA,
        )

    Template.from_stack(stack).resource_count_is("AWS::StepFunctions::StateMachine", 2)


def test_the_states_made_are_at_hand(stack: Stack, event_bus: events.IEventBus) -> None:
    notice = _notice(stack, event_bus)

    assert notice.chain.start_state.state_id == "Publish TripFailed"
    assert notice.chain.end_states == []
    assert notice.fail_state.state_id == "Trip not booked"


def test_a_source_known_only_at_deployment_passes(
    stack: Stack, event_bus: events.IEventBus
) -> None:
    source = Token.as_string({"Ref": "AWS::StackName"})

    states = _states(stack, _notice(stack, event_bus, event_source=source))

    (entry,) = states["Publish TripFailed"]["Arguments"]["Entries"]
    assert entry["Source"] == "${AWS::StackName}"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"event_source": "aws.trips"}, "event_source must be 1 to 256 letters"),
        ({"event_source": ""}, "event_source must be 1 to 256 letters"),
        ({"detail_type": ""}, "detail_type must be 1 to 60 ASCII letters"),
        ({"detail_type": "TripFailed" * 7}, "detail_type must be 1 to 60 ASCII letters"),
        ({"detail_type": "Trip\nFailed"}, "detail_type must be 1 to 60 ASCII letters"),
        ({"detail_type": Token.as_string({"Ref": "X"})}, "detail_type must be known at synth"),
        ({"fields": {"error": "x"}}, r"fields must leave the notice's own names.*\['error'\]"),
        ({"fields": {"cause": "x"}}, "or pass include_cause=True for the cause"),
        ({"fields": {"execution": "x"}}, r"got \['execution'\]"),
        ({"fields": {"seats": 7}}, "fields must have text or a JSONata expression.*seats=7"),
    ],
)
def test_what_aws_refuses_or_would_hide_a_field_is_refused_before_anything_is_made(
    stack: Stack, event_bus: events.IEventBus, changes: Mapping[str, Any], rule: str
) -> None:
    with pytest.raises(ConfigError, match=rule):
        _notice(stack, event_bus, **changes)

    assert stack.node.try_find_child("Trip not booked") is None


def test_a_fifo_topic_is_refused(stack: Stack, event_bus: events.IEventBus) -> None:
    topic = sns.Topic(stack, "Operators", fifo=True)

    with pytest.raises(ConfigError, match="topic must be a standard topic, got a FIFO topic"):
        _notice(stack, event_bus, topic=topic)
