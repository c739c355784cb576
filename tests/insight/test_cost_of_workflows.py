"""The ways through a workflow and what each is billed, counted by hand."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from constructs_lib.insight.cost.assumptions import DEFAULTS
from constructs_lib.insight.cost.workflow_cost import PathCost, WorkflowCost
from tests.insight.machines import FAIL, PASS, SUCCEED, counted, machine, task

_PUT = "dynamodb:putItem"


def _named(cost: WorkflowCost, name: str) -> PathCost:
    return next(path for path in cost.paths if path.name == name)


def _names(cost: WorkflowCost) -> list[str]:
    return [path.name for path in cost.paths]


def test_each_state_that_is_entered_is_a_transition(tmp_path: Path) -> None:
    cost = counted(tmp_path, machine("A", A={"Type": "Pass", "Next": "B"}, B=SUCCEED))

    assert [path.units.to_json() for path in cost.paths] == [{"standard-transitions": 2.0}]


def test_a_map_is_one_transition_and_those_of_each_iteration(tmp_path: Path) -> None:
    # The example of Stack Overflow's "How are Map states priced": two items, one state each: 3.
    each = {"Type": "Map", "End": True, "ItemProcessor": machine("Monitor", Monitor=PASS)}

    cost = counted(
        tmp_path, machine("Each", Each=each), assumptions=replace(DEFAULTS, items={"Each": 2})
    )

    assert cost.happy is not None
    assert cost.happy.units["standard-transitions"] == 3


def test_a_list_in_the_definition_says_how_many_items_a_map_has(tmp_path: Path) -> None:
    each = {
        "Type": "Map",
        "QueryLanguage": "JSONata",
        "Items": [1, 2, 3],
        "End": True,
        "ItemProcessor": machine("Do", Do=PASS),
    }

    cost = counted(tmp_path, machine("Each", Each=each))

    assert cost.happy is not None
    assert cost.happy.units["standard-transitions"] == 4


def test_all_branches_of_a_parallel_are_entered(tmp_path: Path) -> None:
    both = {"Type": "Parallel", "End": True, "Branches": [machine("A", A=PASS)] * 2}

    cost = counted(tmp_path, machine("Both", Both=both))

    assert cost.happy is not None
    assert cost.happy.walk.states_entered == 3


def test_children_of_a_distributed_map_are_billed_by_their_own_kind(tmp_path: Path) -> None:
    processor = {
        **machine("Do", Do=PASS),
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
    }
    each = {
        "Type": "Map",
        "End": True,
        "ItemProcessor": processor,
        "ItemBatcher": {"MaxItemsPerBatch": 10},
    }

    cost = counted(
        tmp_path, machine("Each", Each=each), assumptions=replace(DEFAULTS, items={"Each": 95})
    )

    assert cost.happy is not None
    assert cost.happy.units["standard-transitions"] == 1
    assert cost.happy.units["express-requests"] == 10


def test_each_choice_and_each_error_path_is_a_path(tmp_path: Path) -> None:
    save = task(_PUT, Next="Saved", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Lost"}])
    choose = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.ok", "BooleanEquals": False, "Next": "Refused"}],
        "Default": "Save",
    }

    cost = counted(
        tmp_path,
        machine("Choose", Choose=choose, Save=save, Saved=SUCCEED, Lost=FAIL, Refused=FAIL),
    )

    assert sorted(_names(cost)) == ["Lost", "Refused", "Saved"]
    assert cost.happy is _named(cost, "Saved")
    assert cost.cheapest is _named(cost, "Refused")


def test_a_failed_write_is_billed_and_a_failed_mail_is_not(tmp_path: Path) -> None:
    lost = [{"ErrorEquals": ["States.ALL"], "Next": "Lost"}]
    write = task(_PUT, Next="Mail", Catch=lost)
    mail = task("aws-sdk:sesv2:sendEmail", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Mute"}])

    cost = counted(tmp_path, machine("Write", Write=write, Mail=mail, Lost=FAIL, Mute=FAIL))

    assert _named(cost, "Lost").units["dynamodb-writes"] == 1
    assert _named(cost, "Mute").units["mails"] == 0


def test_an_error_that_leads_where_success_leads_is_no_path_of_its_own(tmp_path: Path) -> None:
    save = task(_PUT, Next="Done", Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Done"}])

    cost = counted(tmp_path, machine("Save", Save=save, Done=SUCCEED))

    assert _names(cost) == ["Done"]


def test_ways_that_are_billed_the_same_are_one_path(tmp_path: Path) -> None:
    choose = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.a", "BooleanEquals": True, "Next": "Left"}],
        "Default": "Right",
    }
    left = {"Type": "Pass", "Next": "End"}

    cost = counted(tmp_path, machine("Choose", Choose=choose, Left=left, Right=left, End=SUCCEED))

    assert [path.ways for path in cost.paths] == [2]


def test_every_retry_is_a_transition_and_a_call_at_worst(tmp_path: Path) -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 5}]

    cost = counted(tmp_path, machine("Save", Save=task(_PUT, Retry=retry)))

    assert cost.happy is not None
    assert cost.happy.units["standard-transitions"] == 1
    assert cost.happy.units_at_worst["standard-transitions"] == 6
    assert cost.happy.units_at_worst["dynamodb-writes"] == 6


def test_a_share_of_retries_adds_to_the_average(tmp_path: Path) -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2}]

    cost = counted(
        tmp_path,
        machine("Save", Save=task(_PUT, Retry=retry)),
        assumptions=replace(DEFAULTS, retry_share=Decimal("0.1")),
    )

    assert cost.happy is not None
    assert cost.happy.units["standard-transitions"] == Decimal("1.11")


def test_a_loop_is_taken_as_often_as_is_assumed(tmp_path: Path) -> None:
    again = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.more", "BooleanEquals": True, "Next": "Look"}],
        "Default": "Done",
    }
    look = {"Type": "Pass", "Next": "Again"}

    cost = counted(
        tmp_path,
        machine("Look", Look=look, Again=again, Done=SUCCEED),
        assumptions=replace(DEFAULTS, loop_passes=3),
    )

    assert [path.walk.states_entered for path in cost.paths] == [3, 5, 7, 9]
    assert cost.happy is cost.paths[0]


def test_what_fails_in_a_branch_fails_the_parallel(tmp_path: Path) -> None:
    both = {
        "Type": "Parallel",
        "End": True,
        "Branches": [
            machine("Work", Work={"Type": "Pass", "Next": "Rest"}, Rest=PASS),
            machine("Break", Break=FAIL),
        ],
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Undo"}],
    }

    cost = counted(tmp_path, machine("Both", Both=both, Undo=FAIL))

    assert _names(cost) == ["Undo"]
    # The Parallel, two states of the good branch, one of the other, and the end.
    assert cost.paths[0].units["standard-transitions"] == 5


def test_of_the_items_of_a_map_one_fails_and_the_others_are_counted_to_their_end(
    tmp_path: Path,
) -> None:
    check = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.bad", "BooleanEquals": True, "Next": "Bad"}],
        "Default": "Good",
    }
    each = {
        "Type": "Map",
        "ItemProcessor": machine(
            "Check", Check=check, Bad=FAIL, Good={"Type": "Pass", "Next": "Kept"}, Kept=PASS
        ),
        "Next": "Done",
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Undo"}],
    }

    cost = counted(
        tmp_path,
        machine("Each", Each=each, Done=SUCCEED, Undo=FAIL),
        assumptions=replace(DEFAULTS, items={"Each": 5}),
    )

    # The Map, two states of the item that fails, three of each of the other four, and the end; or
    # all five to their end, where something fails inside that is no Fail state.
    undone = [path.walk.states_entered for path in cost.paths if path.ends_in == "Undo"]
    assert sorted(undone) == [1 + 2 + 4 * 3 + 1, 1 + 5 * 3 + 1]


@pytest.mark.parametrize(
    ("call", "parameters", "billed"),
    [
        ("dynamodb:getItem", {}, {"dynamodb-reads": 0.5}),
        ("dynamodb:getItem", {"ConsistentRead": True}, {"dynamodb-reads": 1}),
        ("dynamodb:updateItem", {}, {"dynamodb-writes": 1}),
        (
            "aws-sdk:dynamodb:transactWriteItems",
            {"TransactItems": [{}, {}]},
            {"dynamodb-writes": 4},
        ),
        ("aws-sdk:dynamodb:transactGetItems", {"TransactItems": [{}]}, {"dynamodb-reads": 2}),
        ("events:putEvents", {"Entries": [{}, {}, {}]}, {"custom-events": 3}),
        ("sqs:sendMessage", {}, {"queue-requests": 1}),
        ("sns:publish", {}, {"topic-publishes": 1}),
        (
            "aws-sdk:sesv2:sendEmail",
            {"Destination": {"ToAddresses": ["a", "b"], "CcAddresses": ["c"]}},
            {"mails": 3},
        ),
        ("aws-sdk:cognitoidentityprovider:adminCreateUser", {}, {"cognito-users": 1}),
        ("aws-sdk:sfn:sendTaskSuccess", {}, {}),
    ],
)
def test_a_call_is_billed_by_its_service(
    tmp_path: Path, call: str, parameters: dict[str, object], billed: dict[str, float]
) -> None:
    cost = counted(tmp_path, machine("Call", Call=task(call, parameters)))

    assert cost.happy is not None
    assert cost.happy.units.to_json() == {**billed, "standard-transitions": 1}
    assert not cost.notes


def test_a_large_item_is_billed_in_blocks(tmp_path: Path) -> None:
    # The page's example: a write request of a 3 KB item requires three units.
    cost = counted(
        tmp_path,
        machine("Save", Save=task(_PUT)),
        assumptions=replace(DEFAULTS, item_bytes=3 * 1024),
    )

    assert cost.happy is not None
    assert cost.happy.units["dynamodb-writes"] == 3


def test_a_call_without_a_price_is_said(tmp_path: Path) -> None:
    cost = counted(tmp_path, machine("Ask", Ask=task("bedrock:invokeModel")))

    assert cost.notes == ("Ask calls bedrock:invokeModel, which has no line in the price list",)


def test_an_express_workflow_is_billed_by_request_and_duration(tmp_path: Path) -> None:
    cost = counted(
        tmp_path,
        machine("A", A=PASS),
        kind="EXPRESS",
        assumptions=replace(DEFAULTS, express_seconds=Decimal("10")),
    )

    # The page's example 4: 10 s at 64 MB are 0.625 GB-s.
    assert cost.happy is not None
    assert cost.happy.units.to_json() == {"express-requests": 1, "express-gb-seconds": 0.625}


def test_an_express_duration_is_billed_in_steps_of_100_ms(tmp_path: Path) -> None:
    cost = counted(
        tmp_path,
        machine("A", A=PASS),
        kind="EXPRESS",
        assumptions=replace(DEFAULTS, express_seconds=Decimal("0.01")),
    )

    assert cost.happy is not None
    assert cost.happy.units["express-gb-seconds"] == Decimal("0.1") / 16


def test_the_memory_of_express_is_that_of_the_pages_example(tmp_path: Path) -> None:
    # 50 MB, a definition of 50 KB, 400 map steps of 32 KB: 62.85 MB, billed as 64; 800 take 128.
    each = {"Type": "Map", "End": True, "ItemProcessor": machine("Do", Do=PASS)}
    definition = {**machine("Each", Each=each), "Comment": "x" * 50 * 1024}
    of_400 = replace(DEFAULTS, data_bytes=32 * 1024, items={"Each": 400})
    of_800 = replace(of_400, items={"Each": 800})

    costs = [
        counted(tmp_path, definition, kind="EXPRESS", assumptions=each) for each in (of_400, of_800)
    ]

    assert [cost.break_even and cost.break_even.memory_mb for cost in costs] == [64, 128]


def test_standard_and_express_meet_where_both_cost_the_same(tmp_path: Path) -> None:
    cost = counted(tmp_path, machine("A", A={"Type": "Pass", "Next": "B"}, B=SUCCEED))

    # Two transitions: $50 a million. Express: $1, and $1.0417 for each second at 64 MB.
    assert cost.break_even is not None
    assert cost.break_even.standard_usd_per_million == 50
    assert cost.break_even.seconds == Decimal("47.0")


def test_what_express_does_not_take_is_said(tmp_path: Path) -> None:
    wait = task("sqs:sendMessage.waitForTaskToken", {})

    cost = counted(tmp_path, machine("Wait", Wait=wait))

    assert cost.break_even is not None
    assert cost.break_even.obstacles == ("Wait waits for a task token",)


def _choices(number: int) -> dict[str, object]:
    """So many choices one after the other, each with a way around it."""
    states: dict[str, object] = {f"C{number}": SUCCEED}
    for each in range(number):
        around = {"Variable": "$.x", "IsNull": True, "Next": f"P{each}"}
        after = f"C{each + 1}"
        states[f"C{each}"] = {"Type": "Choice", "Choices": [around], "Default": after}
        states[f"P{each}"] = {"Type": "Pass", "Next": after}
    return {"StartAt": "C0", "States": states}


def test_of_too_many_ways_the_number_and_the_bounds_are_said(tmp_path: Path) -> None:
    cost = counted(tmp_path, _choices(60), limit=20)

    assert cost.extent is not None
    assert cost.extent.count == 2**60
    assert not cost.is_complete
    assert sum(path.ways for path in cost.paths) == 20
    assert cost.cheapest is not None
    assert cost.cheapest.walk.states_entered == 61
    assert cost.dearest is not None
    assert cost.dearest.walk.states_entered == 121


@pytest.mark.parametrize(
    "definition",
    [
        {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}},
        {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Nowhere"}}},
        {"StartAt": "A", "States": {}},
        {"States": {"A": PASS}},
        {"StartAt": "A", "States": {"A": {"Type": "Map", "End": True}}},
        {"StartAt": "A", "States": {"A": {"Type": "Choice", "Choices": []}}},
        {"StartAt": "A", "States": {"A": {"Type": "Wonder", "Next": 3}}},
    ],
    ids=["endless", "dangling", "empty", "no start", "no processor", "no choice", "unknown type"],
)
def test_what_is_no_workflow_costs_no_crash(tmp_path: Path, definition: dict[str, object]) -> None:
    assert counted(tmp_path, definition).is_complete
