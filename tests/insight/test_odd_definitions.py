"""What few definitions have: nothing in them is lost, and nothing costs for ever to count."""

import json
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.insight import InsightError, load
from constructs_lib.insight.cost import cost_report
from constructs_lib.insight.cost.assumptions import DEFAULTS, with_stated
from constructs_lib.insight.cost.workflow_cost import WorkflowCost
from constructs_lib.insight.model import Assembly
from constructs_lib.insight.workflow_graph import workflow_graph

_INVOKE = "arn:aws:states:::lambda:invoke"


def _machine(states: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": next(iter(states)), "States": states}


def _inside(name: str) -> dict[str, Any]:
    return _machine({name: {"Type": "Succeed"}})


def _task(resource: object = _INVOKE, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": resource, "End": True, **fields}


def _read(folder: Path, states: dict[str, Any]) -> Assembly:
    path = folder / "work.asl.json"
    path.write_text(json.dumps(_machine(states)), encoding="utf-8")
    return load(path)


def _cost(folder: Path, states: dict[str, Any], *stated: str) -> WorkflowCost:
    report = cost_report(_read(folder, states), assumptions=with_stated(DEFAULTS, stated))
    return report.workflows[0].cost


def test_what_is_inside_a_state_of_a_type_that_is_not_known_is_read(tmp_path: Path) -> None:
    state = {
        "Type": "Scatter",
        "Branches": [_inside("One"), _inside("Two")],
        "ItemProcessor": _inside("Three"),
        "End": True,
    }

    (workflow,) = _read(tmp_path, {"Fan": state}).workflows

    names = [state.name for state in workflow.machine.all_states()]
    assert names == ["Fan", "One", "Two", "Three"]


def test_the_second_inside_of_a_map_is_said(tmp_path: Path) -> None:
    state = {
        "Type": "Map",
        "ItemProcessor": _inside("New"),
        "Iterator": _inside("Old"),
        "End": True,
    }

    assembly = _read(tmp_path, {"Each": state})

    assert "one of ItemProcessor and Iterator" in assembly.notes[0].text


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ({"Fn::GetAtt": ["Pack", "Arn"]}, "${Pack.Arn}"),
        (
            {"Fn::Sub": "arn:${AWS::Partition}:states:::sqs:sendMessage"},
            "arn:aws:states:::sqs:sendMessage",
        ),
        ({"Ref": "Pack"}, "${Pack}"),
    ],
    ids=["an attribute", "a text", "a reference"],
)
def test_functions_of_cloudformation_may_stand_for_what_a_task_calls(
    written: object, text: str, tmp_path: Path
) -> None:
    assembly = _read(tmp_path, {"Pack": _task(written)})

    task = assembly.workflows[0].machine.states[0].task
    assert task is not None
    assert task.resource_text == text
    assert assembly.notes == ()


def test_a_function_that_no_text_stands_for_is_said(tmp_path: Path) -> None:
    assembly = _read(tmp_path, {"Pack": _task({"Fn::FindInMap": ["a", "b", "c"]})})

    assert "must have an ARN in Resource, got {'Fn::FindInMap'" in assembly.notes[0].text


def test_names_in_small_letters_are_refused_with_how_to_write_them(tmp_path: Path) -> None:
    path = tmp_path / "work.json"
    path.write_text('{"startAt": "A", "states": {}}', encoding="utf-8")

    with pytest.raises(InsightError, match="in small letters; write StartAt and States"):
        load(path)


def test_as_many_retries_as_the_language_takes_are_counted_at_once(tmp_path: Path) -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 99_999_999}]

    cost = _cost(tmp_path, {"Call": _task(Retry=retry)}, "retry_share=0.5")

    (path,) = cost.paths
    assert round(path.units.counts["standard-transitions"], 9) == 2
    assert path.units_at_worst.counts["standard-transitions"] == 100_000_000


def test_fewer_attempts_than_none_are_none(tmp_path: Path) -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": -3}]

    (path,) = _cost(tmp_path, {"Call": _task(Retry=retry)}).paths

    assert path.units_at_worst.counts["standard-transitions"] == 1


def test_a_function_that_is_called_by_the_plain_api_is_billed_like_one(tmp_path: Path) -> None:
    cost = _cost(tmp_path, {"Call": _task("arn:aws:states:::aws-sdk:lambda:invoke")})

    assert cost.paths[0].units.counts["lambda-requests"] == 1


@pytest.mark.parametrize("action", ["startExecution", "startSyncExecution"])
def test_a_workflow_that_the_plain_api_starts_is_said_where_it_is_not_counted(
    action: str, tmp_path: Path
) -> None:
    cost = _cost(tmp_path, {"Start": _task(f"arn:aws:states:::aws-sdk:sfn:{action}")})

    assert cost.notes == ("Start starts a workflow that is not counted with it",)


def test_what_is_not_known_of_the_bill_of_a_distributed_map_is_said(tmp_path: Path) -> None:
    processor = {**_inside("Pack"), "ProcessorConfig": {"Mode": "DISTRIBUTED"}}
    state = {
        "Type": "Map",
        "ItemReader": {"Resource": "arn:aws:states:::s3:listObjectsV2"},
        "ItemBatcher": {"MaxItemsPerBatchPath": "$.size"},
        "ItemProcessor": processor,
        "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject"},
        "End": True,
    }

    cost = _cost(tmp_path, {"Each": state})

    assert cost.notes == (
        "Each reads its items by S3, which has no line in the price list",
        "Each writes results by S3, which has no line in the price list",
        "Each has batches of unknown size: a child for each item is counted",
    )


@pytest.mark.parametrize(
    "call",
    [
        "eventbridge:disableRule",
        "eventbridge:putTargets",
        "scheduler:createSchedule",
        "sfn:stopExecution",
    ],
)
def test_what_only_sets_something_up_is_free_and_needs_no_word(call: str, tmp_path: Path) -> None:
    cost = _cost(tmp_path, {"Set": _task(f"arn:aws:states:::aws-sdk:{call}")})

    assert cost.notes == ()
    assert set(cost.paths[0].units.counts) == {"standard-transitions"}


def test_events_of_partners_have_a_price_of_their_own_that_is_not_counted(tmp_path: Path) -> None:
    cost = _cost(tmp_path, {"Put": _task("arn:aws:states:::aws-sdk:eventbridge:putPartnerEvents")})

    assert "has no line in the price list" in cost.notes[0]


def test_a_map_has_no_more_items_than_its_reader_takes(tmp_path: Path) -> None:
    processor = {**_inside("Pack"), "ProcessorConfig": {"Mode": "DISTRIBUTED"}}
    reader = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"MaxItems": 4}}
    state = {"Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "End": True}

    (path,) = _cost(tmp_path, {"Each": state}).paths

    assert path.units.counts["standard-transitions"] == 1 + 4


def test_one_branch_is_said_in_the_singular(tmp_path: Path) -> None:
    state = {"Type": "Parallel", "Branches": [_inside("One")], "End": True}

    graph = workflow_graph(_read(tmp_path, {"All": state}).workflows[0])

    assert [node.subtitle for node in graph.nodes if node.title == "All"] == ["Parallel · 1 branch"]
