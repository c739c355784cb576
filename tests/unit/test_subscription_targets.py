"""What of each kind of target reaches the template: permission, retries, dead letters, input."""

from collections.abc import Callable
from typing import cast

import pytest
from aws_cdk import App, CfnParameter, Environment, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kinesisfirehose as firehose
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Annotations, Match, Template

from constructs_lib.choreography import ApiEndpoint, LogGroupTarget, Subscription
from constructs_lib.validation import ConfigError

_PATTERN = {"detail-type": ["UserSignedUp"]}
Subscribe = Callable[[events.IRuleTarget], Subscription]
Properties = dict[str, object]


@pytest.fixture
def subscribe(stack: Stack, event_bus: events.IEventBus) -> Subscribe:
    return lambda target: Subscription(
        stack, "Subscription", event_bus=event_bus, event_pattern=_PATTERN, target=target
    )


def _rules(template: Template) -> list[list[Properties]]:
    rules = template.find_resources("AWS::Events::Rule").values()
    return [rule["Properties"]["Targets"] for rule in rules]


def _statements(template: Template, type_name: str) -> list[dict[str, object]]:
    return [
        statement
        for policy in template.find_resources(type_name).values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]


def _function(stack: Stack) -> lambda_.IFunction:
    return lambda_.Function(
        stack,
        "Function",
        runtime=lambda_.Runtime.PYTHON_3_13,
        handler="index.handler",
        code=lambda_.Code.from_inline("def handler(event, context): return event"),
    )


def _fifo_queue(stack: Stack) -> sqs.Queue:
    return sqs.Queue(stack, "Fifo", fifo=True, content_based_deduplication=True)


def _workflow(stack: Stack) -> sfn.IStateMachine:
    return sfn.StateMachine.from_state_machine_name(stack, "CallersWorkflow", "callers-workflow")


def _stream(stack: Stack) -> firehose.IDeliveryStream:
    return firehose.DeliveryStream.from_delivery_stream_name(stack, "Firehose", "callers-stream")


def _api(stack: Stack) -> ApiEndpoint:
    secret = secretsmanager.Secret.from_secret_name_v2(stack, "Secret", "crm")
    return ApiEndpoint(
        stack,
        "Api",
        endpoint="https://crm.example.com/contacts",
        authorization=events.Authorization.api_key("x-api-key", secret.secret_value),
    )


def _bus_elsewhere(stack: Stack) -> events.IEventBus:
    arn = "arn:aws:events:eu-west-1:444455556666:event-bus/theirs"
    return events.EventBus.from_event_bus_arn(stack, "Elsewhere", arn)


MAKE_TARGET: dict[str, Callable[[Stack], events.IRuleTarget]] = {
    "Lambda": lambda stack: targets.LambdaFunction(_function(stack)),
    "SQS": lambda stack: targets.SqsQueue(sqs.Queue(stack, "Standard")),
    "SQS FIFO": lambda stack: targets.SqsQueue(_fifo_queue(stack), message_group_id="all"),
    "SNS": lambda stack: targets.SnsTopic(sns.Topic(stack, "Topic"), authorize_using_role=True),
    "Step Functions": lambda stack: targets.SfnStateMachine(_workflow(stack)),
    "bus": lambda stack: targets.EventBus(events.EventBus(stack, "Other")),
    "bus elsewhere": lambda stack: targets.EventBus(_bus_elsewhere(stack)),
    "CloudWatch Logs": lambda stack: LogGroupTarget(logs.LogGroup(stack, "LogGroup")),
    "Kinesis": lambda stack: targets.KinesisStream(kinesis.Stream(stack, "Stream")),
    "Firehose": lambda stack: targets.FirehoseDeliveryStream(_stream(stack)),
    "API destination": lambda stack: _api(stack).target(),
}


@pytest.mark.parametrize("make_target", MAKE_TARGET.values(), ids=MAKE_TARGET)
def test_every_kind_of_target_has_retries_and_a_dead_letter_queue(
    stack: Stack, subscribe: Subscribe, make_target: Callable[[Stack], events.IRuleTarget]
) -> None:
    subscription = subscribe(make_target(stack))

    ((target,),) = _rules(Template.from_stack(stack))
    dead_letters = stack.resolve(subscription.dead_letter_queue.queue_arn)
    assert target["DeadLetterConfig"] == {"Arn": dead_letters}
    assert target["RetryPolicy"] == {
        "MaximumEventAgeInSeconds": 86400,
        "MaximumRetryAttempts": 185,
    }


# The action that a role needs for each kind of target that takes a role, on that resource alone.
ROLE_ACTIONS = {
    "SNS": {"sns:Publish"},
    "Step Functions": {"states:StartExecution"},
    "bus": {"events:PutEvents"},
    "bus elsewhere": {"events:PutEvents"},
    "Kinesis": {"kinesis:ListShards", "kinesis:PutRecord", "kinesis:PutRecords"},
    "Firehose": {"firehose:PutRecord", "firehose:PutRecordBatch"},
    "API destination": {"events:InvokeApiDestination"},
}


@pytest.mark.parametrize("kind", ROLE_ACTIONS)
def test_a_targets_role_may_reach_that_target_alone(
    stack: Stack, subscribe: Subscribe, kind: str
) -> None:
    subscribe(MAKE_TARGET[kind](stack))

    template = Template.from_stack(stack)
    ((target,),) = _rules(template)
    (statement,) = _statements(template, "AWS::IAM::Policy")
    actions = cast("str | list[str]", statement["Action"])
    assert set([actions] if isinstance(actions, str) else actions) == ROLE_ACTIONS[kind]
    assert statement["Resource"] == target["Arn"]
    assert "RoleArn" in target


@pytest.mark.parametrize("kind", ["SQS", "SQS FIFO"])
def test_only_the_rule_may_send_to_a_queue(stack: Stack, subscribe: Subscribe, kind: str) -> None:
    subscription = subscribe(MAKE_TARGET[kind](stack))

    template = Template.from_stack(stack)
    senders = [
        statement
        for statement in _statements(template, "AWS::SQS::QueuePolicy")
        if statement["Effect"] == "Allow"
    ]
    condition = {"ArnEquals": {"aws:SourceArn": stack.resolve(subscription.rule.rule_arn)}}
    assert len(senders) == 2  # the consumer's and the dead letters
    assert all(statement["Condition"] == condition for statement in senders)


def test_only_the_rule_may_invoke_a_function(stack: Stack, subscribe: Subscribe) -> None:
    subscription = subscribe(MAKE_TARGET["Lambda"](stack))

    Template.from_stack(stack).has_resource_properties(
        "AWS::Lambda::Permission",
        {
            "Action": "lambda:InvokeFunction",
            "Principal": "events.amazonaws.com",
            "SourceArn": stack.resolve(subscription.rule.rule_arn),
        },
    )


# ── Queues ───────────────────────────────────────────────────────────────────────────────────────


def test_a_fifo_queue_gets_its_message_group_and_a_standard_dead_letter_queue(
    stack: Stack, subscribe: Subscribe
) -> None:
    subscription = subscribe(MAKE_TARGET["SQS FIFO"](stack))

    ((target,),) = _rules(Template.from_stack(stack))
    assert target["SqsParameters"] == {"MessageGroupId": "all"}
    assert subscription.dead_letter_queue.fifo is False


def test_a_fifo_queue_without_message_group_is_refused(stack: Stack, subscribe: Subscribe) -> None:
    with pytest.raises(ConfigError, match="target must have a message group"):
        subscribe(targets.SqsQueue(_fifo_queue(stack)))


def test_an_imported_fifo_queue_without_message_group_is_refused(
    stack: Stack, subscribe: Subscribe
) -> None:
    queue = sqs.Queue.from_queue_arn(stack, "Q", "arn:aws:sqs:us-east-1:111122223333:q.fifo")

    with pytest.raises(ConfigError, match="target must have a message group"):
        subscribe(targets.SqsQueue(queue))


def test_a_fifo_queue_that_does_not_deduplicate_by_content_is_refused(
    stack: Stack, subscribe: Subscribe
) -> None:
    queue = sqs.Queue(stack, "Fifo", fifo=True)

    with pytest.raises(ConfigError, match="target must deduplicate by content, got 'Stack/Fifo'"):
        subscribe(targets.SqsQueue(queue, message_group_id="all"))


def test_a_fifo_dead_letter_queue_is_refused(stack: Stack, event_bus: events.IEventBus) -> None:
    with pytest.raises(ConfigError, match="dead_letter_queue must be a standard queue"):
        Subscription(
            stack,
            "Subscription",
            event_bus=event_bus,
            event_pattern=_PATTERN,
            target=MAKE_TARGET["SQS"](stack),
            dead_letter_queue=_fifo_queue(stack),
        )


def _subscribe_with_key(stack: Stack, bus: events.IEventBus, key: kms.IKey) -> None:
    dead_letters = sqs.Queue(
        stack, "Dead", encryption=sqs.QueueEncryption.KMS, encryption_master_key=key
    )
    Subscription(
        stack,
        "Subscription",
        event_bus=bus,
        event_pattern=_PATTERN,
        target=MAKE_TARGET["SQS"](stack),
        dead_letter_queue=dead_letters,
    )


def test_rules_of_this_account_may_use_the_key_of_the_dead_letter_queue(
    stack: Stack, event_bus: events.IEventBus
) -> None:
    _subscribe_with_key(stack, event_bus, kms.Key(stack, "Key"))

    rules = stack.format_arn(service="events", resource="rule", resource_name="*")
    Template.from_stack(stack).has_resource_properties(
        "AWS::KMS::Key",
        {
            "KeyPolicy": {
                "Statement": Match.array_with(
                    [
                        {
                            "Effect": "Allow",
                            "Principal": {"Service": "events.amazonaws.com"},
                            "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
                            "Resource": "*",
                            "Condition": {
                                "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
                                "ArnLike": {"aws:SourceArn": stack.resolve(rules)},
                            },
                        }
                    ]
                )
            }
        },
    )


def _warned(stack: Stack, id_: str) -> bool:
    return bool(Annotations.from_stack(stack).find_warning("*", Match.string_like_regexp(id_)))


def test_the_key_of_another_app_is_warned_of(stack: Stack, event_bus: events.IEventBus) -> None:
    key = kms.Key.from_key_arn(stack, "Key", "arn:aws:kms:us-east-1:111122223333:key/abc")

    _subscribe_with_key(stack, event_bus, key)

    assert _warned(stack, "duet:key-needs-grant")


# ── Topics, log groups, other accounts ───────────────────────────────────────────────────────────


@pytest.mark.parametrize("uses_role", [True, False])
def test_a_topic_that_cdk_opens_to_every_rule_is_warned_of(
    stack: Stack, subscribe: Subscribe, uses_role: bool
) -> None:
    subscribe(targets.SnsTopic(sns.Topic(stack, "Topic"), authorize_using_role=uses_role))

    assert _warned(stack, "duet:topic-open-to-every-rule") is not uses_role


def test_a_topics_role_may_use_its_key(stack: Stack, subscribe: Subscribe) -> None:
    topic = sns.Topic(stack, "Topic", master_key=kms.Key(stack, "Key"))

    subscribe(targets.SnsTopic(topic, authorize_using_role=True))

    publish, use_key = _statements(Template.from_stack(stack), "AWS::IAM::Policy")
    assert publish["Action"] == "sns:Publish"
    assert use_key["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert use_key["Resource"] == stack.resolve(cast(kms.IKey, topic.master_key).key_arn)


def test_rules_share_one_log_policy_a_stack_and_no_function_is_made(
    stack: Stack, event_bus: events.IEventBus
) -> None:
    for id_ in ("First", "Second"):
        Subscription(
            stack,
            id_,
            event_bus=event_bus,
            event_pattern=_PATTERN,
            target=LogGroupTarget(logs.LogGroup(stack, f"{id_}Logs")),
        )

    template = Template.from_stack(stack)
    template.resource_count_is("AWS::Logs::ResourcePolicy", 1)
    template.resource_count_is("AWS::Lambda::Function", 0)
    (policy,) = template.find_resources("AWS::Logs::ResourcePolicy").values()
    text = str(policy["Properties"]["PolicyDocument"])
    assert text.count("logs:PutLogEvents") == 2
    assert text.count("aws:SourceArn") == 2


def test_a_log_groups_message_is_made_from_the_event(stack: Stack, subscribe: Subscribe) -> None:
    log_event = targets.LogGroupTargetInput.from_object_v2(message=events.EventField.source)

    subscribe(LogGroupTarget(logs.LogGroup(stack, "LogGroup"), log_event=log_event))

    ((target,),) = _rules(Template.from_stack(stack))
    assert target["InputTransformer"] == {
        "InputPathsMap": {"time": "$.time", "source": "$.source"},
        "InputTemplate": '{"timestamp":<time>,"message":<source>}',
    }


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1"])
def test_a_target_in_another_account_or_region_is_refused_with_the_way_there(region: str) -> None:
    stack = Stack(App(), "Stack", env=Environment(account="111122223333", region="us-east-1"))
    account = "111122223333" if region == "eu-west-1" else "444455556666"
    queue = sqs.Queue.from_queue_arn(stack, "Queue", f"arn:aws:sqs:{region}:{account}:theirs")

    with pytest.raises(ConfigError, match=rf"got {account}/{region}; .*targets.EventBus"):
        Subscription(
            stack,
            "Subscription",
            event_bus=events.EventBus(stack, "Bus"),
            event_pattern=_PATTERN,
            target=targets.SqsQueue(queue),
        )


def test_a_dead_letter_queue_in_another_region_is_refused() -> None:
    stack = Stack(App(), "Stack", env=Environment(account="111122223333", region="us-east-1"))
    arn = "arn:aws:sqs:eu-west-1:111122223333:theirs"

    with pytest.raises(ConfigError, match="dead_letter_queue must be in the account and region"):
        Subscription(
            stack,
            "Subscription",
            event_bus=events.EventBus(stack, "Bus"),
            event_pattern=_PATTERN,
            target=MAKE_TARGET["SQS"](stack),
            dead_letter_queue=sqs.Queue.from_queue_arn(stack, "Queue", arn),
        )


# ── Inputs ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (None, {}),
        (events.RuleTargetInput.from_event_path("$.detail.user"), {"InputPath": "$.detail.user"}),
        (events.RuleTargetInput.from_object({"fixed": True}), {"Input": '{"fixed":true}'}),
        (
            events.RuleTargetInput.from_object(
                {"user": events.EventField.from_path("$.detail.userId"), "kind": "sign-up"}
            ),
            {
                "InputTransformer": {
                    "InputPathsMap": {"detail-userId": "$.detail.userId"},
                    "InputTemplate": '{"user":<detail-userId>,"kind":"sign-up"}',
                }
            },
        ),
    ],
    ids=["matched event", "path", "constant", "transformer"],
)
def test_every_way_to_make_the_input_reaches_the_rule(
    stack: Stack,
    subscribe: Subscribe,
    message: events.RuleTargetInput | None,
    expected: Properties,
) -> None:
    subscribe(targets.SqsQueue(sqs.Queue(stack, "Queue"), message=message))

    ((target,),) = _rules(Template.from_stack(stack))
    assert {name: value for name, value in target.items() if name.startswith("Input")} == expected


def _field(path: str) -> str:
    return events.EventField.from_path(path)


@pytest.mark.parametrize(
    ("make_input", "message"),
    [
        (lambda: events.RuleTargetInput.from_text("x" * 8191), "input must be at most 8192 char"),
        (
            lambda: events.RuleTargetInput.from_text(_field("$.id") + "x" * 8190),
            "input template must be at most 8192 characters",
        ),
        (
            lambda: events.RuleTargetInput.from_event_path("$." + "x" * 255),
            "input path must be at most 256 characters, got 257",
        ),
        (
            lambda: events.RuleTargetInput.from_object(
                {f"f{n}": _field(f"$.detail.f{n}") for n in range(101)}
            ),
            "at most 100 paths of the event, got 101",
        ),
        (lambda: events.RuleTargetInput.from_event_path("detail"), "must be '.' and names after"),
        (
            lambda: events.RuleTargetInput.from_object({"a": _field("$.detail['first name']")}),
            "must be '.' and names after dots, got .*first name",
        ),
        (
            lambda: events.RuleTargetInput.from_text(f"<b>{_field('$.id')}</b>"),
            "must have a path for <b>, got .'id'.",
        ),
    ],
    ids=["text", "template", "path", "paths", "no path", "brackets", "placeholder"],
)
def test_an_input_that_eventbridge_refuses_is_refused(
    stack: Stack,
    subscribe: Subscribe,
    make_input: Callable[[], events.RuleTargetInput],
    message: str,
) -> None:
    queue = sqs.Queue(stack, "Queue")

    with pytest.raises(ConfigError, match=message):
        subscribe(targets.SqsQueue(queue, message=make_input()))


def test_an_input_of_the_longest_length_a_list_index_and_a_token_are_accepted(
    stack: Stack, subscribe: Subscribe
) -> None:
    queue = sqs.Queue(stack, "Queue")
    token = CfnParameter(stack, "Text").value_as_string
    subscription = subscribe(
        targets.SqsQueue(queue, message=events.RuleTargetInput.from_text("x" * 8190))
    )

    for text in (_field("$.resources[0]"), token + "x" * 9000, "<aws.events.rule-arn>"):
        message = events.RuleTargetInput.from_object({"text": text, "id": _field("$.id")})
        subscription.add_target(targets.SqsQueue(queue, message=message))

    ((*found,),) = _rules(Template.from_stack(stack))
    assert len(found) == 4


# ── More targets than a rule takes ───────────────────────────────────────────────────────────────


def test_more_than_five_targets_are_split_into_rules_of_one_pattern_and_one_dead_letter_queue(
    stack: Stack, subscribe: Subscribe
) -> None:
    queues = [sqs.Queue(stack, f"Queue{number}") for number in range(11)]

    subscription = subscribe(targets.SqsQueue(queues[0]))
    for queue in queues[1:]:
        subscription.add_target(targets.SqsQueue(queue))

    template = Template.from_stack(stack)
    assert [len(targets_) for targets_ in _rules(template)] == [5, 5, 1]
    arns = [target["Arn"] for targets_ in _rules(template) for target in targets_]
    assert arns == [stack.resolve(queue.queue_arn) for queue in queues]
    rules = template.find_resources("AWS::Events::Rule").values()
    assert all(rule["Properties"]["EventPattern"] == _PATTERN for rule in rules)
    dead_letters = stack.resolve(subscription.dead_letter_queue.queue_arn)
    assert all(
        target["DeadLetterConfig"] == {"Arn": dead_letters}
        for targets_ in _rules(template)
        for target in targets_
    )


def test_every_rule_of_a_subscription_may_send_to_its_dead_letter_queue(
    stack: Stack, subscribe: Subscribe
) -> None:
    topic = sns.Topic(stack, "Topic")
    subscription = subscribe(targets.SnsTopic(topic, authorize_using_role=True))
    for _ in range(5):
        subscription.add_target(targets.SnsTopic(topic, authorize_using_role=True))

    template = Template.from_stack(stack)
    allowed = [
        statement["Condition"]
        for statement in _statements(template, "AWS::SQS::QueuePolicy")
        if statement["Effect"] == "Allow"
    ]
    assert allowed == [
        {"ArnEquals": {"aws:SourceArn": stack.resolve(rule.rule_arn)}}
        for rule in subscription.rules
    ]


def test_the_rules_construct_is_the_way_out(stack: Stack, subscribe: Subscribe) -> None:
    subscription = subscribe(MAKE_TARGET["SQS"](stack))

    made = cast(
        events.CfnRule, cast(events.Rule, subscription.node.default_child).node.default_child
    )
    made.add_property_override("State", "DISABLED")

    Template.from_stack(stack).has_resource_properties("AWS::Events::Rule", {"State": "DISABLED"})
