"""CDK apps that are not Duet's in shape: deployed by `duet up`, and passing their own tests on it.

Each is used as its README says, from a shell's point of view.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.examples.synthesized import EXAMPLES, NAMES, run, synthesized


@contextmanager
def duet_up(assembly: Path, folder: Path) -> Iterator[str]:
    """The endpoint of a `duet up` in the background, in a folder of its own."""
    duet = Path(sys.executable).parent / "duet"
    started = run(duet, "up", "--time-scale", "0", "--detach", "--json", assembly, cwd=folder)
    try:
        instance = json.loads(started.stdout)
        assert instance["deployment"] == "deployed"
        yield instance["endpoint_url"]
    finally:
        run(duet, "down", cwd=folder)


@pytest.mark.parametrize("name", NAMES)
def test_an_app_runs_on_duet_up_and_passes_its_own_tests(name: str, tmp_path: Path) -> None:
    assembly = synthesized(name)
    with duet_up(assembly, tmp_path) as endpoint_url:
        pytest_command = (
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
        )
        options = ("--duet-assembly", assembly, "--duet-endpoint-url", endpoint_url)
        ended = run(*pytest_command, *options, cwd=EXAMPLES / name)
    assert " passed in " in ended.stdout


@pytest.mark.parametrize("name", NAMES)
def test_an_app_knows_nothing_of_duet_but_in_its_tests(name: str) -> None:
    sources = [
        path
        for path in (EXAMPLES / name).rglob("*")
        if path.suffix in {".py", ".ts", ".mjs", ".json"}
        and not {"node_modules", "build", "cdk.out"} & set(path.parts)
        and not path.name.startswith("test_")
    ]

    assert len(sources) > 3
    assert not [path for path in sources if "constructs_lib" in path.read_text(encoding="utf-8")]
