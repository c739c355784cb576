"""What the README shows must work."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT_FOLDER = Path(__file__).parent.parent.parent
README = (PROJECT_FOLDER / "README.md").read_text(encoding="utf-8")
PYTHON_BLOCKS = re.findall(r"^```python\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
MAKEFILE = (PROJECT_FOLDER / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("block", PYTHON_BLOCKS, ids=range(len(PYTHON_BLOCKS)))
def test_a_python_block_of_the_readme_runs(block: str, tmp_path: Path) -> None:
    subprocess.run(  # noqa: S603 - our README, this Python
        [sys.executable, "-c", block],
        cwd=tmp_path,
        env={**os.environ, "CDK_OUTDIR": str(tmp_path)},
        check=True,
    )

    assert list(tmp_path.glob("*.template.json"))


def test_every_make_command_of_the_documents_exists() -> None:
    documents = README + (PROJECT_FOLDER / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake ([a-z]+)", documents))

    assert named
    assert named <= set(re.findall(r"^([a-z]+):", MAKEFILE, flags=re.MULTILINE))


def test_every_link_of_the_readme_to_a_file_leads_somewhere() -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)\)", README)

    assert targets
    assert all((PROJECT_FOLDER / target).exists() for target in targets)


def test_every_construct_that_is_exported_is_in_the_readme() -> None:
    from constructs_lib import choreography, hybrid, observability, orchestration

    data = {"PartnerSource", "RetryPolicy"}
    constructs = {
        name
        for package in (choreography, hybrid, observability, orchestration)
        for name in package.__all__
        if name not in data and not name.isupper()
    }

    assert {name for name in constructs if f".{name}`" not in README} == set()
