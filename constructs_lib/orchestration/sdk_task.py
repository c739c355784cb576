"""Any AWS API call as one step of a workflow, checked when the stack is synthesized."""

from collections.abc import Mapping, Sequence

from aws_cdk import Duration, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

from constructs_lib.service_models.sdk_model import (
    ModelMismatchError,
    ParameterCheck,
    find_action,
    iam_actions,
)
from constructs_lib.validation import ConfigError


class SdkTask(tasks.CallAwsService):
    """Call one API action of an AWS service through Step Functions' SDK integration.

    Service, action, parameter names at every depth and required parameters are compared with
    botocore's service model. The state machine's role gets the IAM actions that the call needs on
    ``iam_resources``, and no other; what depends on a parameter's value (a KMS key, a role to pass)
    stays the caller's. Enumerations, lengths and patterns are left to AWS, which may know newer
    ones.

    Args:
        service: Step Functions' name of the service: ``cognitoidentityprovider``, ``sfn``.
        action: The API action in camelCase: ``adminCreateUser``.
        parameters: What the action takes, named in PascalCase as in the SDK for Java:
            ``DbInstanceIdentifier``. JSONata (``{% … %}``), JSONPath (a key ending in ``.$`` or
            ``sfn.JsonPath``) and CDK tokens stand for any value.
        iam_resources: ARNs that the call touches; ``["*"]`` only where AWS has no ARN to name.
        additional_iam_statements: What else the state machine's role may or may not do for the
            call, such as a statement that denies what a condition rules out.
        outputs: What the state passes on (JSONata); the answer by default.
        assign: Workflow variables to set.
        result_path: Where the answer goes in the state's input (JSONPath).
        result_selector: What is kept of the answer (JSONPath).
        task_timeout: Longest time the task may take, 10 seconds by default. It has no default with
            ``wait_for_task_token``: only the caller knows how long the answer may take.
        wait_for_task_token: Pause until someone sends the task token back. The parameters must
            carry it: ``{% $states.context.Task.Token %}``, ``$$.Task.Token`` or
            ``sfn.JsonPath.task_token``. Standard workflows only.
        query_language: JSONata or JSONPath.
    Raises:
        ConfigError: The model knows no such service, action or parameter (the nearest are named),
            a required parameter is missing, or the arguments do not fit together.
    Source: Step Functions developer guide, "Learning to use AWS service SDK integrations" and
        "Discover service integration patterns"; service authorization reference (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        service: str,
        action: str,
        parameters: Mapping[str, object],
        iam_resources: Sequence[str],
        additional_iam_statements: Sequence[iam.PolicyStatement] = (),
        outputs: object | None = None,
        assign: Mapping[str, object] | None = None,
        result_path: str | None = None,
        result_selector: Mapping[str, object] | None = None,
        task_timeout: sfn.Timeout | Duration | None = None,
        wait_for_task_token: bool = False,
        query_language: sfn.QueryLanguage = sfn.QueryLanguage.JSONATA,
    ) -> None:
        jsonata = query_language == sfn.QueryLanguage.JSONATA
        _require_resources(iam_resources)
        _require_fields_of(
            query_language,
            {"result_path": result_path, "result_selector": result_selector}
            if jsonata
            else {"outputs": outputs},
        )
        try:
            operation = find_action(service, action)
            check = ParameterCheck(jsonata=jsonata, is_dynamic=_is_token)
            check.check(operation, parameters)
        except ModelMismatchError as mismatch:
            raise ConfigError(str(mismatch)) from None
        if jsonata:
            _require_no_json_path(parameters)
        if wait_for_task_token:
            _require_task_token(check, parameters)
        needed = iam_actions(service, operation)
        statements = list(additional_iam_statements)
        if needed[1:]:
            statements.append(
                iam.PolicyStatement(actions=list(needed[1:]), resources=list(iam_resources))
            )
        super().__init__(
            scope,
            id_,
            service=service,
            action=action,
            parameters=parameters,
            iam_action=needed[0],
            iam_resources=iam_resources,
            additional_iam_statements=statements or None,
            integration_pattern=sfn.IntegrationPattern.WAIT_FOR_TASK_TOKEN
            if wait_for_task_token
            else sfn.IntegrationPattern.REQUEST_RESPONSE,
            task_timeout=_timeout(task_timeout, wait_for_task_token=wait_for_task_token),
            outputs=outputs,
            assign=assign,
            result_path=result_path,
            result_selector=result_selector,
            query_language=query_language,
        )
        self.iam_actions = needed


def _is_token(value: object) -> bool:
    if isinstance(value, str):
        return "${Token[" in value
    if isinstance(value, list | tuple):
        return any(isinstance(entry, str) and entry.startswith("#{Token[") for entry in value)
    if value is None or isinstance(value, bool | Mapping):
        return False
    return Token.is_unresolved(value)


def _require_resources(iam_resources: Sequence[str]) -> None:
    if isinstance(iam_resources, str) or not iam_resources:
        raise ConfigError(
            "iam_resources must be a list of at least one ARN, "
            f"got {iam_resources!r}; pass the ARNs that the call touches"
        )


def _require_fields_of(query_language: sfn.QueryLanguage, foreign: Mapping[str, object]) -> None:
    for argument, value in foreign.items():
        if value is not None:
            raise ConfigError(
                f"{argument} must be left out while query_language is {query_language.name}, "
                f"got {value!r}; pass outputs with JSONata, result_path and result_selector "
                "with JSONPath"
            )


def _require_no_json_path(parameters: Mapping[str, object]) -> None:
    # CDK would write the path as plain text, and nobody would notice before the call.
    paths = sfn.FieldUtils.find_referenced_paths(parameters)
    if paths:
        raise ConfigError(
            "parameters must hold no sfn.JsonPath while query_language is JSONATA, "
            f"got {paths!r}; write '{{% $states.input.… %}}', or choose JSON_PATH"
        )


def _require_task_token(check: ParameterCheck, parameters: Mapping[str, object]) -> None:
    if check.mentions_task_token(parameters):
        return
    if not check.jsonata and sfn.FieldUtils.contains_task_token(parameters):
        return
    token = "{% $states.context.Task.Token %}" if check.jsonata else "$$.Task.Token"
    raise ConfigError(
        f"parameters must contain {token!r} when wait_for_task_token is set, "
        f"got {sorted(parameters)!r}; hand the token to whoever sends it back"
    )


def _timeout(
    task_timeout: sfn.Timeout | Duration | None, *, wait_for_task_token: bool
) -> sfn.Timeout:
    if task_timeout is None:
        if wait_for_task_token:
            raise ConfigError(
                "task_timeout must be set when wait_for_task_token is, "
                "got None; pass how long the answer may take"
            )
        task_timeout = Duration.seconds(10)
    if isinstance(task_timeout, Duration):
        return sfn.Timeout.duration(task_timeout)
    return task_timeout
