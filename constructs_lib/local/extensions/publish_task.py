"""Upstream gap: the optimized ``sns:publish`` task loses message attributes, and its errors' names.

MiniStack reads attributes in the form of the Query protocol only, and names every error
``SNS.PublishFailed``. Here the task goes the way of SDK integrations, with the optimized one's
error prefix: ``SNS.NotFoundException``.
Source: Step Functions, "Publish messages to an Amazon SNS topic" (read 2026-11-23).
"""

from collections.abc import Mapping
from typing import cast

from botocore.model import OperationModel
from ministack.services import stepfunctions

from constructs_lib.local.extensions import sdk_call, sdk_services
from constructs_lib.local.extensions.optimized_errors import task_error

RESOURCE = "arn:aws:states:::sns:publish"


def register() -> None:
    """Replace the task."""
    stepfunctions._SERVICE_DISPATCH[RESOURCE] = _publish


def _publish(_resource: str, arguments: object) -> Mapping[str, object]:
    sns = cast(sdk_services.SdkService, sdk_services.find("sns"))
    try:
        return sdk_call.call(sns, cast(OperationModel, sns.operation("publish")), arguments)
    except sdk_call.SdkCallError as error:
        if error.code is None:
            raise stepfunctions._ExecutionError(
                "States.Runtime", f"sns:publish: {error.message}"
            ) from error
        raise task_error("sns", error.code, error.said, error.status) from error
