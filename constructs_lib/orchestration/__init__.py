"""Workflows that direct their steps: Step Functions state machines."""

from constructs_lib.orchestration.bulk_sign_up import BulkSignUp
from constructs_lib.orchestration.confirm_email import ConfirmEmail
from constructs_lib.orchestration.failure_notice import FailureNotice
from constructs_lib.orchestration.forget_user import ForgetUser
from constructs_lib.orchestration.publish_event import PublishEvent
from constructs_lib.orchestration.retry_policies import RetryPolicy
from constructs_lib.orchestration.saga import Saga, SagaStep
from constructs_lib.orchestration.sdk_task import SdkTask
from constructs_lib.orchestration.sign_up import SignUpWorkflow
from constructs_lib.orchestration.sign_up_mail import MailTemplate, SignUpMail
from constructs_lib.orchestration.ticket_triage import TicketTriage
from constructs_lib.orchestration.user_pool import passwordless_user_pool
from constructs_lib.orchestration.users_table import users_table
from constructs_lib.orchestration.workflow import Workflow
from constructs_lib.orchestration.workflow_release import WorkflowRelease

__all__ = [
    "BulkSignUp",
    "ConfirmEmail",
    "FailureNotice",
    "ForgetUser",
    "MailTemplate",
    "PublishEvent",
    "RetryPolicy",
    "Saga",
    "SagaStep",
    "SdkTask",
    "SignUpMail",
    "SignUpWorkflow",
    "TicketTriage",
    "Workflow",
    "WorkflowRelease",
    "passwordless_user_pool",
    "users_table",
]
