"""Drives the deployed sign-up as people and operators do, and says what is left of it."""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from constructs_lib.local import ActiveFault, Fault, Mailbox
from tests.local.scenario_stack import Deployment

_CODE = re.compile(r"\b[0-9A-F]{10}\b")


class SignUps:
    """What people and operators do with a deployment, and what is in it."""

    def __init__(self, aws: Deployment) -> None:
        self.aws = aws
        # Mail stays when a stack goes.
        self.ada = {"email": f"ada-{uuid.uuid4().hex[:8]}@example.com", "name": "Ada Lovelace"}

    def injecting(self, *faults: Fault) -> AbstractContextManager[Sequence[ActiveFault]]:
        """Let calls fail for the time of a block."""
        return self.aws.account.require_embedded().faults(*faults)

    def start(self, name: str | None = None) -> str:
        return self.aws.start("SignUp", self.ada, name)

    def outcome(self, execution: str) -> str | None:
        """The name of the error with which it ended, red; None for a success."""
        ended = self.aws.end(execution)
        assert ended["status"] == ("FAILED" if "error" in ended else "SUCCEEDED")
        return ended.get("error")

    def mails(self) -> list[str]:
        """The subjects of the person's mails."""
        messages = Mailbox(self.aws.account.require_embedded()).messages(to=self.ada["email"])
        return [mail.subject for mail in messages]

    def code(self) -> str:
        """Wait for the mail with the code, and until the workflow waits for it, too."""
        mailbox = Mailbox(self.aws.account.require_embedded())
        mail = mailbox.latest(to=self.ada["email"], within_seconds=60)
        found = _CODE.search(mail.text)
        assert found is not None
        key = f"CODE#{hashlib.sha256(found[0].encode()).hexdigest()}"
        self.aws.wait_until(lambda: [i for i in self.items("CODE") if i["pk"]["S"] == key])
        return found[0]

    def confirm(self, code: object) -> Any:
        """Enter a code; what the person is told."""
        ran = self.aws.workflows.start_sync_execution(
            stateMachineArn=self.aws["ConfirmEmail"], input=json.dumps({"code": code})
        )
        assert ran["status"] == "SUCCEEDED", ran
        assert "taskToken" not in ran["output"]
        if self.aws.account.embedded:  # AWS keeps no history of Express workflows
            self.aws.note(self.aws["ConfirmEmail"], ran["executionArn"])
        return json.loads(ran["output"])

    def token(self) -> str:
        """The token that the one waiting task has put in the table."""
        (item,) = self.items("CODE")
        token: str = item["taskToken"]["S"]
        return token

    def items(self, kind: str) -> list[dict[str, Any]]:
        found = self.aws.items("Users")
        return [item for item in found if item["pk"]["S"].startswith(f"{kind}#")]

    def identities(self) -> list[dict[str, str]]:
        users = self.aws.pools.list_users(UserPoolId=self.aws["Identities"])["Users"]
        return [
            {"Username": user["Username"], **{a["Name"]: a["Value"] for a in user["Attributes"]}}
            for user in users
        ]

    def kept(self) -> set[str]:
        """The kinds of what there is: reservation, code, profile, identity."""
        kinds = {item["pk"]["S"].partition("#")[0] for item in self.aws.items("Users")}
        return kinds | ({"identity"} if self.identities() else set())

    def forget(self, *kinds: str) -> None:
        """Delete items behind the workflow's back."""
        for kind in kinds:
            for item in self.items(kind):
                self.aws.dynamodb.delete_item(TableName=self.aws["Users"], Key={"pk": item["pk"]})

    def delete_table(self) -> None:
        self.aws.dynamodb.delete_table(TableName=self.aws["Users"])

    def delete_pool(self) -> None:
        self.aws.pools.delete_user_pool(UserPoolId=self.aws["Identities"])

    def fail_waiting(self) -> None:
        """Let the confirmation fail, as an operator can."""
        self.aws.workflows.send_task_failure(
            taskToken=self.token(), error="Operator.Refused", cause="a test"
        )

    def not_undone(self) -> list[tuple[str, list[str]]]:
        """Of each failure that the operators were told: the step, and what could not be undone."""
        return [
            (notice["step"], [note["Step"] for note in notice["notUndone"]])
            for notice in self.aws.notices()
        ]
