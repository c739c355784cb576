"""The wheel beside a user's packages: it leaves them alone and brings the embedded AWS anyway.

One environment as a user has it, without pip and with the newest botocore, is made for the module.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from constructs_lib.local.extensions.pin import BOTOCORE_VERSION

_PROJECT = Path(__file__).parent.parent.parent
_ASK = """
import io, json, sys, zipfile
import botocore
from constructs_lib.local import EmbeddedAws

HANDLER = '''
import sys, botocore
def handler(event, context):
    return {"botocore": botocore.__version__, "prefix": sys.prefix}
'''

with EmbeddedAws() as aws:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("index.py", HANDLER)
    functions = aws.client("lambda")
    functions.create_function(
        FunctionName="f", Runtime="python3.13", Handler="index.handler",
        Role="arn:aws:iam::000000000000:role/any", Code={"ZipFile": archive.getvalue()},
    )
    print(json.dumps({
        "mine": botocore.__version__,
        "handler": json.load(functions.invoke(FunctionName="f")["Payload"]),
        "emulator": open(f"/proc/{aws.pid}/cmdline").read().split(chr(0))[0],
    }))
"""


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(  # noqa: S603 - fixed programs
        command,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        cwd=Path(command[0]).parent,  # not the project: the package would come from there
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended


@pytest.fixture(scope="module")
def users_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a new environment with the wheel, extra ``local``."""
    folder = tmp_path_factory.mktemp("user")
    build = ["hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run([sys.executable, "-m", *build], check=True, cwd=_PROJECT)  # noqa: S603 - this Python, fixed arguments
    (wheel,) = folder.glob("*.whl")
    uv = Path(sys.executable).parent / "uv"
    run(uv, "venv", "--quiet", "--python", sys.executable, folder / "environment")
    python = folder / "environment" / "bin" / "python"
    run(uv, "pip", "install", "--quiet", "--python", python, f"{wheel}[local]")
    return python


def test_the_embedded_aws_starts_beside_another_botocore(
    users_python: Path, tmp_path: Path
) -> None:
    asked = run(users_python, "-c", _ASK, XDG_CACHE_HOME=str(tmp_path))

    answer = json.loads(asked.stdout)
    assert answer["mine"] != BOTOCORE_VERSION
    assert answer["handler"] == {
        "botocore": answer["mine"],
        "prefix": str(users_python.parent.parent),
    }
    assert Path(answer["emulator"]).is_relative_to(tmp_path)
    assert "duet: 2 of 2: MiniStack and what it requires\n" in asked.stderr


def test_the_constructs_alone_bring_no_emulator(users_python: Path) -> None:
    ask = "import importlib.metadata; print(*importlib.metadata.requires('cdk-duet'), sep='\\n')"
    required = run(users_python, "-c", ask).stdout.splitlines()

    alone = [each for each in required if "extra ==" not in each]
    names = {re.split("[^A-Za-z0-9-]", each)[0] for each in alone}
    assert names == {"aws-cdk-lib", "botocore", "constructs", "pydantic"}
