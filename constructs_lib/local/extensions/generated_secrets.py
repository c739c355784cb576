"""Upstream gap: CloudFormation generates secrets without heeding most of what it is told.

``GenerateSecretString: {}``, which the CDK writes for a plain ``Secret``, gives an empty secret; of
the options only length and excluded characters count. The API's GetRandomPassword knows them all.
Source: AWS::SecretsManager::Secret GenerateSecretString (read 2026-11-27).
"""

import json
from collections.abc import Mapping
from typing import cast

from ministack.services import secretsmanager
from ministack.services.cloudformation import provisioners

from constructs_lib.local.extensions.answers import Properties, require_success

SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a type's name
_DEFAULT_LENGTH = 32
# What a template says with these words is a truth value, as CloudFormation reads it.
_TRUTH_VALUES: Mapping[object, bool] = {"true": True, "false": False}


def register() -> None:
    """Generate what the options say."""
    provisioners._sm_secret_string = _secret_string


def _secret_string(properties: Properties) -> str:
    if "GenerateSecretString" not in properties:
        return str(properties.get("SecretString", ""))
    options = cast(Properties, properties["GenerateSecretString"])
    password = _password(options)
    if "SecretStringTemplate" not in options:
        return password
    template = json.loads(str(options["SecretStringTemplate"]))
    return json.dumps({**template, str(options["GenerateStringKey"]): password})


def _password(options: Properties) -> str:
    request = {name: _TRUTH_VALUES.get(value, value) for name, value in options.items()}
    request["PasswordLength"] = int(str(options.get("PasswordLength", _DEFAULT_LENGTH)))
    answer = require_success(SECRET, secretsmanager._get_random_password(request))
    return str(answer["RandomPassword"])
