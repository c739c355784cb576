"""The assemblies of the apps in other shapes, each made once, whoever asks for it first."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

from constructs_lib.local.cdk_cli import node_executable

PROJECT = Path(__file__).parent.parent.parent
EXAMPLES = PROJECT / "examples"
NAMES = ("typescript_orders", "python_pipe", "lambda_saga")

_MADE = {"build", "cdk.out", "node_modules", "__pycache__"}


def environment() -> dict[str, str]:
    """The project's programs first, as in its shell; no folder of the project among the imports."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    # The workers of this test session are none of the example's.
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_ADDOPTS"):
        kept.pop(name, None)
    first = [
        Path(sys.executable).parent,
        PROJECT / "node_modules" / ".bin",
        node_executable().parent,
    ]
    return {**kept, "PATH": os.pathsep.join([*map(str, first), kept["PATH"]])}


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a program of the project; what it prints is shown if it fails."""
    ended = subprocess.run(  # noqa: S603 - fixed programs
        command, cwd=cwd, env=environment(), capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended


def synthesized(name: str) -> Path:
    """The app's ``cdk.out``, made anew if its sources are newer; other processes wait for it."""
    folder = EXAMPLES / name
    assembly = folder / "cdk.out"
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_newer(assembly / "manifest.json", folder):
            installed = folder / "node_modules" / ".package-lock.json"
            if (folder / "package-lock.json").exists() and not _is_newer(installed, folder):
                run("npm", "ci", "--silent", "--no-fund", "--no-audit", cwd=folder)
            run("cdk", "synth", "--quiet", "--output", assembly, cwd=folder)
    finally:
        os.close(lock)
    return assembly


def _is_newer(made: Path, folder: Path) -> bool:
    """Whether a file is there and newer than all that the app is made of."""
    sources = (
        path
        for path in folder.rglob("*")
        if path.is_file() and not _MADE & set(path.relative_to(folder).parts)
    )
    return made.exists() and made.stat().st_mtime >= max(each.stat().st_mtime for each in sources)
