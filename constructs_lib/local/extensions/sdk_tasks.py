"""Upstream gap: ``aws-sdk:`` tasks know twenty-odd services, and names by hand-written rules.

MiniStack lacks ``cognitoidentityprovider`` and ``sesv2`` among others, lower-cases what it sends to
REST services, drops what it does not know, and names errors as they come over the wire
(``Sqs.AWS.SimpleQueueService.NonExistentQueue``, ``Sfn.TaskDoesNotExist``). Here every service that
MiniStack serves is called by botocore's model of it (see ``sdk_call``); an unknown service, action
or parameter fails the task with ``States.Runtime`` and its name. AWS refuses those when the state
machine is made.

MiniStack's own path stays for KMS, Kinesis and Secrets Manager: they turn on binary members, and
AWS does not document how those become JSON.
Source: Step Functions, "Using AWS SDK integrations" (read 2026-11-23).
"""

from collections.abc import Callable, Mapping
from typing import cast

from ministack.services import stepfunctions

from constructs_lib.local.extensions import sdk_call, sdk_services

_KEPT_SERVICES = ("kms", "kinesis", "secretsmanager")
_Integration = Callable[[str, object], Mapping[str, object]]


def register() -> None:
    """Put the dispatcher before MiniStack's, and the error names under both."""
    stepfunctions._invoke_aws_sdk_integration = _dispatching(
        stepfunctions._invoke_aws_sdk_integration
    )
    stepfunctions._prefix_sdk_error = _error_name


def _dispatching(ministack_integration: _Integration) -> _Integration:
    def invoke(resource: str, arguments: object) -> Mapping[str, object]:
        # arn:aws:states:::aws-sdk:<service>:<action>[.waitForTaskToken]
        service_name, action = resource.split(":")[6:8]
        action = action.partition(".")[0]
        service = sdk_services.find(service_name)
        if service is None:
            raise _refused(f"aws-sdk:{service_name}:{action}: there is no such service")
        operation = service.operation(action)
        if operation is None:
            hint = ", ".join(service.nearest_actions(action)) or "none"
            raise _refused(
                f"aws-sdk:{service_name}:{action}: there is no such action; like it: {hint}"
            )
        try:
            if service_name in _KEPT_SERVICES:
                sdk_call.validated_request(operation, arguments)
                return ministack_integration(resource, arguments)
            return sdk_call.call(service, operation, arguments)
        except sdk_call.SdkCallError as error:
            if error.code is None:
                raise _refused(f"aws-sdk:{service_name}:{action}: {error.message}") from error
            raise stepfunctions._ExecutionError(
                service.error_name(error.code), error.message
            ) from error

    return invoke


def _refused(message: str) -> Exception:
    return cast(Exception, stepfunctions._ExecutionError("States.Runtime", message))


def _error_name(service_name: str, code: str) -> str:
    service = sdk_services.find(service_name)
    if code.startswith("States.") or service is None:
        return code
    return service.error_name(code.removeprefix(f"{service.error_prefix}."))
