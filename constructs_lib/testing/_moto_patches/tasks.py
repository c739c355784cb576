"""The calls that tasks make: names of services, fields and errors, clients, results."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

import boto3
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service,
    state_task_service_aws_sdk,
    state_task_service_sfn,
)
from moto.stepfunctions.parser.asl.utils import boto_client

from constructs_lib.testing._moto_patches.observer import Observer
from constructs_lib.testing._moto_patches.values import json_only

# Step Functions names a service by its model's service id, boto by its folder; where they differ.
# Source: botocore service models (service_id, lower case, no spaces), read 2026-11-23.
SDK_TO_BOTO_SERVICE: Mapping[str, str] = {
    "cloudwatchlogs": "logs",
    "cognitoidentity": "cognito-identity",
    "cognitoidentityprovider": "cognito-idp",
    "eventbridge": "events",
}

# The first part of the errors of an aws-sdk task: the service id in the AWS SDK for Java's casing.
SDK_ERROR_PREFIX: Mapping[str, str] = {
    "cloudwatch": "CloudWatch",
    "cloudwatchlogs": "CloudWatchLogs",
    "cognitoidentity": "CognitoIdentity",
    "cognitoidentityprovider": "CognitoIdentityProvider",
    "eventbridge": "EventBridge",
    "kms": "Kms",
    "lambda": "Lambda",
    "s3": "S3",
    "scheduler": "Scheduler",
    "secretsmanager": "SecretsManager",
    "ses": "Ses",
    "sesv2": "SesV2",
    "sns": "Sns",
    "sqs": "Sqs",
    "ssm": "Ssm",
    "sts": "Sts",
}


@contextmanager
def service_names() -> Iterator[None]:
    """Gap: aws-sdk tasks use Step Functions' service name as boto's ("Unknown service")."""
    overrides = state_task_service.StateTaskService._SERVICE_NAME_SFN_TO_BOTO_OVERRIDES
    with mock.patch.dict(overrides, SDK_TO_BOTO_SERVICE):
        yield


@contextmanager
def sdk_error_names() -> Iterator[None]:
    """Gap: errors of aws-sdk tasks start with the lower-cased service for all but two services."""
    with mock.patch.dict(state_task_service_aws_sdk._SERVICE_ERROR_NAMES, SDK_ERROR_PREFIX):
        yield


@contextmanager
def field_names() -> Iterator[None]:
    """Gap: a task's PascalCase names do not reach services whose model begins them in lower case
    (states:startExecution, aws-sdk:sfn), nor do such a service's answers come back in PascalCase.
    """
    with ExitStack() as stack:
        for service in (
            state_task_service_aws_sdk.StateTaskServiceAwsSdk,
            state_task_service_sfn.StateTaskServiceSfn,
        ):
            stack.enter_context(_fields_renamed(service))
        yield


@contextmanager
def _fields_renamed(service: Any) -> Iterator[None]:
    original, normalise = service._eval_service_task, service._normalise_response

    def model_of(task: Any, operation: str) -> Any:
        client = boto_client.boto_client_for("us-east-1", task._get_boto_service_name())
        name = client.meta.method_to_api_mapping[operation]
        return client.meta.service_model.operation_model(name)

    def eval_service_task(
        self: Any, env: Any, *, normalised_parameters: Any, **others: Any
    ) -> None:
        model = model_of(self, self._get_boto_service_action())
        renamed = _as_in_model(normalised_parameters, model.input_shape)
        original(self, env=env, normalised_parameters=renamed, **others)
        env.stack[-1] = _as_in_step_functions(env.stack[-1], model.output_shape)

    def normalise_response(
        self: Any, response: Any, *names: Any, service_action_name: str | None = None
    ) -> None:
        normalise(self, response, *names, service_action_name=service_action_name)
        if service_action_name is not None:  # asked for again, until a started execution has ended
            shape = model_of(self, service_action_name).output_shape
            renamed = _as_in_step_functions(response, shape)
            response.clear()
            response.update(renamed)

    with (
        mock.patch.object(service, "_eval_service_task", eval_service_task),
        mock.patch.object(service, "_normalise_response", normalise_response),
    ):
        yield


def _as_in_model(value: Any, shape: Any) -> Any:
    if shape is None:
        return value
    if shape.type_name == "structure" and isinstance(value, dict):
        renamed = {
            key if key in shape.members else key[:1].lower() + key[1:]: entry
            for key, entry in value.items()
        }
        return {key: _as_in_model(entry, shape.members.get(key)) for key, entry in renamed.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [_as_in_model(entry, shape.member) for entry in value]
    return value


def _as_in_step_functions(value: Any, shape: Any) -> Any:
    if shape is None:
        return value
    if shape.type_name == "structure" and isinstance(value, dict):
        return {
            key[:1].upper() + key[1:]: _as_in_step_functions(entry, shape.members.get(key))
            for key, entry in value.items()
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [_as_in_step_functions(entry, shape.member) for entry in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: _as_in_step_functions(entry, shape.value) for key, entry in value.items()}
    return value


@contextmanager
def json_task_results() -> Iterator[None]:
    """Gap: boto's dates stay Python objects in a task's result, so DescribeExecution breaks."""
    service = state_task_service.StateTaskService
    original = service._eval_execution

    def eval_execution(self: state_task_service.StateTaskService, env: Any) -> None:
        original(self, env)
        env.stack[-1] = json_only(env.stack[-1])

    with mock.patch.object(service, "_eval_execution", eval_execution):
        yield


@contextmanager
def task_clients(observer: Observer) -> Iterator[None]:
    """Gap: moto offers no way to make a task's call fail; it also builds a boto client for every
    call, which is most of the time that a task takes."""
    clients: dict[tuple[str, str], Any] = {}
    lock = threading.Lock()

    class Boto:
        @staticmethod
        def client(**settings: Any) -> Any:
            key = (settings["service_name"], settings["region_name"])
            with lock:
                if key not in clients:
                    made = boto3.client(**settings)
                    made.meta.events.register_first("before-call", observer.faults.answer)
                    clients[key] = made
                return clients[key]

    with mock.patch.object(boto_client, "boto3", Boto):
        yield
