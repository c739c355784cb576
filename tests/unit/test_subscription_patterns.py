"""What a subscription takes as a pattern, and what of it reaches the rule."""

import json
from collections.abc import Callable, Mapping

import pytest
from aws_cdk import App, CfnParameter, Stack, Token
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Annotations, Match, Template

from constructs_lib.choreography import Subscription
from constructs_lib.choreography.rendered_pattern import EventPatternLike
from constructs_lib.validation import ConfigError


class Subscribe:
    """Subscribe a queue of the stack to a pattern."""

    def __init__(self, stack: Stack, event_bus: events.IEventBus) -> None:
        self._stack = stack
        self._bus = event_bus
        self._target = targets.SqsQueue(sqs.Queue(stack, "Queue"))

    def __call__(
        self,
        pattern: EventPatternLike,
        *,
        detail_filter: Mapping[str, object] | None = None,
        event_bus: events.IEventBus | None = None,
    ) -> object:
        Subscription(
            self._stack,
            "Subscription",
            event_bus=event_bus or self._bus,
            event_pattern=pattern,
            target=self._target,
            detail_filter=detail_filter,
        )
        template = Template.from_stack(self._stack)
        (rule,) = template.find_resources("AWS::Events::Rule").values()
        return rule["Properties"]["EventPattern"]


@pytest.fixture
def subscribe(stack: Stack, event_bus: events.IEventBus) -> Subscribe:
    return Subscribe(stack, event_bus)


class _Contract:
    """Stands for the contract of an event: all that a subscription needs of it."""

    pattern: Mapping[str, object] = {"source": ["shop"], "detail-type": ["OrderPlaced"]}


def test_cdks_pattern_and_matchers_reach_the_rule(subscribe: Subscribe) -> None:
    pattern = events.EventPattern(
        source=events.Match.any_of(events.Match.prefix("shop."), "crm"),
        detail_type=["OrderPlaced"],
        detail={
            "total": events.Match.all_of(events.Match.greater_than(10), events.Match.less_than(99)),
            "coupon": events.Match.does_not_exist(),
        },
    )

    assert subscribe(pattern) == {
        "source": [{"prefix": "shop."}, "crm"],
        "detail-type": ["OrderPlaced"],
        "detail": {"total": [{"numeric": [">", 10, "<", 99]}], "coupon": [{"exists": False}]},
    }


def test_a_raw_pattern_with_or_reaches_the_rule_as_it_is(subscribe: Subscribe) -> None:
    pattern: dict[str, object] = {
        "source": ["shop"],
        "$or": [{"detail-type": ["OrderPlaced"]}, {"detail": {"total": [{"numeric": [">", 5]}]}}],
    }

    assert subscribe(pattern) == pattern


def test_a_contracts_pattern_reaches_the_rule(subscribe: Subscribe) -> None:
    assert subscribe(_Contract()) == _Contract.pattern


def test_a_contract_is_narrowed_by_a_filter_on_its_detail(subscribe: Subscribe) -> None:
    found = subscribe(_Contract(), detail_filter={"total": [{"numeric": [">", 100]}]})

    assert found == {**_Contract.pattern, "detail": {"total": [{"numeric": [">", 100]}]}}


def test_a_filter_joins_the_conditions_that_the_pattern_has(subscribe: Subscribe) -> None:
    pattern = events.EventPattern(detail={"order": {"open": [True]}, "version": [1]})

    found = subscribe(pattern, detail_filter={"order": {"total": events.Match.greater_than(3)}})

    assert found == {
        "detail": {"order": {"open": [True], "total": [{"numeric": [">", 3]}]}, "version": [1]}
    }


def test_a_filter_on_a_field_that_the_pattern_asks_for_is_refused(subscribe: Subscribe) -> None:
    with pytest.raises(ConfigError, match=r"detail_filter must not name detail.order.total"):
        subscribe({"detail": {"order": {"total": [1]}}}, detail_filter={"order": {"total": [2]}})


def test_a_filter_on_a_detail_that_is_no_object_is_refused(subscribe: Subscribe) -> None:
    with pytest.raises(ConfigError, match="detail_filter must meet a detail that is an object"):
        subscribe({"detail": ["a"]}, detail_filter={"total": [2]})


@pytest.mark.parametrize("pattern", ["source", 5, ["source"], None])
def test_what_is_no_pattern_is_refused(subscribe: Subscribe, pattern: object) -> None:
    with pytest.raises(ConfigError, match="event_pattern must be an EventPattern, a mapping"):
        subscribe(pattern)  # type: ignore[arg-type]  # what a user without type checks may pass


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        (events.EventPattern(source=[]), "at source must not be an empty list"),
        (events.EventPattern(account=["1"]), "at account must be an account id of 12 digits"),
        (
            events.EventPattern(detail={"ip": events.Match.cidr("10.0.0.1/32")}),
            "at detail.ip.cidr must be an address and a mask",
        ),
        ({"detailType": ["A"]}, "at detailType must be a field that events have"),
        ({"source": ["x" * 2048]}, "at most 2048 characters"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_a_wrong_pattern_is_refused_at_synth(
    subscribe: Subscribe, pattern: EventPatternLike, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        subscribe(pattern)


def test_tokens_in_a_pattern_pass(stack: Stack, subscribe: Subscribe) -> None:
    limit = CfnParameter(stack, "Limit", type="Number").value_as_number
    names = Token.as_list({"Ref": "Names"})

    found = subscribe(
        {"account": [stack.account], "source": names, "detail": {"n": [{"numeric": [">", limit]}]}}
    )

    assert found == {
        "account": [{"Ref": "AWS::AccountId"}],
        "source": {"Ref": "Names"},
        "detail": {"n": [{"numeric": [">", {"Ref": "Limit"}]}]},
    }


def _stack_with_quota(characters: object) -> Stack:
    return Stack(App(context={"duet:event-pattern-max-characters": characters}), "Stack")


def _subscribe_to_long_pattern(stack: Stack) -> Subscription:
    bus = events.EventBus.from_event_bus_name(stack, "CallersBus", "callers-bus")
    return Subscription(
        stack,
        "Subscription",
        event_bus=bus,
        event_pattern={"source": ["x" * 3000]},
        target=targets.SqsQueue(sqs.Queue(stack, "Queue")),
    )


def test_an_account_with_a_raised_quota_may_have_longer_patterns() -> None:
    subscription = _subscribe_to_long_pattern(_stack_with_quota(4096))

    assert len(subscription.rules) == 1


def test_a_quota_that_eventbridge_does_not_grant_is_refused() -> None:
    with pytest.raises(ConfigError, match="max-characters must be between 1 and 4096, got 5000"):
        _subscribe_to_long_pattern(_stack_with_quota(5000))


def _warnings(stack: Stack) -> list[str]:
    found = Annotations.from_stack(stack).find_warning(
        "*", Match.string_like_regexp("duet:aws-source-on-custom-bus")
    )
    return [str(warning.entry.data) for warning in found]


@pytest.mark.parametrize(
    "make_bus",
    [
        lambda stack: events.EventBus.from_event_bus_name(stack, "B", "default"),
        lambda stack: events.EventBus.from_event_bus_name(stack, "B", "aws.partner/x.com/y"),
        lambda stack: events.EventBus.from_event_bus_name(
            stack, "B", CfnParameter(stack, "Name").value_as_string
        ),
        lambda stack: events.EventBus(stack, "B", event_source_name="aws.partner/x.com/y"),
    ],
    ids=["default", "partner", "token", "partner of this app"],
)
def test_aws_sources_are_expected_on_the_default_and_on_partner_buses(
    stack: Stack, subscribe: Subscribe, make_bus: Callable[[Stack], events.IEventBus]
) -> None:
    subscribe({"source": [{"prefix": "aws."}]}, event_bus=make_bus(stack))

    assert _warnings(stack) == []


@pytest.mark.parametrize(
    "make_bus",
    [
        lambda stack: events.EventBus.from_event_bus_name(stack, "B", "orders"),
        lambda stack: events.EventBus(stack, "B"),
    ],
    ids=["imported", "of this app"],
)
def test_an_aws_source_on_a_custom_bus_is_warned_of(
    stack: Stack, subscribe: Subscribe, make_bus: Callable[[Stack], events.IEventBus]
) -> None:
    subscribe({"source": ["aws.s3"]}, event_bus=make_bus(stack))

    (warning,) = _warnings(stack)
    assert "the source 'aws.s3' on a custom bus" in json.dumps(warning)
