"""Call a deployed Lambda function."""

from __future__ import annotations

import json
from typing import Any

from constructs_lib.testing.deployed.context import Context
from constructs_lib.testing.deployed.matching import parsed
from constructs_lib.testing.deployed.resources import Resource

FUNCTION = "AWS::Lambda::Function"


class DeployedFunction:
    """A function of the deployment.

    Attributes:
        name: Its name.
    """

    def __init__(self, context: Context, resource: Resource) -> None:
        self.name = resource.physical_id
        self._context = context
        self._path = resource.path

    def invoke(self, payload: object = None) -> Any:
        """Call it synchronously; its answer.

        Args:
            payload: What JSON can hold; an empty object by default.
        Raises:
            ExpectationError: The function raised an error.
        """
        __tracebackhide__ = True
        answer = self._context.client("lambda").invoke(
            FunctionName=self.name, Payload=json.dumps({} if payload is None else payload).encode()
        )
        content = parsed(answer["Payload"].read().decode())
        if "FunctionError" in answer:
            self._context.fail(
                f"expected {self._path} to answer, it raised "
                f"{content.get('errorType')}: {content.get('errorMessage')}"
            )
        return content
