"""Upstream gap: the API of Step Functions takes names, ARNs, inputs and settings that AWS refuses.

Creating an activity anew answers with the one that is there, as does an alias that is the same, and
deleting what is not there succeeds. Standard workflows are not executed synchronously. Roles are
taken as they come, as are the names and ARNs of Express executions.
Source: Step Functions API reference, CreateStateMachine, StartExecution, StartSyncExecution,
ListExecutions, CreateActivity, TagResource (read 2026-11-27).
"""

import json
import re
from collections.abc import Callable, Sequence
from typing import cast

from ministack.core.responses import error_response_json, json_response
from ministack.services import stepfunctions

from constructs_lib.local.extensions.answers import Properties

_NAME_MAX_CHARACTERS = 80
_NOT_IN_NAMES = re.compile(r"""[\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]""")
_ALIAS_NAME = re.compile(r"(?=.*[a-zA-Z_\-.])[a-zA-Z0-9_\-.]{1,80}", re.ASCII)
_TYPES = ("STANDARD", "EXPRESS")
_STATUSES = ("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE")
_CHANGES = (
    "definition",
    "roleArn",
    "loggingConfiguration",
    "tracingConfiguration",
    "encryptionConfiguration",
)

_Handler = Callable[[Properties], object]
#: Answers in the operation's place, or gives None.
_Check = Callable[[Properties], object]


def register() -> None:
    """Put the checks before the operations."""
    for operation, checks in _CHECKS.items():
        handler = getattr(stepfunctions, operation)
        setattr(stepfunctions, operation, _checked(handler, checks))


def _checked(handler: _Handler, checks: Sequence[_Check]) -> _Handler:
    def handle(request: Properties) -> object:
        for check in checks:
            answer = check(request)
            if answer is not None:
                return answer
        return handler(request)

    return handle


def _name(request: Properties) -> object:
    name = request.get("name")
    if name is None:
        return None
    text = str(name)
    if 1 <= len(text) <= _NAME_MAX_CHARACTERS and not _NOT_IN_NAMES.search(text):
        return None
    return error_response_json("InvalidName", f"Invalid Name: '{text}'", 400)


def _arn_of(field: str, *kinds: str) -> _Check:
    def check(request: Properties) -> object:
        if field not in request:
            return None
        arn = str(request[field])
        parts = arn.split(":", 6)
        if len(parts) < 7 or parts[0] != "arn":
            reason = f"Invalid ARN prefix: {arn}"
        elif parts[5] not in kinds:
            reason = f"Resource type not valid in this context: {parts[5]}"
        else:
            return None
        return error_response_json("InvalidArn", f"Invalid Arn: '{reason}'", 400)

    return check


def _type(request: Properties) -> object:
    kind = request.get("type", "STANDARD")
    if kind in _TYPES:
        return None
    return _invalid_enum("type", kind, _TYPES)


def _logging(request: Properties) -> object:
    logging = cast(Properties, request.get("loggingConfiguration") or {})
    destinations = cast(Sequence[object], logging.get("destinations") or ())
    if len(destinations) == 1 or (not destinations and logging.get("level", "OFF") == "OFF"):
        return None
    return error_response_json(
        "InvalidLoggingConfiguration",
        "Invalid Logging Configuration: Must specify exactly one Log Destination.",
        400,
    )


def _version_description(request: Properties) -> object:
    if request.get("publish") or not request.get("versionDescription"):
        return None
    return _invalid("Version description can only be set when publish is true")


def _change(request: Properties) -> object:
    if any(name in request for name in _CHANGES):
        return None
    return error_response_json(
        "MissingRequiredParameter",
        "Either the definition, the role ARN, the LoggingConfiguration, or the "
        "TracingConfiguration must be specified",
        400,
    )


def _input(request: Properties) -> object:
    try:
        json.loads(str(request.get("input", "{}")))
    except ValueError as error:
        return error_response_json(
            "InvalidExecutionInput", f"Invalid State Machine Execution Input: '{error}'", 400
        )
    return None


def _express_only(request: Properties) -> object:
    arn = str(request.get("stateMachineArn", "")).partition("#")[0]
    machine = stepfunctions._state_machines.get(stepfunctions._resolve_state_machine_arn(arn))
    if machine is None or machine.get("type") == "EXPRESS":
        return None
    return error_response_json(
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
        400,
    )


def _listed(request: Properties) -> object:
    status = request.get("statusFilter")
    if status is not None and status not in _STATUSES:
        return _invalid_enum("statusFilter", status, _STATUSES)
    arn = request.get("stateMachineArn")
    if arn is None and not request.get("mapRunArn"):
        return _invalid("Must provide a StateMachine ARN or MapRun ARN")
    if arn is not None and stepfunctions._resolve_state_machine_arn(arn) is None:
        # A Map Run's children are listed by a state machine that is made up.
        children = stepfunctions._map_runs.values()
        if not any(run.get("_stateMachineArn") == arn for run in children):
            return error_response_json(
                "StateMachineDoesNotExist", f"State Machine Does Not Exist: '{arn}'", 400
            )
    return None


def _is_there(request: Properties) -> object:
    arn = request.get("resourceArn")
    if arn in stepfunctions._state_machines or arn in stepfunctions._activities:
        return None
    return error_response_json("ResourceNotFound", f"Resource not found: '{arn}'", 400)


def _same_activity(request: Properties) -> object:
    for activity in stepfunctions._activities.values():
        if activity["name"] == request.get("name"):
            return json_response({name: activity[name] for name in ("activityArn", "creationDate")})
    return None


def _alias_name(request: Properties) -> object:
    name = str(request.get("name"))
    if _ALIAS_NAME.fullmatch(name):
        return None
    constraint = (
        "Member must have length less than or equal to 80"
        if len(name) > _NAME_MAX_CHARACTERS
        else "Member must satisfy regular expression pattern: "
        "^(?=.*[a-zA-Z_\\-\\.])[a-zA-Z0-9_\\-\\.]+$"
    )
    return _invalid(
        f"1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: "
        f"{constraint}"
    )


def _same_alias(request: Properties) -> object:
    routes = cast(Sequence[Properties], request.get("routingConfiguration") or ())
    for route in routes[:1]:
        machine_arn = str(route.get("stateMachineVersionArn")).rpartition(":")[0]
        alias = stepfunctions._state_machine_aliases.get(f"{machine_arn}:{request.get('name')}")
        if alias is None:
            continue
        if alias["routingConfiguration"] == routes and alias.get("description", "") == request.get(
            "description", ""
        ):
            return json_response(
                {name: alias[name] for name in ("stateMachineAliasArn", "creationDate")}
            )
        return error_response_json(
            "ConflictException",
            "Failed to create alias because an alias with the same name and a different routing "
            "configuration already exists.",
            400,
        )
    return None


def _gone(field: str, store: str) -> _Check:
    def check(request: Properties) -> object:
        is_there = request.get(field) in getattr(stepfunctions, store)
        return None if is_there else json_response({})

    return check


def _invalid(message: str) -> object:
    return cast(object, error_response_json("ValidationException", message, 400))


def _invalid_enum(field: str, value: object, allowed: Sequence[str]) -> object:
    return _invalid(
        f"1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: "
        f"Member must satisfy enum value set: [{', '.join(allowed)}]"
    )


_MACHINE = _arn_of("stateMachineArn", "stateMachine")
_EXECUTION = _arn_of("executionArn", "execution", "express")
_ACTIVITY = _arn_of("activityArn", "activity")
_CHECKS: dict[str, Sequence[_Check]] = {
    "_create_state_machine": (_name, _type, _version_description, _logging),
    "_describe_state_machine": (_MACHINE,),
    "_update_state_machine": (_MACHINE, _change, _logging),
    "_delete_state_machine": (_MACHINE, _gone("stateMachineArn", "_state_machines")),
    "_start_execution": (_MACHINE, _name, _input),
    "_start_sync_execution": (_MACHINE, _name, _input, _express_only),
    "_describe_execution": (_EXECUTION,),
    "_stop_execution": (_EXECUTION,),
    "_get_execution_history": (_EXECUTION,),
    "_describe_state_machine_for_execution": (_EXECUTION,),
    "_list_executions": (_MACHINE, _listed),
    "_create_state_machine_alias": (_alias_name, _same_alias),
    "_create_activity": (_name, _same_activity),
    "_describe_activity": (_ACTIVITY,),
    "_delete_activity": (_ACTIVITY, _gone("activityArn", "_activities")),
    "_tag_resource": (_is_there,),
    "_untag_resource": (_is_there,),
    "_list_tags_for_resource": (_is_there,),
}
