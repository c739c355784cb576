"""The states in which the ticket triage checks and judges, in the order in which they run.

JSONPath; intrinsic functions do the data work. A state is in JSONata where these fall short:
lower case and the clock.

Source: Step Functions developer guide, "Intrinsic functions for JSONPath states", "Transforming
data with JSONata" (the query language of one state; read 2026-11-23).
"""

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from constructs_lib.orchestration.retry_policies import DYNAMODB_TRANSIENT

INVALID_TICKET = "TicketTriage.InvalidTicket"

TAGS_MAXIMUM = 100
FAILURE_PATH = "$.failure"
EXPIRY = "expiresAt"
#: Longer than EventBridge retries (24 hours), queues keep (14 days) and most archives replay.
_RECORD_DAYS = 90

#: Freshdesk: 1 low, 2 medium, 3 high, 4 urgent.
#: Source: Freshdesk API reference, "Ticket properties" (read 2026-11-23).
_HIGH_PRIORITY = 3
_TASK_TIMEOUT = sfn.Timeout.duration(Duration.seconds(10))


def refuse_ticket(scope: Construct) -> sfn.Fail:
    """End a ticket that breaks a rule."""
    return sfn.Fail(
        scope,
        "Refuse ticket",
        error=INVALID_TICKET,
        cause="the event must carry an event id, a ticket id and priority as numbers and the "
        f"requester's email as text; tags, if any, as a list of at most {TAGS_MAXIMUM} texts and "
        "attachments, if any, as a list",
    )


def check_ticket(
    scope: Construct, *, accepted: sfn.IChainable, refused: sfn.IChainable
) -> sfn.Choice:
    """Go on with a ticket that has what the triage needs."""
    condition = sfn.Condition
    valid = condition.and_(
        condition.is_present("$.eventId"),
        condition.is_string("$.eventId"),
        condition.not_(condition.string_equals("$.eventId", "")),
        condition.is_present("$.ticketId"),
        condition.is_numeric("$.ticketId"),
        condition.is_present("$.priority"),
        condition.is_numeric("$.priority"),
        condition.is_present("$.requesterEmail"),
        condition.string_matches("$.requesterEmail", "*@*"),
    )
    return sfn.Choice(scope, "Check ticket").when(valid, accepted).otherwise(refused)


def identify_requester(scope: Construct) -> sfn.Pass:
    """Hash the address as the sign-up does, and let it go no further; set the record's expiry.

    A ticket without correlation id begins a request of its own, named after its event.
    """
    return sfn.Pass.jsonata(
        scope,
        "Identify requester",
        outputs={
            "given": "{% $sift($states.input, function($value, $field)"
            " { $field != 'requesterEmail' }) %}",
            "requesterKey": "{% 'EMAIL#' & $hash($lowercase($trim("
            "$states.input.requesterEmail)), 'SHA-256') %}",
            "correlationId": "{% ($given := $states.input.correlationId;"
            " $type($given) = 'string' and $given != '' ? $given : $states.input.eventId) %}",
            EXPIRY: f"{{% $string($floor($millis() / 1000) + {_RECORD_DAYS * 86_400}) %}}",
            "defaults": {"tags": [], "attachments": []},
        },
    )


def fill_in_defaults(scope: Construct) -> sfn.Pass:
    """Give a ticket without tags or attachments empty lists."""
    return sfn.Pass(
        scope,
        "Fill in defaults",
        parameters={
            "given": sfn.JsonPath.json_merge(
                sfn.JsonPath.object_at("$.defaults"), sfn.JsonPath.object_at("$.given")
            ),
            "requesterKey.$": "$.requesterKey",
            "correlationId.$": "$.correlationId",
            f"{EXPIRY}.$": f"$.{EXPIRY}",
        },
    )


def prepare_ticket(scope: Construct) -> sfn.Pass:
    """Name the ticket and this triage of it, and write the lists as text to see their type."""
    return sfn.Pass(
        scope,
        "Prepare ticket",
        parameters={
            "eventId.$": "$.given.eventId",
            "correlationId.$": "$.correlationId",
            "ticketId.$": "$.given.ticketId",
            "priority.$": "$.given.priority",
            "requesterKey.$": "$.requesterKey",
            f"{EXPIRY}.$": f"$.{EXPIRY}",
            "reference.$": "States.Format('freshdesk-{}', $.given.ticketId)",
            "traceId.$": "States.UUID()",
            "tags": {"list.$": "$.given.tags", "json.$": "States.JsonToString($.given.tags)"},
            "attachments": {
                "list.$": "$.given.attachments",
                "json.$": "States.JsonToString($.given.attachments)",
            },
        },
    )


def check_lists(
    scope: Construct, *, accepted: sfn.IChainable, refused: sfn.IChainable
) -> sfn.Choice:
    """Go on with lists, or with the empty text or null that stands for none."""
    condition = sfn.Condition
    valid = condition.and_(
        *(
            condition.or_(condition.string_matches(f"$.{name}.json", "[*"), _is_none(name))
            for name in ("tags", "attachments")
        ),
        condition.is_not_present(f"$.tags.list[{TAGS_MAXIMUM}]"),
    )
    return sfn.Choice(scope, "Check lists").when(valid, accepted).otherwise(refused)


def normalize_tags(
    scope: Construct, *, refused: sfn.IChainable, failed: sfn.IChainable
) -> sfn.Chain:
    """Keep each tag once, in lower case and without outer blanks; a blank one is none."""
    normalize = sfn.Pass.jsonata(
        scope,
        "Normalize tag",
        outputs="{% ($tag := $lowercase($trim($states.input)); $tag = '' ? {} : {'name': $tag}) %}",
    )
    refuse = sfn.Fail(scope, "Refuse tag", error=INVALID_TICKET, cause="a tag must be text")
    each = sfn.Map(scope, "Normalize tags", items_path="$.tags.list", result_path="$.tags")
    each.item_processor(
        sfn.Choice(scope, "Is the tag text?")
        .when(sfn.Condition.is_string("$"), normalize)
        .otherwise(refuse)
    )
    each.add_catch(refused, errors=[INVALID_TICKET], result_path=FAILURE_PATH)
    each.add_catch(failed, errors=[sfn.Errors.ALL], result_path=FAILURE_PATH)
    once = sfn.Pass(
        scope,
        "Keep each tag once",
        parameters={"distinct.$": "States.ArrayUnique($.tags[*].name)"},
        result_path="$.tags",
    )
    none = sfn.Pass(
        scope,
        "No tags",
        result=sfn.Result.from_object({"distinct": []}),
        result_path="$.tags",
    )
    return (
        sfn.Choice(scope, "Has the ticket tags?")
        .when(_is_none("tags"), none)
        .otherwise(each.next(once))
        .afterwards()
    )


def count_attachments(scope: Construct) -> sfn.Chain:
    """Keep the number of attachments; their names and addresses do not go on."""
    count = sfn.Pass(
        scope,
        "Count attachments",
        parameters={"count.$": "States.ArrayLength($.attachments.list)"},
        result_path="$.attachments",
    )
    none = sfn.Pass(
        scope,
        "No attachments",
        result=sfn.Result.from_object({"count": 0}),
        result_path="$.attachments",
    )
    return (
        sfn.Choice(scope, "Has the ticket attachments?")
        .when(_is_none("attachments"), none)
        .otherwise(count)
        .afterwards()
    )


def find_requester(scope: Construct, *, table: dynamodb.ITable) -> tasks.DynamoGetItem:
    """Look for a user with the requester's address."""
    task = tasks.DynamoGetItem(
        scope,
        "Find requester",
        table=table,
        key={
            "pk": tasks.DynamoAttributeValue.from_string(sfn.JsonPath.string_at("$.requesterKey"))
        },
        projection_expression=[tasks.DynamoProjectionExpression().with_attribute("userId")],
        result_path="$.found",
        task_timeout=_TASK_TIMEOUT,
    )
    DYNAMODB_TRANSIENT.add_to(task)
    return task


def judge_requester(scope: Construct) -> sfn.Chain:
    """Note whether one of our users wrote the ticket."""
    return _decide(
        scope,
        "Is the requester a user?",
        sfn.Condition.is_present("$.found.Item.userId.S"),
        ("Requester is a user", "requester", "user"),
        ("Requester is unknown", "requester", "unknown"),
    )


def judge_urgency(scope: Construct) -> sfn.Chain:
    """Note whether the ticket is urgent."""
    return _decide(
        scope,
        "Is the ticket urgent?",
        sfn.Condition.number_greater_than_equals("$.priority", _HIGH_PRIORITY),
        ("Ticket is urgent", "urgency", "urgent"),
        ("Ticket is normal", "urgency", "normal"),
    )


def _is_none(name: str) -> sfn.Condition:
    """Say whether the list is empty or given as the empty text or null."""
    return sfn.Condition.or_(
        *(sfn.Condition.string_equals(f"$.{name}.json", none) for none in ("[]", '""', "null"))
    )


def _decide(
    scope: Construct,
    name: str,
    condition: sfn.Condition,
    when_true: tuple[str, str, str],
    when_false: tuple[str, str, str],
) -> sfn.Chain:
    """Branch on ``condition`` and note the answer: (state name, its field, the answer)."""
    yes, no = (
        sfn.Pass(scope, state, result=sfn.Result.from_string(answer), result_path=f"$.{field}")
        for state, field, answer in (when_true, when_false)
    )
    return sfn.Choice(scope, name).when(condition, yes).otherwise(no).afterwards()
