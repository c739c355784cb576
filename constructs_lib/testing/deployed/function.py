"""Call a deployed Lambda function."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from constructs_lib.local.journal import FunctionInvoked
from constructs_lib.testing.deployed.context import Context, in_time
from constructs_lib.testing.deployed.matching import parsed
from constructs_lib.testing.deployed.resources import Resource
from constructs_lib.testing.deployed.waiting import Within

FUNCTION = "AWS::Lambda::Function"
_WITHIN_SECONDS = 10.0


class DeployedFunction:
    """A function of the deployment.

    Attributes:
        name: Its name.
    """

    def __init__(self, context: Context, resource: Resource) -> None:
        self.name = resource.physical_id
        self._context = context
        self._path = resource.path
        self._region = resource.region

    def invocations(self) -> Sequence[FunctionInvoked]:
        """Its runs so far, whoever invoked it, oldest first; embedded AWS only."""
        records = (
            self._context.require_embedded("record of invocations").journal().of(FunctionInvoked)
        )
        name = f":function:{self.name}"
        return [each for each in records if each.function_arn.endswith(name)]

    def expect_invoked(
        self, *, times: int = 1, error: str | None = None, within: Within = _WITHIN_SECONDS
    ) -> Sequence[FunctionInvoked]:
        """Wait until it has run so often, at least; its runs. Embedded AWS only.

        Args:
            times: How often.
            error: Count only runs that ended with this error; ``""`` counts those without.
            within: How long to wait, in real time.
        Raises:
            ExpectationError: It has run less often when time was up.
        """
        __tracebackhide__ = True

        def fitting() -> list[FunctionInvoked]:
            return [each for each in self.invocations() if error in (None, each.error)]

        def enough() -> list[FunctionInvoked] | None:
            return found if len(found := fitting()) >= times else None

        found = self._context.wait_for(enough, within)
        if found is None:
            ended = [each.error or "no error" for each in self.invocations()]
            self._context.fail(
                f"expected {self._path} to run {times} times {in_time(within)}, "
                f"it ran {len(ended)} times" + (f", with {', '.join(ended)}" if ended else "")
            )
        return found

    def invoke(self, payload: object = None) -> Any:
        """Call it synchronously; its answer.

        Args:
            payload: What JSON can hold; an empty object by default.
        Raises:
            ExpectationError: The function raised an error.
        """
        __tracebackhide__ = True
        answer = self._context.client("lambda", self._region).invoke(
            FunctionName=self.name, Payload=json.dumps({} if payload is None else payload).encode()
        )
        content = parsed(answer["Payload"].read().decode())
        if "FunctionError" in answer:
            self._context.fail(
                f"expected {self._path} to answer, it raised "
                f"{content.get('errorType')}: {content.get('errorMessage')}"
            )
        return content
