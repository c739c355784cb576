"""Every event that a workflow of the example publishes is the one its contract describes."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from stacks.contracts import CONTRACTS
from tests.golden.golden_files import GOLDEN_FOLDER

BY_NAME = {(contract.source, contract.detail_type): contract for contract in CONTRACTS}
WORKFLOWS = {
    path.name.removesuffix(".asl.json"): path
    for path in sorted((GOLDEN_FOLDER / "workflows").glob("*.asl.json"))
}


def _entries(definition: object) -> Iterator[Mapping[str, Any]]:
    """The entries of every state that publishes, those in branches and maps too."""
    if isinstance(definition, Mapping):
        if str(definition.get("Resource", "")).endswith("events:putEvents"):
            arguments = definition.get("Arguments") or definition["Parameters"]
            yield from arguments["Entries"]
        for part in definition.values():
            yield from _entries(part)
    elif isinstance(definition, list):
        for part in definition:
            yield from _entries(part)


def _published(workflow: str) -> list[Mapping[str, Any]]:
    return list(_entries(json.loads(WORKFLOWS[workflow].read_text(encoding="utf-8"))))


def _without_paths(detail: Mapping[str, object]) -> dict[str, object]:
    """JSONPath fields as the JSONata expressions that they stand for."""
    return {
        name.removesuffix(".$"): "{% path %}" if name.endswith(".$") else value
        for name, value in detail.items()
    }


def _is_expression(value: object) -> bool:
    return isinstance(value, str) and value.startswith("{%")


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_what_a_workflow_publishes_fits_its_contract(workflow: str) -> None:
    for entry in _published(workflow):
        contract = BY_NAME[entry["Source"], entry["DetailType"]]

        contract.check_template(_without_paths(entry["Detail"]), is_known_later=_is_expression)


def test_the_workflows_publish_the_events_that_they_are_known_for() -> None:
    published = [entry["DetailType"] for workflow in WORKFLOWS for entry in _published(workflow)]

    assert sorted(published) == ["SignUpFailed", "TicketTriaged", "UserSignedUp"]


@pytest.mark.parametrize("contract", CONTRACTS, ids=[contract.name for contract in CONTRACTS])
def test_every_contract_has_a_sample_event_that_its_consumer_reads(contract: Any) -> None:
    event = contract.parser_model().model_validate(contract.sample_event())

    assert isinstance(event.detail, contract.detail_model)
