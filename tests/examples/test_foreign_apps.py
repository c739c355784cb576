"""CDK apps that are not Duet's in shape: deployed by `duet up`, and passing their own tests on it.

Each is used as its README says, from a shell's point of view; only the assembly goes elsewhere.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from constructs_lib.local.cdk_cli import node_executable

_PROJECT = Path(__file__).parent.parent.parent
_EXAMPLES = _PROJECT / "examples"
_TYPESCRIPT = _EXAMPLES / "typescript_orders"
_NAMES = ("typescript_orders", "python_pipe", "lambda_saga")

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    """The project's programs first, as in its shell; no folder of the project among the imports."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    first = [
        Path(sys.executable).parent,
        _PROJECT / "node_modules" / ".bin",
        node_executable().parent,
    ]
    path = os.pathsep.join(map(str, first))
    # The workers of this test session are none of the example's.
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_ADDOPTS"):
        environment.pop(name, None)
    return {**environment, "PATH": os.pathsep.join([path, environment["PATH"]])}


@pytest.fixture(scope="module")
def run(environment: dict[str, str]) -> Run:
    def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run(  # noqa: S603 - fixed programs
            command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended

    return run


@pytest.fixture(scope="module")
def synthesize(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    def synthesize(name: str) -> Path:
        if name == _TYPESCRIPT.name and not _is_installed():
            run("npm", "ci", "--silent", "--no-fund", "--no-audit", cwd=_TYPESCRIPT)
        assembly = tmp_path_factory.mktemp(name) / "cdk.out"
        run("cdk", "synth", "--quiet", "--output", assembly, cwd=_EXAMPLES / name)
        return assembly

    return synthesize


def _is_installed() -> bool:
    """Whether what npm has installed is what is locked now."""
    noted, locked = (
        _TYPESCRIPT / "node_modules/.package-lock.json",
        _TYPESCRIPT / "package-lock.json",
    )
    return noted.exists() and noted.stat().st_mtime > locked.stat().st_mtime


@contextmanager
def duet_up(run: Run, assembly: Path) -> Iterator[str]:
    """The endpoint of a `duet up` in the background, in a folder of its own."""
    folder = assembly.parent
    duet = Path(sys.executable).parent / "duet"
    started = run(duet, "up", "--time-scale", "0", "--detach", "--json", assembly, cwd=folder)
    try:
        instance = json.loads(started.stdout)
        assert instance["deployment"] == "deployed"
        yield instance["endpoint_url"]
    finally:
        run(duet, "down", cwd=folder)


@pytest.mark.parametrize("name", _NAMES)
def test_an_app_runs_on_duet_up_and_passes_its_own_tests(
    name: str, run: Run, synthesize: Callable[[str], Path]
) -> None:
    assembly = synthesize(name)
    with duet_up(run, assembly) as endpoint_url:
        ended = run(
            *[sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist"],
            *["--duet-assembly", assembly, "--duet-endpoint-url", endpoint_url],
            cwd=_EXAMPLES / name,
        )
    assert " passed in " in ended.stdout


@pytest.mark.parametrize("name", _NAMES)
def test_an_app_knows_nothing_of_duet_but_in_its_tests(name: str) -> None:
    sources = [
        path
        for path in (_EXAMPLES / name).rglob("*")
        if path.suffix in {".py", ".ts", ".mjs", ".json"}
        and not {"node_modules", "build", "cdk.out"} & set(path.parts)
        and not path.name.startswith("test_")
    ]

    assert len(sources) > 3
    assert not [path for path in sources if "constructs_lib" in path.read_text(encoding="utf-8")]
