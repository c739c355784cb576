"""The step that publishes a contract's event: its detail is checked, its rights are narrow."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from aws_cdk import Stack, Token
from aws_cdk import aws_events as events
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template

from constructs_lib.contracts import EventContract
from constructs_lib.orchestration import PublishEvent
from constructs_lib.templates.state_machines import state_machine_definition, state_machine_ids
from constructs_lib.validation import ConfigError
from tests.unit.order_placed import order_placed

CONTRACT = order_placed(version="2.0")
DETAIL: dict[str, object] = {
    "orderId": "{% $orderId %}",
    "placedAt": "{% $now() %}",
    "channel": "shop",
    "lines": "{% $states.input.lines %}",
    "payment": {"kind": "card", "lastDigits": "{% $digits %}"},
    "total": "{% $sum($states.input.lines.price) %}",
}

Publish = Callable[..., PublishEvent]


@pytest.fixture
def publish(stack: Stack, event_bus: events.IEventBus) -> Publish:
    def make(
        detail: object = DETAIL, *, id_: str = "Announce order", **options: Any
    ) -> PublishEvent:
        settings = {"contract": CONTRACT, "event_bus": event_bus, "detail": detail, **options}
        return PublishEvent(stack, id_, **settings)

    return make


@pytest.fixture
def state_of(
    stack: Stack, synthesize: Callable[[], Template]
) -> Callable[[PublishEvent], dict[str, Any]]:
    def render(task: PublishEvent) -> dict[str, Any]:
        body = sfn.DefinitionBody.from_chainable(task)
        sfn.StateMachine(stack, "Machine", definition_body=body)
        template = synthesize().to_json()
        (machine,) = state_machine_ids(template)
        definition: dict[str, Any] = state_machine_definition(
            template, machine, substitutions={}, placeholders=True
        )
        state: dict[str, Any] = definition["States"][task.node.id]
        return state

    return render


def test_the_step_publishes_the_contracts_event(
    publish: Publish, state_of: Callable[[PublishEvent], dict[str, Any]]
) -> None:
    state = state_of(publish())

    assert state["Resource"].endswith(":states:::events:putEvents")
    (entry,) = state["Arguments"]["Entries"]
    assert (entry["Source"], entry["DetailType"]) == ("shop/checkout", "OrderPlaced.v2")
    assert entry["Detail"] == DETAIL
    assert entry["EventBusName"]


def test_the_step_has_a_timeout_and_retries_what_is_transient(
    publish: Publish, state_of: Callable[[PublishEvent], dict[str, Any]]
) -> None:
    state = state_of(publish())

    assert state["TimeoutSeconds"] == 10
    (retry,) = state["Retry"]
    assert "EventBridge.FailedEntry" in retry["ErrorEquals"]
    assert retry["JitterStrategy"] == "FULL"


def test_outputs_and_variables_reach_the_step(
    publish: Publish, state_of: Callable[[PublishEvent], dict[str, Any]]
) -> None:
    state = state_of(publish(outputs={"id": "{% $id %}"}, assign={"published": True}))

    assert (state["Output"], state["Assign"]) == ({"id": "{% $id %}"}, {"published": True})


def test_the_role_may_publish_this_event_on_this_bus_only(
    stack: Stack,
    event_bus: events.IEventBus,
    publish: Publish,
    synthesize: Callable[[], Template],
) -> None:
    body = sfn.DefinitionBody.from_chainable(publish())
    sfn.StateMachine(stack, "Machine", definition_body=body)

    (policy,) = synthesize().find_resources("AWS::IAM::Policy").values()
    assert policy["Properties"]["PolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Action": "events:PutEvents",
            "Resource": stack.resolve(event_bus.event_bus_arn),
            "Condition": {
                "ForAllValues:StringEquals": {
                    "events:source": ["shop/checkout"],
                    "events:detail-type": ["OrderPlaced.v2"],
                },
                "Null": {"events:source": "false", "events:detail-type": "false"},
            },
        }
    ]


def test_two_steps_fit_in_one_workflow(
    publish: Publish, state_of: Callable[[PublishEvent], dict[str, Any]]
) -> None:
    first, second = publish(), publish(id_="Announce again")

    first.next(second)

    assert state_of(first)["Next"] == "Announce again"


def test_a_token_stands_for_any_value(
    publish: Publish, state_of: Callable[[PublishEvent], dict[str, Any]]
) -> None:
    publish({**DETAIL, "total": Token.as_number({"Ref": "Total"})}, id_="Announce total")

    state = state_of(publish({**DETAIL, "orderId": Token.as_string({"Ref": "Order"})}))

    assert state["Arguments"]["Entries"][0]["Detail"]["orderId"] == "${Order}"


def test_a_workflow_in_jsonpath_publishes_too(
    publish: Publish, state_of: Callable[[PublishEvent], dict[str, Any]]
) -> None:
    path = sfn.JsonPath
    detail = {
        "orderId.$": "$.order.id",
        "placedAt": path.string_at("$$.State.EnteredTime"),
        "channel": "web",
        "lines": path.list_at("$.lines"),
        "payment": {"kind": "card", "lastDigits.$": "$.digits"},
        "total": path.number_at("$.total"),
    }

    state = state_of(
        publish(detail, query_language=sfn.QueryLanguage.JSON_PATH, result_path="$.published")
    )

    assert state["ResultPath"] == "$.published"
    rendered = state["Parameters"]["Entries"][0]["Detail"]
    assert rendered["orderId.$"] == "$.order.id"
    assert rendered["lines.$"] == "$.lines"


def _without(name: str) -> dict[str, object]:
    return {field: value for field, value in DETAIL.items() if field != name}


@pytest.mark.parametrize(
    ("detail", "message"),
    [
        (_without("total"), "detail.total must be given, got nothing; OrderPlaced 2.0 requires it"),
        ({**DETAIL, "colour": "{% $c %}"}, "detail.colour must be a field of OrderPlaced 2.0"),
        ({**DETAIL, "channel": "fax"}, "detail.channel must fit OrderPlaced 2.0, got 'fax'"),
        ({**DETAIL, "total": 0}, "detail.total must fit OrderPlaced 2.0, got 0"),
        ({**DETAIL, "total": "12"}, "detail.total must fit OrderPlaced 2.0, got '12'"),
        (
            {**DETAIL, "lines": [{"productId": "{% $p %}"}]},
            "detail.lines.0.quantity must be given, got nothing",
        ),
        (
            {**DETAIL, "lines": [{"productId": "{% $p %}", "quantity": 1, "price": "{% 1 %}"}]},
            "detail.lines.0.price must be a field of OrderPlaced 2.0",
        ),
    ],
)
def test_a_detail_that_cannot_fit_is_refused_at_synth(
    publish: Publish, detail: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError) as refusal:
        publish(detail)

    assert message in str(refusal.value)


@pytest.mark.parametrize(
    "open_field", ["orderId", "placedAt", "channel", "lines", "payment", "total"]
)
def test_an_expression_stands_for_any_field(publish: Publish, open_field: str) -> None:
    publish({**DETAIL, open_field: "{% $later %}"})


def test_a_union_is_left_open_as_long_as_its_kind_is(publish: Publish) -> None:
    publish({**DETAIL, "payment": {"kind": "{% $kind %}", "dueOn": "{% $due %}"}})


def test_a_union_without_a_kind_is_left_open_too(publish: Publish) -> None:
    @dataclass
    class Grams:
        grams: int

    @dataclass
    class Pieces:
        pieces: int

    @dataclass
    class Sent:
        amount: Grams | Pieces

    contract = EventContract(name="ParcelSent", source="shop", detail_model=Sent)

    publish({"amount": {"pieces": "{% $count %}"}}, contract=contract)


def test_a_path_for_a_missing_field_is_refused_in_jsonpath(publish: Publish) -> None:
    with pytest.raises(ConfigError, match=r"detail\.placedAt must be given"):
        publish({"orderId.$": "$.id"}, query_language=sfn.QueryLanguage.JSON_PATH)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"result_path": "$.r"}, "result_path must be left out of a JSONata step"),
        (
            {"outputs": "{% 1 %}", "query_language": sfn.QueryLanguage.JSON_PATH},
            "outputs must be left out of a JSONPath step",
        ),
    ],
)
def test_a_field_of_the_other_query_language_is_refused(
    publish: Publish, options: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        publish(**options)


def test_a_contract_of_a_dataclass_is_checked_too(publish: Publish) -> None:
    @dataclass
    class Sent:
        parcel: str

    contract = EventContract(name="ParcelSent", source="shop", detail_model=Sent)

    publish({"parcel": "{% $p %}"}, contract=contract)
    with pytest.raises(ConfigError, match=r"detail\.parcel must be given"):
        publish({}, contract=contract, id_="Again")
