"""The example's contracts as they are published, and the document of its bus.

A contract that changed must fit those who follow the published one before its file is written anew.
"""

import json
from pathlib import Path

import pytest

from constructs_lib.contracts import EventContract, assert_compatible
from stacks.contracts import CONTRACTS, app_bus_document
from tests.golden.golden_files import GOLDEN_FOLDER, assert_golden

DOCS_FOLDER = Path(__file__).parent.parent.parent / "docs"
NAMES = [contract.detail_type for contract in CONTRACTS]


@pytest.mark.parametrize("contract", CONTRACTS, ids=NAMES)
def test_a_contract_is_its_published_schema(contract: EventContract) -> None:
    name = f"contracts/{contract.detail_type}.schema.json"
    published = GOLDEN_FOLDER / name

    if published.exists():
        assert_compatible(json.loads(published.read_text(encoding="utf-8")), contract)

    assert_golden(name, contract.detail_schema())


def test_the_bus_is_documented_as_it_is() -> None:
    assert_golden("asyncapi.json", app_bus_document(), folder=DOCS_FOLDER)


def test_no_golden_file_of_a_contract_is_left_over() -> None:
    found = {path.name for path in (GOLDEN_FOLDER / "contracts").glob("*")}

    assert found == {f"{name}.schema.json" for name in NAMES}
