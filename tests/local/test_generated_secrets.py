"""Secrets that CloudFormation makes up, and the canary of the extension that has it do so.

The canary fails when MiniStack closes the gap itself: then drop the extension.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from constructs_lib.local import EmbeddedAws
from tests.local.clients import untyped_client

if TYPE_CHECKING:
    from tests.local.conftest import Stack


def generated(aws: EmbeddedAws, stack: Stack, options: dict[str, object]) -> str:
    properties = {"GenerateSecretString": options}
    status = stack.create(S={"Type": "AWS::SecretsManager::Secret", "Properties": properties})
    assert status == "CREATE_COMPLETE", stack.reasons()
    with closing(untyped_client(aws, "secretsmanager")) as secrets:
        answer = secrets.get_secret_value(SecretId=stack.physical_id("S"))
        return str(answer["SecretString"])


def test_a_secret_without_options_has_32_characters(aws: EmbeddedAws, stack: Stack) -> None:
    assert len(generated(aws, stack, {})) == 32


@pytest.mark.parametrize("truth", [True, "true"])
def test_every_option_is_heeded(aws: EmbeddedAws, stack: Stack, truth: object) -> None:
    options = {
        "PasswordLength": "200",
        "ExcludePunctuation": truth,
        "ExcludeUppercase": truth,
        "ExcludeCharacters": "abc",
    }

    secret = generated(aws, stack, options)

    assert len(secret) == 200
    assert set(secret) <= set("defghijklmnopqrstuvwxyz0123456789")


def test_a_template_gets_the_secret_under_its_key(aws: EmbeddedAws, stack: Stack) -> None:
    options = {
        "SecretStringTemplate": '{"user": "ada"}',
        "GenerateStringKey": "password",
        "PasswordLength": 12,
    }

    secret = json.loads(generated(aws, stack, options))

    assert (secret["user"], len(secret["password"])) == ("ada", 12)


def test_options_that_leave_no_characters_fail_the_stack(stack: Stack) -> None:
    options = dict.fromkeys(
        ("ExcludePunctuation", "ExcludeUppercase", "ExcludeLowercase", "ExcludeNumbers"), True
    )
    properties = {"GenerateSecretString": options}

    stack.create(S={"Type": "AWS::SecretsManager::Secret", "Properties": properties})

    assert "No characters available to generate password" in stack.reasons()


def test_canary_plain_ministack_leaves_a_secret_without_options_empty(tmp_path: Path) -> None:
    program = (
        "from ministack.services.cloudformation import provisioners; "
        "print(repr(provisioners._sm_secret_string({'GenerateSecretString': {}})))"
    )
    printed = subprocess.check_output(
        [sys.executable, "-c", program],
        text=True,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "STATE_DIR": str(tmp_path)},
    )
    assert printed == "''\n"
