"""Drives the sign-up workflow and its confirmation as a person does."""

import json
import re
from collections.abc import Mapping
from typing import Any

from constructs_lib.templates.json_value import JsonValue
from constructs_lib.templates.state_machines import state_machine_definition, state_machine_ids
from constructs_lib.testing.moto_engine import (
    StartedWorkflow,
    WorkflowDeadlineError,
    WorkflowEngine,
    WorkflowRun,
)
from tests.moto.world import World

WAITING_STATE = "Wait for confirmation"
_CODE = re.compile(r"\b[0-9A-F]{10}\b")


class SignUps:
    """The two workflows of ``SignUpWorkflow``, for one world."""

    def __init__(
        self, engine: WorkflowEngine, world: World, template: Mapping[str, dict[str, Any]]
    ) -> None:
        self.engine = engine
        self.world = world
        (pool_id,) = (
            id_ for id_, r in template["Resources"].items() if r["Type"] == "AWS::Cognito::UserPool"
        )
        sign_up_id, confirm_id = state_machine_ids(template)
        substitutions = {pool_id: world.user_pool_id, f"{pool_id}.Arn": "pool", sign_up_id: "arn"}
        self.definition, self.confirm_definition = (
            state_machine_definition(template, id_, substitutions=substitutions)
            for id_ in (sign_up_id, confirm_id)
        )

    def start(self, request: Mapping[str, JsonValue]) -> StartedWorkflow:
        """Start a sign-up; it waits for its code or ends."""
        return self.engine.start(self.definition, request)

    def run(self, request: Mapping[str, JsonValue]) -> WorkflowRun:
        """Start a sign-up and, if it comes to that, enter the code that was mailed."""
        mails_before = len(self.world.mails())
        started = self.start(request)
        try:
            started.until_waiting(state=WAITING_STATE, within_seconds=60)
        except WorkflowDeadlineError:
            return started.result()  # it ended before
        if (code := self.wait_for_code(started, mails_before)) is not None:
            self.confirm(code)
        return started.result(within_seconds=60)

    def wait_for_code(self, started: StartedWorkflow, mails_before: int = 0) -> str | None:
        """Wait until another mail has come; ``None`` if the execution ends without one."""
        came = started.until(lambda: len(self.world.mails()) > mails_before, within_seconds=60)
        return self.code() if came else None

    def code(self) -> str:
        """The code of the newest mail that has one."""
        return next(
            found[0] for mail in reversed(self.world.mails()) if (found := _CODE.search(mail))
        )

    def confirm(self, code: JsonValue) -> Mapping[str, JsonValue]:
        """Enter a code; what the person is told."""
        run = self.engine.run(self.confirm_definition, {"code": code})
        assert run.status == "SUCCEEDED", f"{run.error}: {run.cause}"
        assert "taskToken" not in json.dumps(run.output)
        assert isinstance(run.output, dict)
        return run.output
