"""Ways to ask the deployed example for a sign-up, and to see how it ended."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Protocol, cast

from constructs_lib.demo.drive_choreography import sign_up_entry
from constructs_lib.demo.follow_events import QueueReader
from constructs_lib.demo.inputs import SignUpRequest
from constructs_lib.demo.resources import ExampleResources
from constructs_lib.local import EmbeddedAws, Mailbox
from constructs_lib.operations.confirmation import CODE

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient

_SIGNED_UP = "UserSignedUp"
_REFUSED = frozenset({"SignUpFailed", "SignUpRejected"})


class Road(Protocol):
    """A way to sign people up; each sign-up has an id of the caller's."""

    def start(self, id_: str, request: SignUpRequest) -> None:
        """Ask for a sign-up."""

    def ended(self, ids: Collection[str]) -> Mapping[str, str]:
        """Those of ``ids`` that have ended: the error's name, empty for a new user."""

    def traces(self, request: SignUpRequest) -> set[str]:
        """What is there of a person: ``identity``, ``profile``, ``reservation``."""


class WorkflowRoad:
    """By the workflow; people confirm as soon as their code is in the mail and in the table.

    A person takes longer than the workflow to do both; a program may be quicker.
    """

    def __init__(
        self, aws: EmbeddedAws, resources: ExampleResources, outputs: Mapping[str, str]
    ) -> None:
        self._workflows = aws.client("stepfunctions")
        self._machine = resources.sign_up_state_machine_arn
        self._confirm = resources.confirm_email_state_machine_arn
        self._mailbox = Mailbox(aws)
        self._items: DynamoDBClient = aws.client("dynamodb")
        self._users_table = outputs["UsersTableName"]
        self._entered: set[str] = set()
        self._executions: dict[str, str] = {}
        self._traces = _Traces(
            aws,
            pool=outputs["UserPoolId"],
            tables=(outputs["UsersTableName"], outputs["UsersTableName"]),
        )

    def start(self, id_: str, request: SignUpRequest) -> None:
        """Start an execution of that name."""
        self._executions[id_] = self._workflows.start_execution(
            stateMachineArn=self._machine,
            name=id_,
            input=json.dumps({"name": request.name, "email": request.email}),
        )["executionArn"]

    def ended(self, ids: Collection[str]) -> Mapping[str, str]:
        """Let people confirm, and look at the executions."""
        self._enter_new_codes()
        found = {}
        for id_ in ids:
            execution = self._workflows.describe_execution(executionArn=self._executions[id_])
            if execution["status"] != "RUNNING":
                found[id_] = execution.get("error", "")
        return found

    def traces(self, request: SignUpRequest) -> set[str]:
        """What the users table and the pool have of a person."""
        return self._traces.of(request)

    def _enter_new_codes(self) -> None:
        codes = {found[0] for mail in self._mailbox.messages() if (found := CODE.search(mail.text))}
        for code in codes - self._entered:
            key = f"CODE#{hashlib.sha256(code.encode()).hexdigest()}"
            kept = self._items.get_item(TableName=self._users_table, Key={"pk": {"S": key}})
            if "Item" in kept:
                self._entered.add(code)
                self._workflows.start_sync_execution(
                    stateMachineArn=self._confirm, input=json.dumps({"code": code})
                )


class EventsRoad:
    """By the event that a form publishes.

    Args:
        heard: Hears all that is said on the bus.
    """

    def __init__(
        self,
        aws: EmbeddedAws,
        resources: ExampleResources,
        outputs: Mapping[str, str],
        heard: QueueReader,
    ) -> None:
        self._events = aws.client("events")
        self._bus = resources.app_bus_arn.rpartition("/")[2]
        self._heard = heard
        self._traces = _Traces(
            aws,
            pool=outputs["ChoreographedUserPoolId"],
            tables=(outputs["ReservationsTableName"], outputs["ProfilesTableName"]),
        )

    def start(self, id_: str, request: SignUpRequest) -> None:
        """Publish the request of that id."""
        self._events.put_events(
            Entries=[sign_up_entry(request, request_id=id_, bus_name=self._bus)]
        )

    def ended(self, ids: Collection[str]) -> Mapping[str, str]:
        """What was told on the bus by now."""
        self._heard.read()
        found = {}
        for event in self._heard.events:
            id_ = event.detail.get("requestId", "")
            if id_ in ids and event.detail_type == _SIGNED_UP:
                found[id_] = ""
            elif id_ in ids and event.detail_type in _REFUSED:
                found[id_] = event.detail["error"]
        return found

    def traces(self, request: SignUpRequest) -> set[str]:
        """What the tables and the pool of the services have of a person."""
        return self._traces.of(request)


class _Traces:
    """What a sign-up leaves behind, by the address' hash."""

    def __init__(self, aws: EmbeddedAws, *, pool: str, tables: tuple[str, str]) -> None:
        self._users: CognitoIdentityProviderClient = aws.client("cognito-idp")
        self._items: DynamoDBClient = aws.client("dynamodb")
        self._pool = pool
        self._tables = tables

    def of(self, request: SignUpRequest) -> set[str]:
        """The kinds of what there is."""
        email_hash = hashlib.sha256(request.normalized_email.encode()).hexdigest()
        found = set()
        if self._user_ids(request.normalized_email):
            found.add("identity")
        reservations, profiles = self._tables
        if any(item["pk"]["S"] == f"EMAIL#{email_hash}" for item in self._scan(reservations)):
            found.add("reservation")
        if any(
            item["pk"]["S"].startswith("USER#") and item["emailHash"]["S"] == email_hash
            for item in self._scan(profiles)
        ):
            found.add("profile")
        return found

    def _user_ids(self, email: str) -> list[str]:
        pages = self._users.get_paginator("list_users").paginate(UserPoolId=self._pool)
        return [
            user["Username"]
            for page in pages
            for user in page["Users"]
            if {"Name": "email", "Value": email} in user["Attributes"]
        ]

    def _scan(self, table: str) -> list[dict[str, dict[str, str]]]:
        pages = self._items.get_paginator("scan").paginate(TableName=table)
        items = [item for page in pages for item in page["Items"]]
        return cast(list[dict[str, dict[str, str]]], items)
