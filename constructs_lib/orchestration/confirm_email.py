"""The workflow behind the link or form in which a person enters the code."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from constructs_lib.orchestration.confirmation_states import CODE_KEY_PREFIX, EXPIRY_ATTRIBUTE
from constructs_lib.orchestration.retry_policies import (
    DYNAMODB_TRANSIENT,
    STEP_FUNCTIONS_TRANSIENT,
)
from constructs_lib.orchestration.sdk_task import SdkTask
from constructs_lib.orchestration.workflow import Workflow

_TASK_TIMEOUT = sfn.Timeout.duration(Duration.seconds(5))
_CODE = "$uppercase($trim($states.input.code))"
_CODE_KEY = f"{{% '{CODE_KEY_PREFIX}' & $hash({_CODE}, 'SHA-256') %}}"


class ConfirmEmail(Construct):
    """Confirm the address of a sign-up by the code that was mailed.

    Creates an Express state machine with its role and log group, to be called with
    ``StartSyncExecution`` and ``{"code": "…"}``. It always succeeds, with ``result``:

    * ``confirmed``: the sign-up goes on; ``userId`` says whose it is;
    * ``unknown``: there is no such code, or what was sent is no code;
    * ``used``: the code was sent before;
    * ``expired``: the time for it is over, or the sign-up has ended;
    * ``unavailable``: a service did not answer; the same code may be sent again.

    The task token stays in the table: it is in no output and, since payloads are not logged, in no
    log. Table and sign-up workflow stay the caller's.

    Args:
        table: Users table of the sign-up workflow.
        sign_up: The sign-up workflow, whose waiting executions this one lets go on.
        removal_policy: What becomes of the log group when the stack is deleted.
    Source: Step Functions API reference, SendTaskSuccess (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        table: dynamodb.ITable,
        sign_up: sfn.IStateMachine,
        removal_policy: RemovalPolicy = RemovalPolicy.DESTROY,
    ) -> None:
        super().__init__(scope, id_)
        self.workflow = Workflow(
            self,
            "Workflow",
            definition=self._chain(table, sign_up),
            workflow_type=sfn.StateMachineType.EXPRESS,
            timeout=Duration.minutes(1),
            removal_policy=removal_policy,
        )
        self.state_machine = self.workflow.state_machine

    def grant_confirm(self, grantee: iam.IGrantable) -> iam.Grant:
        """Let ``grantee`` confirm addresses: start this workflow and hear its result."""
        return self.workflow.grant_start_sync_execution(grantee)

    def _chain(self, table: dynamodb.ITable, sign_up: sfn.IStateMachine) -> sfn.IChainable:
        unknown = self._result("Code is unknown", {"result": "unknown"})
        used = self._result("Code was used before", {"result": "used"})
        expired = self._result("Code has expired", {"result": "expired"})
        unavailable = self._result("Confirmation is unavailable", {"result": "unavailable"})
        confirmed = self._result(
            "Email is confirmed", {"result": "confirmed", "userId": "{% $item.userId.S %}"}
        )
        look_up = self._look_up(table)
        go_on = self._let_sign_up_go_on(sign_up)
        mark = self._mark_used(table)

        look_up.add_catch(unavailable, errors=[sfn.Errors.ALL])
        go_on.add_catch(
            expired,
            errors=[
                "Sfn.TaskDoesNotExistException",
                "Sfn.TaskTimedOutException",
                "Sfn.InvalidTokenException",
            ],
        )
        go_on.add_catch(unavailable, errors=[sfn.Errors.ALL])
        # The sign-up goes on whether or not the code could be marked.
        mark.add_catch(confirmed, errors=[sfn.Errors.ALL])

        judged = (
            sfn.Choice.jsonata(self, "Judge code")
            .when(sfn.Condition.jsonata("{% $not($exists($item.taskToken)) %}"), unknown)
            .when(sfn.Condition.jsonata("{% $exists($item.usedAt) %}"), used)
            .when(
                sfn.Condition.jsonata(
                    f"{{% $number($item.{EXPIRY_ATTRIBUTE}.N) * 1000 < $millis() %}}"
                ),
                expired,
            )
            .otherwise(go_on.next(mark).next(confirmed))
        )
        is_code = (
            "$type($states.input.code) = 'string' and $contains(" + _CODE + ", /^[0-9A-F]{10}$/)"
        )
        return (
            sfn.Choice.jsonata(self, "Check code")
            .when(sfn.Condition.jsonata(f"{{% {is_code} %}}"), look_up.next(judged))
            .otherwise(unknown)
        )

    def _result(self, name: str, outputs: dict[str, str]) -> sfn.Pass:
        return sfn.Pass.jsonata(self, name, outputs=outputs)

    def _look_up(self, table: dynamodb.ITable) -> tasks.DynamoGetItem:
        task = tasks.DynamoGetItem.jsonata(
            self,
            "Look up code",
            table=table,
            key={"pk": tasks.DynamoAttributeValue.from_string(_CODE_KEY)},
            consistent_read=True,
            assign={
                "codeKey": _CODE_KEY,
                "item": "{% $exists($states.result.Item) ? $states.result.Item : {} %}",
            },
            outputs={},
            task_timeout=_TASK_TIMEOUT,
        )
        DYNAMODB_TRANSIENT.add_to(task)
        return task

    def _let_sign_up_go_on(self, sign_up: sfn.IStateMachine) -> SdkTask:
        task = SdkTask(
            self,
            "Let sign-up go on",
            service="sfn",
            action="sendTaskSuccess",
            parameters={"TaskToken": "{% $item.taskToken.S %}", "Output": "{}"},
            iam_resources=[sign_up.state_machine_arn],
            outputs={},
            task_timeout=_TASK_TIMEOUT,
        )
        STEP_FUNCTIONS_TRANSIENT.add_to(task)
        return task

    def _mark_used(self, table: dynamodb.ITable) -> tasks.DynamoUpdateItem:
        task = tasks.DynamoUpdateItem.jsonata(
            self,
            "Mark code as used",
            table=table,
            key={"pk": tasks.DynamoAttributeValue.from_string("{% $codeKey %}")},
            update_expression="SET usedAt = :now",
            # A code that was withdrawn meanwhile stays withdrawn.
            condition_expression="attribute_exists(pk)",
            expression_attribute_values={
                ":now": tasks.DynamoAttributeValue.from_string("{% $now() %}")
            },
            outputs={},
            task_timeout=_TASK_TIMEOUT,
        )
        DYNAMODB_TRANSIENT.add_to(task)
        return task
