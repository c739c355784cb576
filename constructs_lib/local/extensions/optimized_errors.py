"""Upstream gap: the errors of optimized integrations have no cause as AWS writes it.

The cause ends in service, status, code and request, as the first Java SDK writes them; an error
that the service's model does not declare has the name that SDK gives to all of them
(``DynamoDB.AmazonDynamoDBException``, ``SQS.AmazonSQSException``).
Source: Step Functions developer guide, "Handling errors in Step Functions workflows"; answers of
AWS that LocalStack records for DynamoDB, SQS and Step Functions (read 2026-11-27).
"""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from ministack.core.responses import get_account_id, get_region
from ministack.services import stepfunctions

from constructs_lib.local.extensions import sdk_services

_INTEGRATION = "arn:aws:states:::"
_NO_FUNCTION = "Lambda.ResourceNotFoundException"
_MISSING_FUNCTION = re.compile(r"Function not found: ([\w-]+)")
_Call = Callable[[str, object], object]


@dataclass(frozen=True)
class _Service:
    """How the first Java SDK names a service, and Step Functions its errors."""

    prefix: str
    client: str
    undeclared: str


_SERVICES = {
    "dynamodb": _Service("DynamoDB", "AmazonDynamoDBv2", "AmazonDynamoDBException"),
    "lambda": _Service("Lambda", "AWSLambda", "AWSLambdaException"),
    "sfn": _Service("StepFunctions", "AWSStepFunctions", "AWSStepFunctionsException"),
    "sns": _Service("SNS", "AmazonSNS", "AmazonSNSException"),
    "sqs": _Service("SQS", "AmazonSQS", "AmazonSQSException"),
}


def register() -> None:
    """Name the errors of the tasks that MiniStack runs itself."""
    for resource, call in stepfunctions._SERVICE_DISPATCH.items():
        name = resource.removeprefix(_INTEGRATION).partition(":")[0]
        if name in ("dynamodb", "sqs"):
            stepfunctions._SERVICE_DISPATCH[resource] = _named(name, call)
    stepfunctions._call_lambda = _with_missing_function(stepfunctions._call_lambda)


def task_error(service: str, code: str, message: str, status: int = 400) -> Exception:
    """What a task fails with whose call the service refused.

    Args:
        service: Its name in SDK integrations, such as ``sfn``.
        code: As it came over the wire.
        message: As it came over the wire.
        status: That of HTTP.
    """
    naming = _SERVICES[service]
    model = cast(sdk_services.SdkService, sdk_services.find(service))
    name = model.error_name(code).removeprefix(f"{model.error_prefix}.")
    if name == f"{model.error_prefix}Exception":
        name = naming.undeclared
    cause = (
        f"{message} (Service: {naming.client}; Status Code: {status}; Error Code: {code}; "
        f"Request ID: {uuid.uuid4()}; Proxy: null)"
    )
    return cast(Exception, stepfunctions._ExecutionError(f"{naming.prefix}.{name}", cause))


def _named(service: str, call: _Call) -> _Call:
    prefix = f"{_SERVICES[service].prefix}."

    def invoke(resource: str, arguments: object) -> object:
        try:
            return call(resource, arguments)
        except stepfunctions._ExecutionError as error:
            if not error.error.startswith(prefix):
                raise
            raise task_error(service, error.error.removeprefix(prefix), error.cause) from error

    return invoke


def _with_missing_function(call: Callable[..., object]) -> Callable[..., object]:
    def invoke(*arguments: object) -> object:
        try:
            return call(*arguments)
        except stepfunctions._ExecutionError as error:
            missing = _MISSING_FUNCTION.fullmatch(str(error.cause))
            if error.error != _NO_FUNCTION or missing is None:
                raise
            arn = f"arn:aws:lambda:{get_region()}:{get_account_id()}:function:{missing[1]}"
            code = _NO_FUNCTION.partition(".")[2]
            raise task_error("lambda", code, f"Function not found: {arn}", 404) from error

    return invoke
