"""The workflow that a saga renders; how it behaves is in tests/moto/test_saga_workflow.py."""

import inspect
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from aws_cdk import App, Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from aws_cdk.assertions import Template

from constructs_lib.orchestration.failure_notice import FailureNotice
from constructs_lib.orchestration.retry_policies import DYNAMODB_TRANSIENT
from constructs_lib.orchestration.saga import Saga, SagaState, SagaStep
from constructs_lib.templates.state_machines import state_machine_definition, state_machine_ids
from constructs_lib.validation import ConfigError
from tests.unit.every_task import findings

_ANY = ["States.ALL"]


def _task(stack: Stack, name: str, *, retried: bool = False) -> tasks.DynamoPutItem:
    task = tasks.DynamoPutItem.jsonata(
        stack,
        name,
        table=dynamodb.Table.from_table_name(stack, f"Table of {name}", "table"),
        item={"pk": tasks.DynamoAttributeValue.from_string("{% $pk %}")},
        task_timeout=sfn.Timeout.duration(Duration.seconds(10)),
    )
    if retried:
        DYNAMODB_TRANSIENT.add_to(task)
    return task


def _step(stack: Stack, number: int, **meanings: Any) -> SagaStep:
    return SagaStep(
        action=_task(stack, f"Do {number}", retried=True),
        compensation=_task(stack, f"Undo {number}"),
        **meanings,
    )


def _fail(stack: Stack, name: str) -> sfn.Fail:
    return sfn.Fail.jsonata(stack, name, error="Refused", cause="because")


def _definition(stack: Stack, chain: sfn.IChainable) -> dict[str, Any]:
    sfn.StateMachine(
        stack,
        "Machine",
        definition_body=sfn.DefinitionBody.from_chainable(chain),
        query_language=sfn.QueryLanguage.JSONATA,
    )
    template = Template.from_stack(stack).to_json()
    (logical_id,) = state_machine_ids(template)
    return dict(state_machine_definition(template, logical_id, substitutions={}, placeholders=True))


def _ways(definition: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """Where each state leads: (what for, next state), catches first."""
    ways: dict[str, list[tuple[str, str]]] = {}
    for name, state in definition["States"].items():
        ways[name] = [
            (error, catcher["Next"])
            for catcher in state.get("Catch", [])
            for error in catcher["ErrorEquals"]
        ]
        ways[name] += [("choice", choice["Next"]) for choice in state.get("Choices", [])]
        ways[name] += [(key, state[key]) for key in ("Default", "Next") if key in state]
    return ways


def test_actions_run_in_order_and_compensations_in_reverse_order(stack: Stack) -> None:
    saga = Saga(stack, "Trip", steps=[_step(stack, number) for number in (1, 2, 3)])

    ways = _ways(_definition(stack, saga.chain))

    def caught(target: str) -> list[tuple[str, str]]:
        return [("States.DataLimitExceeded", target), ("States.ALL", target)]

    assert ways == {
        "Do 1": [*caught("Undo 1"), ("Next", "Do 2")],
        "Do 2": [*caught("Undo 2"), ("Next", "Do 3")],
        "Do 3": caught("Undo 3"),
        "Undo 3": [*caught("Undo 2"), ("Next", "Undo 2")],
        "Undo 2": [*caught("Undo 1"), ("Next", "Undo 1")],
        "Undo 1": [*caught("Trip failed"), ("Next", "Trip failed")],
        "Trip failed": [],
    }


def test_a_failing_action_keeps_its_error_cause_and_name(stack: Stack) -> None:
    saga = Saga(stack, "Trip", steps=[_step(stack, 1)])

    states = _definition(stack, saga.chain)["States"]

    for catcher in states["Do 1"]["Catch"]:
        assert catcher["Assign"] == {
            "failure": {
                "Error": "{% $states.errorOutput.Error ? $states.errorOutput.Error "
                ": 'States.TaskFailed' %}",
                "Cause": "{% $states.errorOutput.Cause ? $states.errorOutput.Cause "
                ": 'no cause given' %}",
                "Step": "Do 1",
            },
            "notUndone": [],
        }
    assert states["Trip failed"] == {
        "Type": "Fail",
        "Error": "{% $failure.Error %}",
        "Cause": "{% $failure.Cause %}",
    }


def test_a_failing_compensation_is_noted_where_it_is_caught(stack: Stack) -> None:
    saga = Saga(stack, "Trip", steps=[_step(stack, 1)])

    states = _definition(stack, saga.chain)["States"]

    notes = [catcher["Assign"]["notUndone"] for catcher in states["Undo 1"]["Catch"]]
    assert notes == 2 * [
        "{% [$notUndone, {'Step': 'Undo 1', 'Error': ($states.errorOutput.Error ? "
        "$states.errorOutput.Error : 'States.TaskFailed')}] %}"
    ]


def test_a_name_with_an_apostrophe_is_still_a_jsonata_text(stack: Stack) -> None:
    step = SagaStep(action=_task(stack, "Do"), compensation=_task(stack, "Undo Ada's booking"))

    states = _definition(stack, Saga(stack, "Trip", steps=[step]).chain)["States"]

    (note, _) = (c["Assign"]["notUndone"] for c in states["Undo Ada's booking"]["Catch"])
    assert "'Step': \"Undo Ada's booking\"" in note


def test_a_step_without_a_compensation_is_left_out_of_the_way_back(stack: Stack) -> None:
    steps = [
        SagaStep(action=_task(stack, "Look")),
        _step(stack, 1),
        SagaStep(action=_task(stack, "Measure")),
        _step(stack, 2),
        SagaStep(action=_task(stack, "Announce")),
    ]

    ways = _ways(_definition(stack, Saga(stack, "Trip", steps=steps).chain))

    assert {name: dict(way)["States.ALL"] for name, way in ways.items() if way} == {
        "Look": "Trip failed",
        "Do 1": "Undo 1",
        "Measure": "Undo 1",
        "Do 2": "Undo 2",
        "Announce": "Undo 2",
        "Undo 2": "Undo 1",
        "Undo 1": "Trip failed",
    }


def test_a_saga_with_nothing_to_undo_only_fails(stack: Stack) -> None:
    saga = Saga(stack, "Trip", steps=[SagaStep(action=_task(stack, "Look"))])

    assert set(_definition(stack, saga.chain)["States"]) == {"Look", "Trip failed"}


def test_every_generated_task_passes_the_check_of_every_task(
    stack: Stack, event_bus: events.IEventBus
) -> None:
    notice = FailureNotice(
        stack, "Trip ended", event_bus=event_bus, event_source="trips", detail_type="TripFailed"
    )
    saga = Saga(stack, "Trip", steps=[_step(stack, 1), _step(stack, 2)], on_failure=notice)

    assert findings(_definition(stack, saga.chain)) == []


def test_already_done_leads_on_with_the_steps_input(stack: Stack) -> None:
    steps = [_step(stack, 1, already_done=["Shop.Sold"]), _step(stack, 2)]

    states = _definition(stack, Saga(stack, "Trip", steps=steps).chain)["States"]

    assert states["Do 1"]["Catch"][0] == {
        "ErrorEquals": ["Shop.Sold"],
        "Output": "{% $states.input %}",
        "Next": "Do 2",
    }


def test_already_done_in_the_last_step_leads_to_what_follows_the_saga(stack: Stack) -> None:
    saga = Saga(stack, "Trip", steps=[_step(stack, 1, already_done=["Shop.Sold"])])
    chain = saga.chain.next(sfn.Pass.jsonata(stack, "Done"))

    ways = _ways(_definition(stack, chain))

    assert ways["Do 1"][0] == ("Shop.Sold", "Do 1 was done before")
    assert ways["Do 1"][-1] == ways["Do 1 was done before"][-1] == ("Next", "Done")


def test_already_undone_leads_on_without_a_note(stack: Stack) -> None:
    steps = [_step(stack, 1), _step(stack, 2, already_undone=["Shop.Unknown"])]

    states = _definition(stack, Saga(stack, "Trip", steps=steps).chain)["States"]

    assert states["Undo 2"]["Catch"][0] == {"ErrorEquals": ["Shop.Unknown"], "Next": "Undo 1"}


def test_a_refusal_before_anything_was_done_goes_straight_to_its_end(stack: Stack) -> None:
    refused = _fail(stack, "Sold out")
    steps = [
        SagaStep(action=_task(stack, "Look"), refusals={"Shop.Closed": refused}),
        _step(stack, 1, refusals={"Shop.Sold": refused}),
    ]

    definition = _definition(stack, Saga(stack, "Trip", steps=steps).chain)

    ways = _ways(definition)
    assert ways["Look"][0] == ("Shop.Closed", "Sold out")
    assert ways["Do 1"][0] == ("Shop.Sold", "Sold out")
    assert "Was Trip refused?" not in ways
    catcher = definition["States"]["Do 1"]["Catch"][0]
    assert catcher["Assign"]["failure"]["Step"] == "Do 1"


def test_a_later_refusal_undoes_the_earlier_steps_and_then_ends_in_its_own_way(
    stack: Stack,
) -> None:
    sold_out, closed = _fail(stack, "Sold out"), _fail(stack, "Shop closed")
    steps = [
        _step(stack, 1),
        _step(
            stack,
            2,
            refusals={"Shop.Sold": sold_out, "Shop.Closed": closed, "Shop.Empty": sold_out},
        ),
    ]

    definition = _definition(stack, Saga(stack, "Trip", steps=steps).chain)

    refused = definition["States"]["Do 2"]["Catch"][:2]
    assert [(c["ErrorEquals"], c["Next"]) for c in refused] == [
        (["Shop.Sold", "Shop.Empty"], "Undo 1"),
        (["Shop.Closed"], "Undo 1"),
    ]
    assert [c["Assign"]["failure"]["Refusal"] for c in refused] == ["Sold out", "Shop closed"]
    assert definition["States"]["Was Trip refused?"] == {
        "Type": "Choice",
        "Choices": [
            {
                "Condition": "{% $failure.Refusal = 'Sold out' and $count($notUndone) = 0 %}",
                "Next": "Sold out",
            },
            {
                "Condition": "{% $failure.Refusal = 'Shop closed' and $count($notUndone) = 0 %}",
                "Next": "Shop closed",
            },
        ],
        "Default": "Trip failed",
    }
    assert _ways(definition)["Undo 1"][-1] == ("Next", "Was Trip refused?")


def test_a_failure_notice_follows_the_last_compensation(
    stack: Stack, event_bus: events.IEventBus
) -> None:
    notice = FailureNotice(
        stack, "Trip ended", event_bus=event_bus, event_source="trips", detail_type="TripFailed"
    )

    ways = _ways(
        _definition(stack, Saga(stack, "Trip", steps=[_step(stack, 1)], on_failure=notice).chain)
    )

    assert ways["Undo 1"][-1] == ("Next", "Publish TripFailed")
    assert ways["Publish TripFailed"][-1] == ("Next", "Trip ended")
    assert "Trip failed" not in ways


@pytest.mark.parametrize("closed", [True, False], ids=["with an end of its own", "left open"])
def test_the_callers_own_states_follow_and_the_execution_still_fails(
    stack: Stack, closed: bool
) -> None:
    note = sfn.Pass.jsonata(stack, "Note it down")
    on_failure = note.next(_fail(stack, "Noted")) if closed else note

    definition = _definition(
        stack, Saga(stack, "Trip", steps=[_step(stack, 1)], on_failure=on_failure).chain
    )

    ways = _ways(definition)
    assert ways["Undo 1"][-1] == ("Next", "Note it down")
    assert ways["Note it down"] == [("Next", "Noted" if closed else "Trip failed")]
    assert definition["States"][ways["Note it down"][0][1]]["Type"] == "Fail"


def test_a_saga_stands_anywhere_in_a_chain(stack: Stack) -> None:
    saga = Saga(stack, "Trip", steps=[_step(stack, 1), _step(stack, 2)])
    prepare, done = (sfn.Pass.jsonata(stack, name) for name in ("Prepare", "Done"))

    ways = _ways(_definition(stack, prepare.next(saga.chain.next(done))))

    assert saga.start_state.state_id == "Do 1"
    assert ways["Prepare"] == [("Next", "Do 1")]
    assert ways["Do 2"][-1] == ("Next", "Done")


def test_two_sagas_fit_in_one_workflow_and_may_share_a_notice(
    stack: Stack, event_bus: events.IEventBus
) -> None:
    notice = FailureNotice(
        stack, "Trip ended", event_bus=event_bus, event_source="trips", detail_type="TripFailed"
    )
    there = Saga(stack, "Way there", steps=[_step(stack, 1)], on_failure=notice)
    back = Saga(stack, "Way back", steps=[_step(stack, 2)], on_failure=notice)

    ways = _ways(_definition(stack, there.chain.next(back.chain)))

    assert ways["Do 1"][-1] == ("Next", "Do 2")
    assert ways["Undo 1"][-1] == ways["Undo 2"][-1] == ("Next", "Publish TripFailed")


def test_a_compensation_gets_the_retry_policy_of_its_service(stack: Stack) -> None:
    states = _definition(stack, Saga(stack, "Trip", steps=[_step(stack, 1)]).chain)["States"]

    (retrier,) = states["Undo 1"]["Retry"]
    assert retrier["ErrorEquals"] == list(DYNAMODB_TRANSIENT.errors)
    assert retrier["JitterStrategy"] == "FULL"


def test_a_compensation_keeps_its_own_retry_policy(stack: Stack) -> None:
    function = lambda_.Function.from_function_name(stack, "Function", "undo")
    undo = tasks.LambdaInvoke.jsonata(stack, "Undo", lambda_function=function)
    before = undo.to_state_json()["Retry"]
    step = SagaStep(action=_task(stack, "Do"), compensation=undo)

    states = _definition(stack, Saga(stack, "Trip", steps=[step]).chain)["States"]

    assert states["Undo"]["Retry"] == before


def test_a_compensation_of_an_unknown_service_is_retried_whatever_went_wrong(
    stack: Stack,
) -> None:
    undo = tasks.CallAwsService.jsonata(
        stack, "Undo", service="rekognition", action="deleteFaces", iam_resources=["*"]
    )
    step = SagaStep(
        action=_task(stack, "Do"), compensation=undo, already_undone=["Rekognition.GoneException"]
    )

    states = _definition(stack, Saga(stack, "Trip", steps=[step]).chain)["States"]

    never, always = states["Undo"]["Retry"]
    assert never == {"ErrorEquals": ["Rekognition.GoneException"], "MaxAttempts": 0}
    assert always["ErrorEquals"] == ["States.TaskFailed", "States.Timeout"]
    assert always["MaxAttempts"] == 5


@pytest.mark.parametrize(
    "make",
    [
        lambda stack, name: sfn.Parallel.jsonata(stack, name).branch(
            sfn.Pass.jsonata(stack, f"Part of {name}")
        ),
        lambda stack, name: sfn.Map.jsonata(stack, name).item_processor(
            sfn.Pass.jsonata(stack, f"Part of {name}")
        ),
    ],
    ids=["Parallel", "Map"],
)
def test_actions_and_compensations_may_be_states_of_states(
    stack: Stack, make: Callable[[Stack, str], SagaState]
) -> None:
    step = SagaStep(action=make(stack, "Do"), compensation=make(stack, "Undo"))

    definition = _definition(stack, Saga(stack, "Trip", steps=[step]).chain)

    assert _ways(definition)["Do"][-1] == ("States.ALL", "Undo")
    assert _ways(definition)["Undo"][-1] == ("Next", "Trip failed")
    assert len(definition["States"]["Undo"]["Retry"]) == 1


def test_the_callers_own_catches_come_first(stack: Stack) -> None:
    step = _step(stack, 1)
    other = sfn.Pass.jsonata(stack, "Other way")
    step.action.add_catch(other, errors=["Shop.Busy"])

    ways = _ways(_definition(stack, Saga(stack, "Trip", steps=[step]).chain))

    assert [way for way in ways["Do 1"] if way[0] != "States.DataLimitExceeded"] == [
        ("Shop.Busy", "Other way"),
        ("States.ALL", "Undo 1"),
    ]


def _same_state_twice(stack: Stack) -> Sequence[SagaStep]:
    step = _step(stack, 1)
    return [step, step]


def _same_compensation_twice(stack: Stack) -> Sequence[SagaStep]:
    undo = _task(stack, "Undo")
    return [SagaStep(action=_task(stack, f"Do {n}"), compensation=undo) for n in (1, 2)]


def _action_as_its_own_compensation(stack: Stack) -> Sequence[SagaStep]:
    task = _task(stack, "Do")
    return [SagaStep(action=task, compensation=task)]


def _chained(stack: Stack) -> Sequence[SagaStep]:
    step = _step(stack, 1)
    step.action.next(sfn.Pass.jsonata(stack, "Elsewhere"))
    return [step]


def _catches_all(stack: Stack) -> Sequence[SagaStep]:
    step = _step(stack, 1)
    assert step.compensation is not None
    step.compensation.add_catch(sfn.Pass.jsonata(stack, "Elsewhere"), errors=_ANY)
    return [step]


def _json_path(stack: Stack) -> Sequence[SagaStep]:
    return [SagaStep(action=sfn.Parallel(stack, "Do"))]


@pytest.mark.parametrize(
    ("steps", "rule"),
    [
        (lambda _: [], "steps must have at least one step, got none"),
        (_same_state_twice, "steps must use each state once and each name once, got 'Do 1' twice"),
        (_same_compensation_twice, "got 'Undo' twice"),
        (_action_as_its_own_compensation, "got 'Do' twice"),
        (_chained, "action must have no next state, got 'Do 1', which leads to 'Elsewhere'"),
        (_catches_all, "compensation must leave States.ALL to the saga.* 'Undo 1'"),
        (_json_path, "action must be a JSONata state, got 'Do' in JSONPath"),
    ],
)
def test_steps_that_cannot_be_joined_are_refused_before_anything_is_made(
    stack: Stack, steps: Callable[[Stack], Sequence[SagaStep]], rule: str
) -> None:
    wrong = steps(stack)

    with pytest.raises(ConfigError, match=rule):
        Saga(stack, "Trip", steps=wrong)

    assert stack.node.try_find_child("Trip") is None


@pytest.mark.parametrize(
    ("meanings", "rule"),
    [
        ({"already_done": "Shop.Sold"}, "already_done must be a list of error names"),
        ({"already_undone": "Shop.Sold"}, "already_undone must be a list of error names"),
        ({"already_done": _ANY}, r"already_done must name errors of the service, got \['States"),
        ({"already_undone": ["States.Timeout"]}, "already_undone must name errors of the service"),
        ({"refusals": {"States.TaskFailed": None}}, "refusals must name errors of the service"),
        (
            {"already_done": ["A", "B"], "refusals": {"B": None}},
            r"refusals must not name what already_done names, got \['B'\]",
        ),
        (
            {"compensation": None, "already_undone": ["A"]},
            r"already_undone must be empty without a compensation, got \['A'\]",
        ),
    ],
)
def test_errors_that_contradict_each_other_are_refused(
    stack: Stack, meanings: Mapping[str, Any], rule: str
) -> None:
    arguments: dict[str, Any] = {
        "action": _task(stack, "Do"),
        "compensation": _task(stack, "Undo"),
        **meanings,
    }

    with pytest.raises(ConfigError, match=rule):
        SagaStep(**arguments)


def test_the_example_in_the_documentation_runs_as_it_stands() -> None:
    documentation = inspect.getdoc(Saga) or ""
    (example,) = re.findall(r"Example::\n\n(.*?)\nArgs:", documentation, re.DOTALL)
    names: dict[str, Any] = {"__name__": "example"}

    exec(textwrap.dedent(example), names)  # noqa: S102 - the project's own documentation

    template = Template.from_stack(names["stack"]).to_json()
    (logical_id,) = state_machine_ids(template)
    definition = state_machine_definition(template, logical_id, substitutions={}, placeholders=True)
    assert findings(definition) == []
    assert dict(_ways(definition)["Book hotel"])["States.ALL"] == "Cancel hotel"


def test_a_saga_alone_deploys_nothing() -> None:
    stack = Stack(App(), "Alone")

    Saga(stack, "Trip", steps=[_step(stack, 1)])

    assert Template.from_stack(stack).to_json().get("Resources", {}) == {}
