"""Faults of a file, given to the ``duet`` command."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from typer.testing import CliRunner

from constructs_lib.cli import app
from constructs_lib.local import EmbeddedAccount


def test_the_command_injects_the_faults_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "faults.json"
    fault = {"service": "sts", "action": "GetCallerIdentity", "error": "Throttling"}
    file.write_text(json.dumps([fault]))
    command = [str(Path(sys.executable).with_name("duet")), "serve", "--port", "0"]
    with subprocess.Popen(
        [*command, "--faults", str(file)], stdout=subprocess.PIPE, text=True
    ) as serving:
        assert serving.stdout is not None
        endpoint = serving.stdout.readline().split(" at ")[1].split(";")[0]
        account = EmbeddedAccount(
            account_id="000000000000", region="us-east-1", endpoint_url=lambda: endpoint
        )

        with closing(account.client("sts")) as sts, pytest.raises(ClientError, match="Throttling"):
            sts.get_caller_identity()

        serving.terminate()


def test_the_command_refuses_a_file_without_faults(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["serve", "--faults", str(tmp_path / "none.json")])

    assert ran.exit_code == 2
    assert "none.json cannot be read as JSON" in ran.output
