"""A trip-booking saga on moto: whatever fails, nothing half-made is left but what is reported."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import boto3
import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from aws_cdk.assertions import Template

from constructs_lib.orchestration.failure_notice import FailureNotice
from constructs_lib.orchestration.retry_policies import DYNAMODB_TRANSIENT
from constructs_lib.orchestration.saga import Saga, SagaStep
from constructs_lib.templates.state_machines import state_machine_definition, state_machine_ids
from constructs_lib.testing.moto_engine import (
    FAILED_ENTRY,
    WorkflowEngine,
    moto_workflows,
)

Definition = dict[str, Any]

_REFUSED = "DynamoDB.ConditionalCheckFailedException"
_NO_TABLE = "DynamoDB.ResourceNotFoundException"
_TOPIC_ARN = "arn:aws:sns:us-east-1:123456789012:operators"
_IN_10_S = sfn.Timeout.duration(Duration.seconds(10))

ACTIONS = ("Book flight", "Book hotel", "Take payment")
COMPENSATIONS = ("Cancel flight", "Cancel hotel", "Pay back")
TABLES = ("flights", "hotels", "payments")


def _text(value: str) -> tasks.DynamoAttributeValue:
    return tasks.DynamoAttributeValue.from_string(value)


def _table_unless_broken(stack: Stack, index: int, state: str) -> dynamodb.ITable:
    """One definition for all cases, because moto takes half a second to parse one."""
    name = f"{{% '{state}' in $broken ? 'no-such-table' : '{TABLES[index]}' %}}"
    return dynamodb.Table.from_table_name(stack, f"Table of {state}", name)


def _step(stack: Stack, index: int, **meanings: Any) -> SagaStep:
    """Write the trip into a table; delete it again. Both say so if it is not as they expect."""
    action = tasks.DynamoPutItem.jsonata(
        stack,
        ACTIONS[index],
        table=_table_unless_broken(stack, index, ACTIONS[index]),
        item={"trip": _text("{% $trip %}")},
        condition_expression="attribute_not_exists(trip)",
        task_timeout=_IN_10_S,
        outputs="{% $states.input %}",
    )
    DYNAMODB_TRANSIENT.add_to(action)
    compensation = tasks.DynamoDeleteItem.jsonata(
        stack,
        COMPENSATIONS[index],
        table=_table_unless_broken(stack, index, COMPENSATIONS[index]),
        key={"trip": _text("{% $trip %}")},
        condition_expression="attribute_exists(trip)",
        task_timeout=_IN_10_S,
    )
    return SagaStep(action=action, compensation=compensation, already_undone=[_REFUSED], **meanings)


@pytest.fixture(scope="module")
def definition() -> Definition:
    stack = Stack(App(), "Trips")
    sold_out, full = (
        sfn.Fail.jsonata(stack, name, error=f"Trip.{name.replace(' ', '')}", cause=f"{name}!")
        for name in ("Flight sold out", "Hotel full")
    )
    saga = Saga(
        stack,
        "Trip",
        steps=[
            _step(stack, 0, refusals={_REFUSED: sold_out}),
            _step(stack, 1, refusals={_REFUSED: full}),
            _step(stack, 2, already_done=[_REFUSED]),
        ],
        on_failure=FailureNotice(
            stack,
            "Trip not booked",
            event_bus=events.EventBus.from_event_bus_name(stack, "Bus", "app-bus"),
            event_source="trips",
            detail_type="TripFailed",
            topic=sns.Topic.from_topic_arn(stack, "Operators", _TOPIC_ARN),
            fields={"trip": "{% $trip %}", "receipt": "{% $receipt.number %}", "kind": "holiday"},
        ),
    )
    prepare = sfn.Pass.jsonata(
        stack,
        "Prepare trip",
        assign={"trip": "{% $states.input.trip %}", "broken": "{% $states.input.broken %}"},
        outputs={"seats": 2},
    )
    done = sfn.Pass.jsonata(stack, "Trip booked", outputs={"booked": "{% $states.input.seats %}"})
    sfn.StateMachine(
        stack,
        "BookTrip",
        definition_body=sfn.DefinitionBody.from_chainable(prepare.next(saga.chain.next(done))),
        query_language=sfn.QueryLanguage.JSONATA,
    )
    template = Template.from_stack(stack).to_json()
    (logical_id,) = state_machine_ids(template)
    return dict(state_machine_definition(template, logical_id, substitutions={}))


def _request(trip: str, *, broken: Sequence[str] = ()) -> dict[str, Any]:
    """A trip to book, and the states whose calls AWS refuses for good."""
    return {"trip": trip, "broken": list(broken)}


class Trips:
    """Tables, and what the bus and the operators received."""

    def __init__(self) -> None:
        resource = boto3.resource("dynamodb")
        self._tables = {
            name: resource.create_table(
                TableName=name,
                KeySchema=[{"AttributeName": "trip", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "trip", "AttributeType": "S"}],
                BillingMode="PAY_PER_REQUEST",
            )
            for name in TABLES
        }
        self._queues = boto3.client("sqs")
        self._urls = {
            name: self._queues.create_queue(QueueName=name)["QueueUrl"]
            for name in ("bus", "operators")
        }
        arns = {
            name: self._queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])[
                "Attributes"
            ]["QueueArn"]
            for name, url in self._urls.items()
        }
        bus = boto3.client("events")
        bus.create_event_bus(Name="app-bus")
        bus.put_rule(Name="all", EventBusName="app-bus", EventPattern='{"source": ["trips"]}')
        bus.put_targets(
            Rule="all", EventBusName="app-bus", Targets=[{"Id": "bus", "Arn": arns["bus"]}]
        )
        topics = boto3.client("sns")
        topics.create_topic(Name="operators")
        topics.subscribe(TopicArn=_TOPIC_ARN, Protocol="sqs", Endpoint=arns["operators"])

    def book(self, table: str, trip: str) -> None:
        self._tables[table].put_item(Item={"trip": trip})

    def booked(self, trip: str) -> list[str]:
        return [
            name
            for name, table in self._tables.items()
            if "Item" in table.get_item(Key={"trip": trip})
        ]

    def events(self) -> list[dict[str, Any]]:
        """Take the events that came since the last look."""
        return self._take("bus")

    def notices(self) -> list[dict[str, Any]]:
        """Take the notices that came since the last look, each with its subject."""
        return [
            {**json.loads(notice["Message"]), "subject": notice["Subject"]}
            for notice in self._take("operators")
        ]

    def _take(self, queue: str) -> list[dict[str, Any]]:
        url = self._urls[queue]
        messages = self._queues.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages", []
        )
        for message in messages:
            self._queues.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]


@pytest.fixture(scope="module")
def engine() -> Iterator[WorkflowEngine]:
    with moto_workflows() as engine:
        yield engine


@pytest.fixture(scope="module")
def shared_trips(engine: WorkflowEngine) -> Trips:
    assert engine  # moto is on
    return Trips()


@pytest.fixture
def trips(engine: WorkflowEngine, shared_trips: Trips) -> Trips:
    engine.heal()
    while shared_trips.events() or shared_trips.notices():
        pass
    return shared_trips


@pytest.fixture
def trip(request: pytest.FixtureRequest) -> str:
    """A trip of the test's own, so that no other test's bookings are in its way."""
    return str(request.node.name)


def _not_undone(notice: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(entry["Step"], entry["Error"]) for entry in notice["notUndone"]]


def test_a_trip_is_booked_whole_and_the_chain_goes_on(
    engine: WorkflowEngine, trips: Trips, trip: str, definition: Definition
) -> None:
    run = engine.run(definition, _request(trip))

    assert (run.status, run.output) == ("SUCCEEDED", {"booked": 2})
    assert run.path == ("Prepare trip", *ACTIONS, "Trip booked")
    assert trips.booked(trip) == list(TABLES)
    assert (trips.events(), trips.notices()) == ([], [])


# Each failing step with each set of the compensations that then run.
_FAILURES = [
    pytest.param(failing, broken, id=f"{action} and {' and '.join(broken) or 'nothing else'}")
    for failing, action in enumerate(ACTIONS)
    for length in range(failing + 2)
    for broken in itertools.combinations(COMPENSATIONS[: failing + 1], length)
]


@pytest.mark.parametrize("had_effect", [False, True], ids=["before its effect", "after its effect"])
@pytest.mark.parametrize(("failing", "broken"), _FAILURES)
def test_whatever_fails_nothing_is_left_but_what_the_notice_names(
    engine: WorkflowEngine,
    trips: Trips,
    trip: str,
    definition: Definition,
    failing: int,
    had_effect: bool,
    broken: Sequence[str],
) -> None:
    if had_effect:
        trips.book(TABLES[failing], trip)  # as a call that timed out may leave it

    run = engine.run(definition, _request(trip, broken=[ACTIONS[failing], *broken]))

    undone = COMPENSATIONS[failing::-1]
    assert run.path == (
        *("Prepare trip", *ACTIONS[: failing + 1], *undone),
        *(
            "Was Trip refused?",
            "Publish TripFailed",
            "Notify operators of TripFailed",
            "Trip not booked",
        ),
    )
    assert (run.status, run.error) == ("FAILED", _NO_TABLE)
    assert run.cause
    made = TABLES[: failing + had_effect]
    assert trips.booked(trip) == [
        table
        for table, undo in zip(TABLES, COMPENSATIONS, strict=True)
        if table in made and undo in broken
    ]
    (event,) = trips.events()
    (notice,) = trips.notices()
    not_undone = [(name, _NO_TABLE) for name in undone if name in broken]
    assert (event["source"], event["detail-type"]) == ("trips", "TripFailed")
    for told in (event["detail"], notice):
        assert (told["error"], told["step"], told["trip"]) == (_NO_TABLE, ACTIONS[failing], trip)
        assert _not_undone(told) == not_undone


def test_event_and_notice_identify_the_request_and_leave_the_cause_out(
    engine: WorkflowEngine, trips: Trips, trip: str, definition: Definition
) -> None:
    started = engine.start(definition, _request(trip, broken=["Take payment"]), name="request-7")
    started.result()

    (event,) = trips.events()
    (notice,) = trips.notices()
    assert event["detail"] == {
        "requestId": "request-7",
        "correlationId": "request-7",
        "error": _NO_TABLE,
        "step": "Take payment",
        "notUndone": [],
        "trip": trip,
        "receipt": None,  # its variable was never assigned
        "kind": "holiday",
    }
    assert notice == {
        **event["detail"],
        "execution": started.execution_arn,
        "subject": "TripFailed",
    }


def test_a_refusal_of_the_first_step_goes_straight_to_its_end(
    engine: WorkflowEngine, trips: Trips, trip: str, definition: Definition
) -> None:
    trips.book("flights", trip)  # somebody else's

    run = engine.run(definition, _request(trip))

    assert (run.status, run.error, run.cause) == (
        "FAILED",
        "Trip.Flightsoldout",
        "Flight sold out!",
    )
    assert run.path == ("Prepare trip", "Book flight", "Flight sold out")
    assert trips.booked(trip) == ["flights"]
    assert (trips.events(), trips.notices()) == ([], [])


def test_a_later_refusal_undoes_the_earlier_steps_but_nothing_of_its_own(
    engine: WorkflowEngine, trips: Trips, trip: str, definition: Definition
) -> None:
    trips.book("hotels", trip)  # somebody else's

    run = engine.run(definition, _request(trip))

    assert (run.status, run.error, run.cause) == ("FAILED", "Trip.Hotelfull", "Hotel full!")
    assert run.path[2:] == ("Book hotel", "Cancel flight", "Was Trip refused?", "Hotel full")
    assert trips.booked(trip) == ["hotels"]
    assert (trips.events(), trips.notices()) == ([], [])


def test_a_refusal_after_which_something_is_left_is_reported_as_a_failure(
    engine: WorkflowEngine, trips: Trips, trip: str, definition: Definition
) -> None:
    trips.book("hotels", trip)

    run = engine.run(definition, _request(trip, broken=["Cancel flight"]))

    assert (run.status, run.error) == ("FAILED", _REFUSED)
    assert trips.booked(trip) == ["flights", "hotels"]
    (notice,) = trips.notices()
    assert _not_undone(notice) == [("Cancel flight", _NO_TABLE)]


def test_a_failure_after_which_all_is_undone_is_not_mistaken_for_a_refusal(
    engine: WorkflowEngine, trips: Trips, trip: str, definition: Definition
) -> None:
    run = engine.run(definition, _request(trip, broken=["Book hotel"]))

    assert run.error == _NO_TABLE
    assert "Hotel full" not in run.path
    assert len(trips.events()) == 1


def test_a_step_that_was_done_before_counts_as_done_and_passes_its_input_on(
    engine: WorkflowEngine, trips: Trips, trip: str, definition: Definition
) -> None:
    trips.book("payments", trip)  # an earlier attempt of this execution

    run = engine.run(definition, _request(trip))

    assert (run.status, run.output) == ("SUCCEEDED", {"booked": 2})
    assert run.path[-3:] == ("Take payment", "Take payment was done before", "Trip booked")


def test_throttled_compensations_are_asked_again_until_all_is_undone(
    engine: WorkflowEngine, trips: Trips, trip: str, definition: Definition
) -> None:
    engine.fail(service="dynamodb", operation="DeleteItem", error="ThrottlingException", times=4)

    run = engine.run(definition, _request(trip, broken=["Take payment"]))

    assert (run.error, run.retries) == (_NO_TABLE, 4)
    assert trips.booked(trip) == []
    assert _not_undone(trips.notices()[0]) == []


def test_compensations_that_stay_throttled_are_given_up_one_by_one_and_named(
    engine: WorkflowEngine, trips: Trips, trip: str, definition: Definition
) -> None:
    engine.fail(service="dynamodb", operation="DeleteItem", error="ThrottlingException", times=None)

    run = engine.run(definition, _request(trip, broken=["Take payment"]))

    assert (run.error, run.retries) == (_NO_TABLE, 15)
    assert trips.booked(trip) == ["flights", "hotels"]
    throttled = "DynamoDB.ThrottlingException"
    assert _not_undone(trips.notices()[0]) == [(name, throttled) for name in COMPENSATIONS[::-1]]


@pytest.mark.parametrize(
    ("service", "operation", "error", "told"),
    [
        ("events", "PutEvents", FAILED_ENTRY, "notices"),
        ("events", "PutEvents", "AccessDeniedException", "notices"),
        ("sns", "Publish", "AuthorizationErrorException", "events"),
        ("sns", "Publish", "ThrottledException", "events"),
    ],
)
def test_a_report_that_fails_hides_neither_the_other_one_nor_the_original_error(
    engine: WorkflowEngine,
    trips: Trips,
    trip: str,
    definition: Definition,
    service: str,
    operation: str,
    error: str,
    told: str,
) -> None:
    engine.fail(service=service, operation=operation, error=error, times=None)

    run = engine.run(definition, _request(trip, broken=["Book hotel"]))

    assert (run.status, run.error) == ("FAILED", _NO_TABLE)
    assert run.path[-1] == "Trip not booked"
    assert {name: len(getattr(trips, name)()) for name in ("events", "notices")} == {
        "events": told == "events",
        "notices": told == "notices",
    }


def test_an_error_without_name_and_cause_ends_the_execution_like_any_other(
    engine: WorkflowEngine, trips: Trips, trip: str
) -> None:
    stack = Stack(App(), "Silent")
    ask = tasks.SnsPublish.jsonata(
        stack,
        "Ask for payment",
        topic=sns.Topic.from_topic_arn(stack, "Operators", _TOPIC_ARN),
        message=sfn.TaskInput.from_object({"token": "{% $states.context.Task.Token %}"}),
        integration_pattern=sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN,
        task_timeout=_IN_10_S,
    )
    undo = _step(stack, 0).compensation
    saga = Saga(stack, "Payment", steps=[SagaStep(action=ask, compensation=undo)])
    prepare = sfn.Pass.jsonata(
        stack,
        "Prepare",
        assign={"trip": "{% $states.input.trip %}", "broken": "{% $states.input.broken %}"},
    )
    sfn.StateMachine(
        stack,
        "Machine",
        definition_body=sfn.DefinitionBody.from_chainable(prepare.next(saga.chain)),
        query_language=sfn.QueryLanguage.JSONATA,
    )
    template = Template.from_stack(stack).to_json()
    (logical_id,) = state_machine_ids(template)
    started = engine.start(
        state_machine_definition(template, logical_id, substitutions={}), _request(trip)
    )
    started.until_waiting(state="Ask for payment")
    queue = trips._take("operators")
    boto3.client("stepfunctions").send_task_failure(
        taskToken=json.loads(queue[0]["Message"])["token"]
    )

    run = started.result()

    assert run.status == "FAILED"
    assert run.path[-2:] == ("Cancel flight", "Payment failed")
    assert (run.error, run.cause) == ("States.TaskFailed", "no cause given")
