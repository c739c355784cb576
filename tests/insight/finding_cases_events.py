"""Event flows that break one rule each, and near ones that keep it."""

from __future__ import annotations

from typing import Any

from tests.insight.insight_templates import (
    Resources,
    attribute,
    bus,
    let_in,
    publishing,
    ref,
    resource,
    role,
    rule,
    target,
    workflow,
)

Case = tuple[str, str, Resources]

_SHOP = {"source": ["shop"]}
_PARTNER = "aws.partner/auth0.com/tenant-1/auth0.logs"
_DLQ: dict[str, Any] = {"DeadLetterConfig": {"Arn": attribute("Letters")}}
_FUNCTION = resource("AWS::Lambda::Function", Role=attribute("FunctionRole"))
_INVOKED = resource(
    "AWS::Lambda::Permission", FunctionName=ref("Handle"), Principal="events.amazonaws.com"
)
_QUEUES: Resources = {
    "Bus": bus(),
    "Inbox": resource("AWS::SQS::Queue"),
    "InboxPolicy": let_in("Inbox"),
    "Letters": resource("AWS::SQS::Queue"),
    "LettersPolicy": let_in("Letters"),
}


def _to_queue(pattern: object = _SHOP, **changes: Any) -> Resources:
    return {**_QUEUES, "Rule": rule(pattern, target("Inbox", **_DLQ)), **changes}


def _to_function(**changes: Any) -> Resources:
    return {
        **_QUEUES,
        "Handle": _FUNCTION,
        "Invoke": _INVOKED,
        "Rule": rule(_SHOP, target("Handle", **_DLQ)),
        **changes,
    }


def _published(source: str = "shop", kind: str = "OrderPlaced", **changes: Any) -> Resources:
    return _to_queue(**{**workflow({"Publish": publishing(source, kind)}), **changes})


def _to_workflow(*, with_role: bool = True, action: str = "states:StartExecution") -> Resources:
    given = {"RoleArn": attribute("RuleRole")} if with_role else {}
    reached = {"Id": "Work", "Arn": ref("Work"), **_DLQ, **given}
    return {
        **_QUEUES,
        **workflow({"A": {"Type": "Succeed"}}),
        "RuleRole": role(action, service="events"),
        "Rule": rule(_SHOP, reached),
    }


def _loop(kind: str) -> Resources:
    """A rule for OrderPlaced starts a workflow that publishes ``kind``."""
    pattern = {"source": ["shop"], "detail-type": ["OrderPlaced"]}
    reached = {"Id": "Work", "Arn": ref("Work"), "RoleArn": attribute("RuleRole"), **_DLQ}
    return {
        **_QUEUES,
        **workflow({"Publish": publishing("shop", kind)}),
        "RuleRole": role("states:StartExecution", service="events"),
        "Rule": rule(pattern, reached),
    }


def _polled(**queue: object) -> Resources:
    return {
        "Inbox": resource("AWS::SQS::Queue", **queue),
        "Letters": resource("AWS::SQS::Queue"),
        "Handle": _FUNCTION,
        "Poll": resource(
            "AWS::Lambda::EventSourceMapping",
            FunctionName=ref("Handle"),
            EventSourceArn=attribute("Inbox"),
        ),
    }


def _streamed(**mapping: object) -> Resources:
    return {
        "Orders": resource(
            "AWS::DynamoDB::Table", StreamSpecification={"StreamViewType": "KEYS_ONLY"}
        ),
        "Letters": resource("AWS::SQS::Queue"),
        "Handle": _FUNCTION,
        "Poll": resource(
            "AWS::Lambda::EventSourceMapping",
            FunctionName=ref("Handle"),
            EventSourceArn=attribute("Orders", "StreamArn"),
            StartingPosition="LATEST",
            **mapping,
        ),
    }


def _piped(action: str = "sqs:SendMessage", **parameters: Any) -> Resources:
    return {
        "Orders": resource(
            "AWS::DynamoDB::Table", StreamSpecification={"StreamViewType": "KEYS_ONLY"}
        ),
        "Inbox": resource("AWS::SQS::Queue"),
        "Letters": resource("AWS::SQS::Queue"),
        "PipeRole": role(action, service="pipes"),
        "Pipe": resource(
            "AWS::Pipes::Pipe",
            RoleArn=attribute("PipeRole"),
            Source=attribute("Orders", "StreamArn"),
            SourceParameters={
                "DynamoDBStreamParameters": {"StartingPosition": "LATEST", **parameters}
            },
            Target=attribute("Inbox"),
        ),
    }


def _subscribed(**fields: object) -> Resources:
    return {
        "Topic": resource("AWS::SNS::Topic"),
        "Inbox": resource("AWS::SQS::Queue"),
        "Letters": resource("AWS::SQS::Queue"),
        "Subscription": resource(
            "AWS::SNS::Subscription",
            TopicArn=ref("Topic"),
            Protocol="sqs",
            Endpoint=attribute("Inbox"),
            **fields,
        ),
    }


def _partner(pattern: object, **bus_properties: object) -> Resources:
    return {
        **_to_queue(pattern),
        "Bus": resource(
            "AWS::Events::EventBus",
            **{"Name": _PARTNER, "EventSourceName": _PARTNER, **bus_properties},
        ),
    }


_REDRIVE: dict[str, Any] = {
    "RedrivePolicy": {"deadLetterTargetArn": attribute("Letters"), "maxReceiveCount": 3}
}

BREAKS: list[Case] = [
    (
        "target-without-dead-letter-queue",
        "a queue",
        {**_to_queue(), "Rule": rule(_SHOP, target("Inbox"))},
    ),
    ("pipe-without-dead-letter-queue", "a stream", _piped()),
    ("stream-without-failure-destination", "a table's", _streamed()),
    ("function-without-failure-destination", "of a rule", _to_function()),
    ("queue-without-dead-letter-queue", "polled", _polled()),
    ("subscription-without-dead-letter-queue", "a queue", _subscribed()),
    ("target-not-let-in", "a queue", {k: v for k, v in _to_queue().items() if k != "InboxPolicy"}),
    (
        "target-not-let-in",
        "a dead-letter queue",
        {k: v for k, v in _to_queue().items() if k != "LettersPolicy"},
    ),
    ("target-not-let-in", "a function", {k: v for k, v in _to_function().items() if k != "Invoke"}),
    (
        "target-not-let-in",
        "a key of AWS's own",
        _to_queue(Inbox=resource("AWS::SQS::Queue", KmsMasterKeyId="alias/aws/sqs")),
    ),
    ("target-lacks-permission", "no role", _to_workflow(with_role=False)),
    ("target-lacks-permission", "another action", _to_workflow(action="states:StopExecution")),
    ("target-lacks-permission", "a pipe", _piped("sqs:ReceiveMessage")),
    ("event-without-rule", "another source", _published("store")),
    (
        "event-without-rule",
        "no rule at all",
        {k: v for k, v in _published().items() if k != "Rule"},
    ),
    ("rule-nothing-feeds", "another source", _published("store")),
    ("rule-nothing-feeds", "AWS's events on a bus of one's own", _to_queue({"source": ["aws.s3"]})),
    ("event-loop", "a workflow", _loop("OrderPlaced")),
    ("pattern-refused", "a text for a list", _to_queue({"source": "shop"})),
    ("pattern-refused", "no such operator", _to_queue({"source": [{"starts": "shop"}]})),
    ("pattern-refused", "alternatives that are none", _to_queue({"$or": [["shop"], ["store"]]})),
    ("pattern-never-matches", "a misspelt field", _to_queue({"detailType": ["OrderPlaced"]})),
    ("pattern-never-matches", "a short account", _to_queue({"account": ["1234"]})),
    ("pattern-matches-everything", "an empty prefix", _to_queue({"source": [{"prefix": ""}]})),
    (
        "pattern-matches-everything",
        "the account",
        _to_queue({"account": [{"Ref": "AWS::AccountId"}]}),
    ),
    ("partner-bus-policy", "inline", _partner(_SHOP, Policy={})),
    (
        "partner-bus-policy",
        "a resource",
        {
            **_partner({"source": [_PARTNER]}),
            "Policy": resource("AWS::Events::EventBusPolicy", EventBusName=ref("Bus")),
        },
    ),
    ("partner-bus-name", "another name", _partner({"source": [_PARTNER]}, Name="auth0")),
    (
        "partner-bus-name",
        "no source's name",
        _partner(_SHOP, EventSourceName="auth0", Name="auth0"),
    ),
    ("partner-rule-on-wrong-bus", "a bus of one's own", _to_queue({"source": [_PARTNER]})),
    (
        "partner-rule-on-wrong-bus",
        "the default bus",
        {
            **_QUEUES,
            "Rule": rule(
                {"source": [{"prefix": "aws.partner/auth0.com"}]}, target("Inbox"), on=None
            ),
        },
    ),
    ("partner-rule-on-wrong-bus", "another source", _partner({"source": ["shop"]})),
    (
        "partner-bus-published-to",
        "a workflow",
        {**_partner({"source": [_PARTNER]}), **workflow({"P": publishing("shop", "OrderPlaced")})},
    ),
    (
        "quota-exceeded",
        "six targets",
        {**_QUEUES, "Rule": rule(_SHOP, *[target("Inbox", Id=str(n)) for n in range(6)])},
    ),
    (
        "quota-nearly-reached",
        "five targets",
        {**_QUEUES, "Rule": rule(_SHOP, *[target("Inbox", Id=str(n)) for n in range(5)])},
    ),
    ("quota-nearly-reached", "a long pattern", _to_queue({"source": ["s" * 1_700]})),
    ("quota-exceeded", "a longer pattern", _to_queue({"source": ["s" * 200 for _ in range(12)]})),
    (
        "personal-data-in-logs",
        "of a bus",
        {
            "Bus": bus(LogConfig={"IncludeDetail": "FULL", "Level": "INFO"}),
            **workflow({"P": publishing("shop", "OrderPlaced", Detail={"email.$": "$.email"})}),
        },
    ),
    (
        "whole-content-in-logs",
        "a function",
        {
            "Handle": resource(
                "AWS::Lambda::Function",
                Environment={"Variables": {"POWERTOOLS_LOGGER_LOG_EVENT": "true"}},
            )
        },
    ),
]

KEEPS: list[Case] = [
    ("target-without-dead-letter-queue", "one", _to_queue()),
    ("pipe-without-dead-letter-queue", "one", _piped(**_DLQ)),
    (
        "function-without-failure-destination",
        "a destination",
        _to_function(
            Destination=resource(
                "AWS::Lambda::EventInvokeConfig",
                FunctionName=ref("Handle"),
                DestinationConfig={"OnFailure": {"Destination": attribute("Letters")}},
            )
        ),
    ),
    (
        "stream-without-failure-destination",
        "one",
        _streamed(DestinationConfig={"OnFailure": {"Destination": attribute("Letters")}}),
    ),
    ("stream-without-failure-destination", "a queue", _polled()),
    ("function-without-failure-destination", "called by nobody here", _polled()),
    ("queue-without-dead-letter-queue", "one", _polled(**_REDRIVE)),
    ("queue-without-dead-letter-queue", "read elsewhere", _to_queue()),
    (
        "queue-without-dead-letter-queue",
        "a dead-letter queue itself",
        {
            **_polled(),
            "Orders": resource(
                "AWS::SQS::Queue", RedrivePolicy={"deadLetterTargetArn": attribute("Inbox")}
            ),
        },
    ),
    (
        "queue-without-dead-letter-queue",
        "a schedule's dead-letter queue",
        {
            **_polled(),
            "Tick": resource(
                "AWS::Scheduler::Schedule",
                Target={
                    "Arn": attribute("Handle"),
                    "DeadLetterConfig": {"Arn": attribute("Inbox")},
                },
            ),
        },
    ),
    (
        "queue-without-dead-letter-queue",
        "what a reader of a stream fails on",
        {
            **_polled(),
            "Orders": resource("AWS::DynamoDB::Table"),
            "Read": _streamed(DestinationConfig={"OnFailure": {"Destination": attribute("Inbox")}})[
                "Poll"
            ],
        },
    ),
    ("subscription-without-dead-letter-queue", "one", _subscribed(**_REDRIVE)),
    (
        "target-not-let-in",
        "an alias",
        _to_function(
            Alias=resource("AWS::Lambda::Alias", FunctionName=ref("Handle"), Name="live"),
            Rule=rule(_SHOP, {"Id": "Alias", "Arn": ref("Alias"), **_DLQ}),
            Invoke=resource(
                "AWS::Lambda::Permission",
                FunctionName=ref("Alias"),
                Principal="events.amazonaws.com",
            ),
        ),
    ),
    (
        "target-not-let-in",
        "EventBridge by the partition's suffix",
        _to_function(
            Invoke=resource(
                "AWS::Lambda::Permission",
                FunctionName=ref("Handle"),
                Principal={"Fn::Sub": "events.${AWS::URLSuffix}"},
            )
        ),
    ),
    (
        "target-not-let-in",
        "a key of one's own",
        _to_queue(Inbox=resource("AWS::SQS::Queue", KmsMasterKeyId="alias/shop")),
    ),
    (
        "target-not-let-in",
        "a key that only the deployment knows",
        _to_queue(Inbox=resource("AWS::SQS::Queue", KmsMasterKeyId=ref("Key"))),
    ),
    ("target-not-let-in", "all of them", {**_to_queue(), **_to_function()}),
    (
        "target-lacks-permission",
        "a role of the rule itself",
        {
            **_to_workflow(),
            "Rule": rule(
                _SHOP, {"Id": "Work", "Arn": ref("Work"), **_DLQ}, RoleArn=attribute("RuleRole")
            ),
        },
    ),
    ("target-lacks-permission", "given", _to_workflow()),
    ("target-lacks-permission", "a pipe", _piped()),
    ("event-without-rule", "matched", _published()),
    ("event-without-rule", "a bus of others", workflow({"P": publishing("shop", "X", on="Other")})),
    ("rule-nothing-feeds", "fed", _published()),
    ("rule-nothing-feeds", "fed from outside", _to_queue()),
    ("event-loop", "another kind", _loop("OrderPacked")),
    ("pattern-refused", "a good one", _to_queue()),
    ("pattern-refused", "a reference", _to_queue({"source": [ref("Inbox")]})),
    ("pattern-never-matches", "a good one", _to_queue()),
    (
        "pattern-never-matches",
        "the account by reference",
        _to_queue({"source": ["shop"], "account": [{"Ref": "AWS::AccountId"}]}),
    ),
    ("pattern-matches-everything", "one source", _to_queue()),
    (
        "pattern-matches-everything",
        "a log",
        {
            "Bus": bus(),
            "Log": resource("AWS::Logs::LogGroup"),
            "Rule": rule({"source": [{"prefix": ""}]}, target("Log")),
        },
    ),
    ("partner-bus-policy", "none", _partner({"source": [_PARTNER]})),
    ("partner-bus-name", "the source's", _partner({"source": [_PARTNER]})),
    ("partner-rule-on-wrong-bus", "the right one", _partner({"source": [_PARTNER]})),
    (
        "partner-rule-on-wrong-bus",
        "a prefix",
        _partner({"source": [{"prefix": "aws.partner/auth0.com/"}]}),
    ),
    ("partner-bus-published-to", "nobody", _partner({"source": [_PARTNER]})),
    ("quota-exceeded", "one target", _to_queue()),
    ("quota-nearly-reached", "one target", _to_queue()),
]
