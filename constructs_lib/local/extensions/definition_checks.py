"""Upstream gap: any text is taken as a definition, and ``ValidateStateMachineDefinition`` says OK.

MiniStack only looks for JSONata that cannot be parsed. Here ``CreateStateMachine``,
``UpdateStateMachine`` and CloudFormation refuse what AWS refuses (see ``states_language``), with
AWS's codes, and a refused update changes nothing.

Validation alone also names, with the code ``NOT_EMULATED``, the tasks that AWS runs and nothing
here can: a deployment asks before it makes anything, so that nobody learns of it from a failed
execution. Where there are mocks of Step Functions Local, tasks need no service.
Source: Step Functions API reference, ValidateStateMachineDefinition (read 2026-11-27).
"""

import dataclasses
import json
import os
from collections.abc import Callable
from typing import cast

from ministack import app
from ministack.core.responses import error_response_json, get_account_id, get_region, json_response
from ministack.core.router import detect_service
from ministack.services import stepfunctions
from ministack.services.cloudformation import provisioners

from constructs_lib.local.extensions import sdk_services
from constructs_lib.local.extensions.answers import Properties, Resource
from constructs_lib.states_language import Diagnostic, check_definition

_TYPE = "AWS::StepFunctions::StateMachine"
_EXPRESS = "EXPRESS"
_NOT_EMULATED = "NOT_EMULATED"
_INTEGRATION = "arn:aws:states:::"
_SDK = f"{_INTEGRATION}aws-sdk:"
#: Integrations that MiniStack runs past its table of services.
_BUILT_IN = ("lambda:invoke", "states:startExecution")

_Handler = Callable[[Properties], object]
_Create = Callable[[str, Properties, str], Resource]


def register() -> None:
    """Check definitions on every way in."""
    stepfunctions._create_state_machine = _checking_creation(stepfunctions._create_state_machine)
    stepfunctions._update_state_machine = _checking_update(stepfunctions._update_state_machine)
    stepfunctions._validate_state_machine_definition = _validate
    handlers = provisioners._RESOURCE_HANDLERS[_TYPE]
    handlers["create"] = _checking_resource(handlers["create"])


def _checking_creation(create: _Handler) -> _Handler:
    def checked(request: Properties) -> object:
        refusal = _refusal(request.get("definition"), request.get("type"))
        return _invalid(refusal) if refusal else create(request)

    return checked


def _checking_update(update: _Handler) -> _Handler:
    def checked(request: Properties) -> object:
        machine = stepfunctions._state_machines.get(request.get("stateMachineArn"))
        if machine and "definition" in request:
            refusal = _refusal(request["definition"], machine["type"])
            if refusal:
                return _invalid(refusal)
        return update(request)

    return checked


def _checking_resource(create: _Create) -> _Create:
    def checked(logical_id: str, properties: Properties, stack_name: str) -> Resource:
        definition = provisioners._sfn_definition(properties)
        if refusal := _refusal(definition, properties.get("StateMachineType")):
            raise ValueError(f"{_TYPE}: {refusal}")
        return create(logical_id, properties, stack_name)

    return checked


def _validate(request: Properties) -> object:
    errors = _errors(request.get("definition"), request.get("type"))
    if not errors and "SFN_MOCK_CONFIG" not in os.environ:
        found = check_definition(str(request["definition"]), resource_problem=_missing_here)
        errors = [dataclasses.replace(each, code=_NOT_EMULATED) for each in found]
    shown = [
        {
            "severity": "ERROR",
            "code": each.code,
            "message": each.message,
            **({"location": each.location} if each.location else {}),
        }
        for each in errors
    ]
    return json_response({"result": "FAIL" if errors else "OK", "diagnostics": shown})


def _errors(definition: object, kind: object) -> list[Diagnostic]:
    text = definition if isinstance(definition, str) else json.dumps(definition)
    errors = check_definition(
        text, express=kind == _EXPRESS, resource_problem=_unknown_sdk_resource
    )
    if not errors and (jsonata := stepfunctions._validate_definition_jsonata(text)):
        code, _, rest = jsonata.partition(": ")
        message, _, location = rest.rpartition("\n  at ")
        errors = [Diagnostic(code=code, message=message, location=location)]
    return errors


def _refusal(definition: object, kind: object) -> str | None:
    errors = _errors(definition, kind)
    if not errors:
        return None
    return f"Invalid State Machine Definition: '{', '.join(map(str, errors))}'"


def _unknown_sdk_resource(resource: str) -> str | None:
    """Why AWS does not take the resource of a task; only SDK integrations can all be known."""
    if not resource.startswith(_SDK):
        return None
    service_name, _, action = resource.removeprefix(_SDK).partition(":")
    service = sdk_services.find(service_name)
    if service and service.operation(action.partition(".")[0]):
        return None
    return (
        f"The resource provided {resource} is not recognized. The value is not a valid resource "
        "ARN, or the resource is not available in this region."
    )


def _missing_here(resource: str) -> str | None:
    """Why a task that AWS takes cannot run here."""
    if not resource.startswith(_INTEGRATION):
        return None
    if resource.startswith(_SDK):
        service = sdk_services.find(resource.removeprefix(_SDK).partition(":")[0])
        scope = service.model.signing_name if service else ""
        credential = f"{get_account_id()}/20260101/{get_region()}/{scope}/aws4_request"
        headers = {"authorization": f"AWS4-HMAC-SHA256 Credential={credential}"}
        served = detect_service("POST", "/", headers, {}) in app.SERVICE_HANDLERS
    else:
        known = [f"{_INTEGRATION}{name}" for name in _BUILT_IN]
        served = resource.startswith((*known, *stepfunctions._SERVICE_DISPATCH))
    if served:
        return None
    return f"{resource} is not emulated; leave the task out here, or mock it"


def _invalid(message: str) -> object:
    return cast(object, error_response_json("InvalidDefinition", message, 400))
