"""Upstream gap: versions and aliases exist in the API, but not for CloudFormation or executions.

``AWS::StepFunctions::StateMachineVersion`` and ``…::StateMachineAlias``: ``Ref`` and ``Arn`` are
the ARN. A version's machine and revision are create-only, so that a new revision publishes a new
version; an alias's name is. No traffic is shifted by steps and no alarm is watched: every
deployment preference moves the alias at once.

An execution started by the ARN of a version or an alias runs that version; MiniStack keeps the
version's definition and runs the newest one.
Source: AWS CloudFormation resource reference, AWS::StepFunctions::StateMachineVersion and
StateMachineAlias (read 2026-11-23).
"""

import contextvars
from collections.abc import Callable, Mapping, Sequence
from typing import cast

from ministack.services import stepfunctions
from ministack.services.cloudformation import provisioners

from constructs_lib.local.extensions.answers import Properties, Resource, require_success

VERSION = "AWS::StepFunctions::StateMachineVersion"
ALIAS = "AWS::StepFunctions::StateMachineAlias"
_ALIAS_NAME_MAX_CHARACTERS = 80
_FIRST_REVISION = "INITIAL"

# An execution's thread has a copy of the context in which it was started.
_version: contextvars.ContextVar[Properties | None] = contextvars.ContextVar(
    "version", default=None
)


def register() -> None:
    """Teach CloudFormation the types, and executions their version."""
    stepfunctions._start_execution = _of_a_version(stepfunctions._start_execution)
    stepfunctions._state_machines.__class__ = _with_versions(type(stepfunctions._state_machines))
    provisioners._RESOURCE_HANDLERS[VERSION] = {
        "create": _publish_version,
        "update": _describe_version_anew,
        "delete": _delete_version,
    }
    provisioners._REPLACING_PROPERTIES[VERSION] = ("StateMachineArn", "StateMachineRevisionId")
    provisioners._RESOURCE_HANDLERS[ALIAS] = {
        "create": _create_alias,
        "update": _update_alias,
        "delete": _delete_alias,
    }
    provisioners._REPLACING_PROPERTIES[ALIAS] = ("Name",)
    provisioners._CUSTOM_NAME_REPLACEMENT[ALIAS] = {"name": "Name"}


def run_as(version: Properties) -> None:
    """Make the current context run the definition and role of ``version``, whatever is newest."""
    _version.set(version)


def _of_a_version(
    start_execution: Callable[[Properties], object],
) -> Callable[[Properties], object]:
    def start(request: Properties) -> object:
        # What follows a number sign is the name of a test case.
        arn = str(request.get("stateMachineArn", "")).partition("#")[0]
        version_arn = stepfunctions._execution_version_arn(arn)
        outer = _version.set(stepfunctions._state_machine_versions.get(version_arn))
        try:
            return start_execution(request)
        finally:
            _version.reset(outer)

    return start


def _with_versions(store: type) -> type:
    """The kind of store that shows a version's thread the machine as it was published."""

    def get(self: object, arn: str, default: object = None) -> object:
        machine = store.get(self, arn, default)  # type: ignore[attr-defined]  # a mapping
        version = _version.get()
        if not machine or version is None or version["stateMachineArn"] != arn:
            return machine
        return {**machine, **{name: version[name] for name in ("definition", "roleArn")}}

    return type(store.__name__, (store,), {"__slots__": (), "get": get})


def _publish_version(_logical_id: str, properties: Properties, _stack_name: str) -> Resource:
    request = {
        "stateMachineArn": properties["StateMachineArn"],
        "description": properties.get("Description", ""),
    }
    revision = properties.get("StateMachineRevisionId", _FIRST_REVISION)
    if revision != _FIRST_REVISION:
        request["revisionId"] = revision
    published = require_success(VERSION, stepfunctions._publish_state_machine_version(request))
    return _resource(published["stateMachineVersionArn"])


def _describe_version_anew(
    physical_id: str, _old: Properties, new: Properties, _stack_name: str
) -> Resource:
    version = stepfunctions._state_machine_versions[physical_id]
    version["description"] = new.get("Description", "")
    return _resource(physical_id)


def _delete_version(physical_id: str, _properties: Properties) -> None:
    request = {"stateMachineVersionArn": physical_id}
    require_success(VERSION, stepfunctions._delete_state_machine_version(request))


def _create_alias(logical_id: str, properties: Properties, stack_name: str) -> Resource:
    name = properties.get("Name") or provisioners._physical_name(
        stack_name, logical_id, max_len=_ALIAS_NAME_MAX_CHARACTERS
    )
    request = {"name": name, **_mutable(properties)}
    created = require_success(ALIAS, stepfunctions._create_state_machine_alias(request))
    return _resource(created["stateMachineAliasArn"])


def _update_alias(
    physical_id: str, _old: Properties, new: Properties, _stack_name: str
) -> Resource:
    request = {"stateMachineAliasArn": physical_id, **_mutable(new)}
    require_success(ALIAS, stepfunctions._update_state_machine_alias(request))
    return _resource(physical_id)


def _delete_alias(physical_id: str, _properties: Properties) -> None:
    # An alias that went with its state machine is what the caller wanted.
    stepfunctions._delete_state_machine_alias({"stateMachineAliasArn": physical_id})


def _mutable(properties: Properties) -> Properties:
    """The properties that an update may change, as the service API takes them."""
    preference = cast(Properties, properties.get("DeploymentPreference") or {})
    entries = cast(Sequence[Properties], properties.get("RoutingConfiguration") or [])
    if preference:
        entries = [{"StateMachineVersionArn": preference["StateMachineVersionArn"], "Weight": 100}]
    return {
        "description": properties.get("Description", ""),
        "routingConfiguration": [_route(entry) for entry in entries],
    }


def _route(entry: Properties) -> Mapping[str, object]:
    return {
        "stateMachineVersionArn": entry["StateMachineVersionArn"],
        "weight": int(str(entry["Weight"])),
    }


def _resource(arn: object) -> Resource:
    return str(arn), {"Arn": arn}
