"""The example's three stacks and their workflows, as committed."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from app import build_app
from constructs_lib.insight import load
from constructs_lib.insight.markdown import markdown
from constructs_lib.insight.pictures import pictures
from constructs_lib.templates.state_machines import state_machine_definition, state_machine_ids
from tests.golden.golden_files import GOLDEN_FOLDER, MUST_WRITE, assert_golden, readable

PROJECT_FOLDER = Path(__file__).parent.parent.parent
STACKS = ("DuetChoreography", "DuetOrchestration", "DuetHybrid")
# Stack, and which of its state machines.
WORKFLOWS = {
    "sign-up": ("DuetOrchestration", 0),
    "confirm-email": ("DuetOrchestration", 1),
    "forget-user": ("DuetOrchestration", 2),
    "ticket-triage": ("DuetHybrid", 0),
    "replay": ("DuetChoreography", 0),
}
CONTEXT = {
    "duet:mailSender": "sign-up@example.com",
    "duet:crmEndpoint": "https://example.freshdesk.com/api/v2/contacts",
}

_PAGE_HEAD = """# The example in pictures

Written by `make golden` with what `duet draw` prints. Dashed and red is where something goes when
it fails. `duet report` shows the same with search, folding, details and runs.

"""

Templates = dict[str, dict[str, Any]]


def _templates(assembly_folder: Path) -> Templates:
    return {
        name: json.loads((assembly_folder / f"{name}.template.json").read_text(encoding="utf-8"))
        for name in STACKS
    }


@pytest.fixture(scope="module")
def assembly_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("assembly")
    build_app(outdir=str(folder), context=CONTEXT).synth()
    return folder


@pytest.fixture(scope="module")
def templates(assembly_folder: Path) -> Templates:
    return _templates(assembly_folder)


@pytest.mark.parametrize("stack_name", STACKS)
def test_a_stack_is_its_golden_template(templates: Templates, stack_name: str) -> None:
    assert_golden(f"stacks/{stack_name}.template.json", templates[stack_name])


@pytest.mark.parametrize("workflow", WORKFLOWS)
def test_a_workflow_is_its_golden_definition(templates: Templates, workflow: str) -> None:
    stack_name, index = WORKFLOWS[workflow]
    template = templates[stack_name]
    logical_id = state_machine_ids(template)[index]

    definition = state_machine_definition(template, logical_id, substitutions={}, placeholders=True)

    assert_golden(f"workflows/{workflow}.asl.json", definition)


def test_the_pictures_of_the_example_are_those_of_its_page(assembly_folder: Path) -> None:
    page = PROJECT_FOLDER / "docs" / "event-map.md"
    text = _PAGE_HEAD + markdown(pictures(load(assembly_folder)))
    if MUST_WRITE:
        page.write_text(text, encoding="utf-8")
    assert page.read_text(encoding="utf-8") == text, "run `make golden` and explain the diff"


def test_the_app_synthesizes_the_same_in_another_folder(
    templates: Templates, tmp_path: Path
) -> None:
    for name in ("app.py", "cdk.json"):
        shutil.copy(PROJECT_FOLDER / name, tmp_path)
    for name in ("stacks", "lambdas"):
        shutil.copytree(PROJECT_FOLDER / name, tmp_path / name)

    environment = {**os.environ, "CDK_CONTEXT_JSON": json.dumps(CONTEXT)}
    subprocess.run([sys.executable, "app.py"], cwd=tmp_path, env=environment, check=True)

    elsewhere = _templates(tmp_path / "cdk.out")
    assert {name: readable(template) for name, template in elsewhere.items()} == {
        name: readable(template) for name, template in templates.items()
    }


def test_no_golden_file_is_left_over() -> None:
    expected = {f"stacks/{name}.template.json" for name in STACKS} | {
        f"workflows/{name}.asl.json" for name in WORKFLOWS
    }

    found = {
        f"{folder}/{path.name}"
        for folder in ("stacks", "workflows")
        for path in (GOLDEN_FOLDER / folder).glob("*")
    }

    assert found == expected
