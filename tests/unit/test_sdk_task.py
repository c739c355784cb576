import json
from collections.abc import Callable, Mapping

import pytest
from aws_cdk import Duration, Stack, Token
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from aws_cdk.assertions import Template
from botocore.loaders import Loader

from constructs_lib.orchestration.sdk_task import SdkTask
from constructs_lib.service_models import sdk_model
from constructs_lib.templates.state_machines import state_machine_definition, state_machine_ids
from constructs_lib.validation import ConfigError

TABLE_ARN = "arn:aws:dynamodb:us-east-1:123456789012:table/users"
GET_ITEM = {"TableName": "users", "Key": {"pk": {"S": "{% $states.input.id %}"}}}


def _get_item(stack: Stack, id_: str = "Read user") -> SdkTask:
    return SdkTask(
        stack,
        id_,
        service="dynamodb",
        action="getItem",
        parameters=GET_ITEM,
        iam_resources=[TABLE_ARN],
    )


@pytest.fixture
def states(
    stack: Stack, synthesize: Callable[[], Template]
) -> Callable[[sfn.IChainable], Mapping[str, object]]:
    """Put a chain in a state machine and read its states."""

    def put(chain: sfn.IChainable) -> Mapping[str, object]:
        sfn.StateMachine(
            stack, "Workflow", definition_body=sfn.DefinitionBody.from_chainable(chain)
        )
        document = synthesize().to_json()
        (logical_id,) = state_machine_ids(document)
        definition = state_machine_definition(
            document, logical_id, substitutions={}, placeholders=True
        )
        read = definition["States"]
        assert isinstance(read, Mapping)
        return read

    return put


def test_a_task_calls_its_action_in_jsonata_and_gives_up_after_ten_seconds(
    stack: Stack, states: Callable[[sfn.IChainable], Mapping[str, object]]
) -> None:
    task = _get_item(stack)

    assert states(task)["Read user"] == {
        "Type": "Task",
        "QueryLanguage": "JSONata",
        "Resource": "arn:aws:states:::aws-sdk:dynamodb:getItem",
        "Arguments": GET_ITEM,
        "TimeoutSeconds": 10,
        "End": True,
    }


def test_every_jsonata_argument_reaches_the_state(
    stack: Stack, states: Callable[[sfn.IChainable], Mapping[str, object]]
) -> None:
    token = {"S": "{% $states.context.Task.Token %}"}

    task = SdkTask(
        stack,
        "Ask",
        service="dynamodb",
        action="putItem",
        parameters={"TableName": "users", "Item": {"pk": {"S": "1"}, "token": token}},
        iam_resources=[TABLE_ARN],
        outputs={"answer": "{% $states.result %}"},
        assign={"asked": True},
        task_timeout=Duration.hours(24),
        wait_for_task_token=True,
        query_language=sfn.QueryLanguage.JSONATA,
    )

    assert states(task)["Ask"] == {
        "Type": "Task",
        "QueryLanguage": "JSONata",
        "Resource": "arn:aws:states:::aws-sdk:dynamodb:putItem.waitForTaskToken",
        "Arguments": {"TableName": "users", "Item": {"pk": {"S": "1"}, "token": token}},
        "Output": {"answer": "{% $states.result %}"},
        "Assign": {"asked": True},
        "TimeoutSeconds": 86400,
        "End": True,
    }


def test_every_json_path_argument_reaches_the_state(
    stack: Stack, states: Callable[[sfn.IChainable], Mapping[str, object]]
) -> None:
    task = SdkTask(
        stack,
        "Read user",
        service="dynamodb",
        action="getItem",
        parameters={
            "TableName.$": "$.table",
            "Key": {"pk": {"S": sfn.JsonPath.string_at("$.id")}, "sk.$": "$.sortKey"},
        },
        iam_resources=[TABLE_ARN],
        assign={"read.$": "$.id"},
        result_path="$.user",
        result_selector={"item.$": "$.Item"},
        task_timeout=sfn.Timeout.at("$.seconds"),
        query_language=sfn.QueryLanguage.JSON_PATH,
    )

    assert states(task)["Read user"] == {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:dynamodb:getItem",
        "Parameters": {
            "TableName.$": "$.table",
            "Key": {"pk": {"S.$": "$.id"}, "sk.$": "$.sortKey"},
        },
        "Assign": {"read.$": "$.id"},
        "ResultPath": "$.user",
        "ResultSelector": {"item.$": "$.Item"},
        "TimeoutSecondsPath": "$.seconds",
        "End": True,
    }


def test_two_tasks_of_one_stack_follow_each_other_with_retry_and_catch(
    stack: Stack, states: Callable[[sfn.IChainable], Mapping[str, object]]
) -> None:
    first = _get_item(stack, "First")
    first.add_retry(errors=["DynamoDb.ThrottlingException"])
    first.add_catch(sfn.Fail(stack, "Give up"))

    found = json.dumps(states(first.next(_get_item(stack, "Second"))))

    assert '"Next": "Second"' in found
    assert '"ErrorEquals": ["DynamoDb.ThrottlingException"]' in found
    assert '"Next": "Give up"' in found


def test_values_known_only_at_deployment_pass(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    task = SdkTask(
        stack,
        "List",
        service="ec2",
        action="describeInstances",
        parameters={
            "InstanceIds": Token.as_list({"Ref": "Ids"}),
            "MaxResults": Token.as_number({"Ref": "Most"}),
            "Filters": [Token.as_any({"Ref": "Filter"}), {"Name": Token.as_string({"Ref": "N"})}],
        },
        iam_resources=[Token.as_string({"Fn::GetAtt": ["Fleet", "Arn"]})],
    )
    # Whatever they stand for: a token has no kind to compare.
    for whole in (Token.as_list({"Ref": "Filters"}), Token.as_string({"Ref": "Filters"})):
        SdkTask(
            stack,
            f"List by {type(whole).__name__}",
            service="ec2",
            action="describeInstances",
            parameters={"Filters": whole},
            iam_resources=["*"],
        )

    sfn.StateMachine(stack, "Workflow", definition_body=sfn.DefinitionBody.from_chainable(task))

    template = json.dumps(synthesize().to_json())
    for reference in ("Ids", "Most", "Filter", "N"):
        assert f'{{"Ref": "{reference}"}}' in template
    assert '"Resource": {"Fn::GetAtt": ["Fleet", "Arn"]}' in template


@pytest.mark.parametrize(
    ("service", "action", "parameters", "expected"),
    [
        (
            "cognitoidentityprovider",
            "adminCreateUser",
            {"UserPoolId": "p", "Username": "u"},
            {"cognito-idp:AdminCreateUser"},
        ),
        ("sesv2", "sendEmail", {"Content": {}}, {"ses:SendEmail"}),
        ("eventbridge", "putEvents", {"Entries": []}, {"events:PutEvents"}),
        ("bedrockruntime", "invokeModel", {"ModelId": "m"}, {"bedrock:InvokeModel"}),
        ("apigatewayv2", "getApi", {"ApiId": "a"}, {"apigateway:GET"}),
        (
            "pinpointsmsvoicev2",
            "sendTextMessage",
            {"DestinationPhoneNumber": "+1"},
            {"sms-voice:SendTextMessage"},
        ),
        ("iotdataplane", "publish", {"Topic": "t"}, {"iot:Publish"}),
        (
            "dynamodb",
            "transactWriteItems",
            {"TransactItems": []},
            {
                "dynamodb:ConditionCheckItem",
                "dynamodb:DeleteItem",
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
            },
        ),
        ("s3", "listObjectsV2", {"Bucket": "b"}, {"s3:ListBucket"}),
        (
            "sfn",
            "sendTaskSuccess",
            {"TaskToken": "t", "Output": "{}"},
            {"states:SendTaskSuccess"},
        ),
    ],
)
def test_the_state_machine_may_do_what_its_task_needs_on_the_named_resources_and_no_more(
    stack: Stack,
    synthesize: Callable[[], Template],
    service: str,
    action: str,
    parameters: Mapping[str, object],
    expected: set[str],
) -> None:
    resources = ["arn:aws:service:us-east-1:123456789012:thing/one", "arn:aws:service:::two"]
    task = SdkTask(
        stack,
        "Call",
        service=service,
        action=action,
        parameters=parameters,
        iam_resources=resources,
    )

    sfn.StateMachine(stack, "Workflow", definition_body=sfn.DefinitionBody.from_chainable(task))

    (policy,) = synthesize().find_resources("AWS::IAM::Policy").values()
    granted: set[str] = set()
    for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
        assert statement["Effect"] == "Allow"
        assert sorted(statement["Resource"]) == sorted(resources)
        actions = statement["Action"]
        granted.update([actions] if isinstance(actions, str) else actions)
    assert granted == expected
    assert set(task.iam_actions) == expected


def test_what_else_a_call_may_or_may_not_do_joins_what_it_needs(
    stack: Stack, synthesize: Callable[[], Template]
) -> None:
    denied = iam.PolicyStatement(
        effect=iam.Effect.DENY, actions=["dynamodb:PutItem"], resources=["arn:aws:dynamodb:::other"]
    )
    task = SdkTask(
        stack,
        "Call",
        service="dynamodb",
        action="transactWriteItems",
        parameters={"TransactItems": []},
        iam_resources=["arn:aws:dynamodb:::one"],
        additional_iam_statements=[denied],
    )

    sfn.StateMachine(stack, "Workflow", definition_body=sfn.DefinitionBody.from_chainable(task))

    (policy,) = synthesize().find_resources("AWS::IAM::Policy").values()
    effects = [
        (statement["Effect"], statement["Resource"])
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
    ]
    assert sorted(set(effects)) == [
        ("Allow", "arn:aws:dynamodb:::one"),
        ("Deny", "arn:aws:dynamodb:::other"),
    ]


def _refusal(stack: Stack, **changes: object) -> str:
    arguments: dict[str, object] = {
        "service": "dynamodb",
        "action": "getItem",
        "parameters": GET_ITEM,
        "iam_resources": [TABLE_ARN],
        **changes,
    }
    with pytest.raises(ConfigError) as refusal:
        SdkTask(stack, "Call", **arguments)  # type: ignore[arg-type]  # of several types
    assert stack.node.try_find_child("Call") is None
    return str(refusal.value)


@pytest.mark.parametrize(
    ("service", "right"),
    [
        ("cognito-idp", "cognitoidentityprovider"),
        ("stepfunctions", "sfn"),
        ("events", "eventbridge"),
        ("logs", "cloudwatchlogs"),
        ("iot-data", "iotdataplane"),
        ("ses-v2", "sesv2"),
        ("eventBridge", "eventbridge"),
        ("Directory Service", "directory"),
    ],
)
def test_another_name_of_a_service_is_refused_with_step_functions_name(
    stack: Stack, service: str, right: str
) -> None:
    assert _refusal(stack, service=service) == (
        f"service must be Step Functions' name of an AWS service, got {service!r}; pass {right!r}"
    )


def test_an_unknown_service_is_refused_with_the_nearest(stack: Stack) -> None:
    assert _refusal(stack, service="dynamobd").endswith(
        "got 'dynamobd'; pass 'dynamodb' or 'dynamodbstreams'"
    )


def test_an_unknown_action_is_refused_with_the_nearest(stack: Stack) -> None:
    assert _refusal(stack, action="getItm") == (
        "action must be an API action of dynamodb in camelCase, got 'getItm'; "
        "pass 'getItem' or 'batchGetItem' or 'deleteItem'"
    )


def test_an_action_in_pascal_case_is_refused_with_camel_case(stack: Stack) -> None:
    assert _refusal(stack, action="GetItem").endswith("got 'GetItem'; pass 'getItem'")


@pytest.mark.parametrize(
    ("service", "action"),
    [("bedrockruntime", "converseStream"), ("kinesis", "subscribeToShard"), ("efs", "createTags")],
)
def test_an_action_that_workflows_cannot_call_is_refused(
    stack: Stack, service: str, action: str
) -> None:
    refusal = _refusal(stack, service=service, action=action, parameters={})

    assert refusal.startswith("action must be one that Step Functions can call, got ")


def test_every_action_listed_as_unsupported_is_in_the_models() -> None:
    for service, action in sdk_model._UNSUPPORTED_ACTIONS:
        assert action in sdk_model.find_service(service).operation_names


@pytest.mark.parametrize(
    ("parameters", "refusal"),
    [
        (
            {"TableNam": "users", "Key": {}},
            "parameters must name parameters of GetItemInput as Step Functions does, in "
            "PascalCase, got 'TableNam'; pass 'TableName'",
        ),
        (
            {"TableName": "users", "Key": {"pk": {"s": "1"}}},
            "parameters.Key.pk must name parameters of AttributeValue as Step Functions does, in "
            "PascalCase, got 's'; pass 'S'",
        ),
        (
            {"TableName": "users"},
            "parameters must contain 'Key', which GetItemInput requires, got ['TableName']; "
            "add 'Key'",
        ),
        (
            {"TableName": "users", "Key": {}, "AttributesToGet": "pk"},
            "parameters.AttributesToGet must be a list, got 'pk'; pass a list",
        ),
        (
            {"TableName": "users", "Key": ["pk"]},
            "parameters.Key must be an object of named values, got ['pk']; pass a dict",
        ),
        (
            {"TableName": "users", "Key": {}, "ConsistentRead": [True]},
            "parameters.ConsistentRead must be a single boolean, got [True]; pass the value alone",
        ),
        (
            {"TableName": "users", "Key.$": "$.key"},
            "parameters must have no JSONPath keys while the query language is JSONata, "
            "got 'Key.$'; write {'Key': '{% … %}'}, or choose JSONPath",
        ),
    ],
)
def test_a_parameter_that_does_not_fit_the_model_is_refused_with_its_place(
    stack: Stack, parameters: Mapping[str, object], refusal: str
) -> None:
    assert _refusal(stack, parameters=parameters).startswith(refusal)


def test_a_requirement_inside_a_list_is_named_with_its_place(stack: Stack) -> None:
    refusal = _refusal(
        stack,
        service="cognitoidentityprovider",
        action="adminCreateUser",
        parameters={
            "UserPoolId": "pool",
            "Username": "{% $userId %}",
            "UserAttributes": [{"Name": "email", "Value": "{% $email %}"}, {"Value": "x"}],
        },
    )

    assert refusal.startswith("parameters.UserAttributes[1] must contain 'Name', which Attribute")


@pytest.mark.parametrize(
    ("service", "action"), [("sts", "getCallerIdentity"), ("organizations", "describeOrganization")]
)
def test_parameters_of_an_action_that_takes_none_are_refused(
    stack: Stack, service: str, action: str
) -> None:
    refusal = _refusal(stack, service=service, action=action, parameters={"Name": "a"})

    assert "'Name'" in refusal
    assert "leave" in refusal


def test_what_the_sdk_fills_in_itself_is_not_required(stack: Stack) -> None:
    # "ClientToken" is required in the model, and an idempotency token.
    SdkTask(
        stack,
        "Cancel",
        service="braket",
        action="cancelQuantumTask",
        parameters={"QuantumTaskArn": "{% $task %}"},
        iam_resources=["*"],
    )


@pytest.mark.parametrize(
    ("service", "action", "parameters"),
    [
        ("rds", "stopDBInstance", {"DbInstanceIdentifier": "d"}),
        ("s3", "putObject", {"Bucket": "b", "Key": "k", "SsekmsKeyId": "id", "Acl": "private"}),
        (
            "s3",
            "completeMultipartUpload",
            {
                "Bucket": "b",
                "Key": "k",
                "UploadId": "u",
                "MultipartUpload": {"Parts": [{"ETag": "e", "PartNumber": 1}]},
            },
        ),
        (
            "dynamodb",
            "putItem",
            {"TableName": "t", "Item": {"a": {"Bool": True}, "b": {"Nul": True}, "c": {"Ss": []}}},
        ),
        ("sfn", "startExecution", {"StateMachineArn": "a", "Input": {"any": "object"}}),
        (
            "bedrockagentruntime",
            "retrieve",
            {
                "KnowledgeBaseId": "k",
                "RetrievalQuery": {"Text": "q"},
                "RetrievalConfiguration": {
                    "VectorSearchConfiguration": {
                        "Filter": {"EqualsValue": {"Key": "k", "Value": "v"}}
                    }
                },
            },
        ),
        ("bedrockruntime", "invokeModel", {"ModelId": "m", "Body": {"prompt": "{% $p %}"}}),
        ("sts", "getCallerIdentity", {}),
    ],
)
def test_parameters_named_as_in_the_sdk_for_java_pass(
    stack: Stack, service: str, action: str, parameters: Mapping[str, object]
) -> None:
    SdkTask(
        stack,
        "Call",
        service=service,
        action=action,
        parameters=parameters,
        iam_resources=["*"],
    )


@pytest.mark.parametrize(
    ("service", "action", "parameters", "right"),
    [
        ("rds", "stopDBInstance", {"DBInstanceIdentifier": "d"}, "DbInstanceIdentifier"),
        ("sfn", "sendTaskSuccess", {"taskToken": "t", "output": "{}"}, "TaskToken"),
        ("s3", "putObject", {"Bucket": "b", "Key": "k", "ACL": "private"}, "Acl"),
        ("dynamodb", "putItem", {"TableName": "t", "Item": {"a": {"BOOL": True}}}, "Bool"),
        (
            "bedrockagentruntime",
            "retrieve",
            {
                "RetrievalConfiguration": {
                    "VectorSearchConfiguration": {"Filter": {"Equals": {"Key": "k", "Value": "v"}}}
                }
            },
            "EqualsValue",
        ),
    ],
)
def test_parameters_named_as_in_boto_are_refused_with_the_right_name(
    stack: Stack, service: str, action: str, parameters: Mapping[str, object], right: str
) -> None:
    refusal = _refusal(stack, service=service, action=action, parameters=parameters)

    assert refusal.endswith(f"; pass {right!r}")


@pytest.mark.parametrize("iam_resources", [[], "*"])
def test_a_task_without_a_list_of_resources_is_refused(
    stack: Stack, iam_resources: list[str] | str
) -> None:
    assert _refusal(stack, iam_resources=iam_resources) == (
        f"iam_resources must be a list of at least one ARN, got {iam_resources!r}; "
        "pass the ARNs that the call touches"
    )


def test_jsonata_in_a_json_path_task_is_refused(stack: Stack) -> None:
    refusal = _refusal(stack, query_language=sfn.QueryLanguage.JSON_PATH)

    assert refusal.startswith("parameters.Key.pk.S must hold no JSONata")


def test_a_json_path_in_a_jsonata_task_is_refused(stack: Stack) -> None:
    parameters = {"TableName": sfn.JsonPath.string_at("$.table"), "Key": {}}

    refusal = _refusal(stack, parameters=parameters)

    assert refusal.startswith("parameters must hold no sfn.JsonPath")
    assert "got ['$.table']" in refusal


@pytest.mark.parametrize(
    ("query_language", "argument", "value"),
    [
        (sfn.QueryLanguage.JSONATA, "result_path", "$.result"),
        (sfn.QueryLanguage.JSONATA, "result_selector", {"a.$": "$.b"}),
        (sfn.QueryLanguage.JSON_PATH, "outputs", {"a": 1}),
    ],
)
def test_an_argument_of_the_other_query_language_is_refused(
    stack: Stack, query_language: sfn.QueryLanguage, argument: str, value: object
) -> None:
    refusal = _refusal(stack, query_language=query_language, **{argument: value})

    assert refusal.startswith(
        f"{argument} must be left out while query_language is {query_language.name}"
    )


@pytest.mark.parametrize(
    ("query_language", "parameters"),
    [
        (sfn.QueryLanguage.JSONATA, GET_ITEM),
        (
            sfn.QueryLanguage.JSONATA,
            {"TableName": "t", "Key": {"pk": {"S": "$states.context.Task.Token"}}},
        ),
        (sfn.QueryLanguage.JSON_PATH, {"TableName": "t", "Key": {"pk": {"S": "$$.Task.Token"}}}),
    ],
)
def test_waiting_for_a_task_token_that_nobody_gets_is_refused(
    stack: Stack, query_language: sfn.QueryLanguage, parameters: Mapping[str, object]
) -> None:
    refusal = _refusal(
        stack,
        parameters=parameters,
        query_language=query_language,
        wait_for_task_token=True,
        task_timeout=Duration.hours(1),
    )

    assert refusal.startswith("parameters must contain ")
    assert refusal.endswith("hand the token to whoever sends it back")


@pytest.mark.parametrize(
    "value",
    [
        {"S.$": "$$.Task.Token"},
        {"S.$": "States.Format('{}', $$.Task.Token)"},
        {"S": sfn.JsonPath.task_token},
    ],
)
def test_a_task_token_is_found_in_every_json_path_form(
    stack: Stack, value: Mapping[str, object]
) -> None:
    SdkTask(
        stack,
        "Ask",
        service="dynamodb",
        action="getItem",
        parameters={"TableName": "t", "Key": {"pk": value}},
        iam_resources=[TABLE_ARN],
        wait_for_task_token=True,
        task_timeout=Duration.hours(1),
        query_language=sfn.QueryLanguage.JSON_PATH,
    )


def test_waiting_for_a_task_token_without_a_timeout_is_refused(stack: Stack) -> None:
    refusal = _refusal(
        stack,
        parameters={"TableName": "t", "Key": {"pk": {"S": "{% $states.context.Task.Token %}"}}},
        wait_for_task_token=True,
    )

    assert refusal == (
        "task_timeout must be set when wait_for_task_token is, got None; "
        "pass how long the answer may take"
    )


# Step Functions developer guide, "Supported AWS SDK service integrations" (the table as archived
# with its sources; read 2026-11-23), without the services that botocore no longer knows.
DOCUMENTED_SERVICES = """
account amplify appmesh appconfig appconfigdata appsync applicationdiscovery auditmanager
autoscalingplans backup backupgateway batch budgets acm acmpca servicediscovery cloud9
cloudformation cloudhsm cloudhsmv2 cloudtrail cloudcontrol codebuild codecommit codedeploy
codepipeline codestarnotifications codestarconnections computeoptimizer config costexplorer
costandusagereport dataexchange datapipeline datasync databasemigration devicefarm directconnect
directory ec2instanceconnect elasticbeanstalk medialive mediapackage mediapackagevod fis fms glue
databrew greengrass groundstation iam iot iotdeviceadvisor greengrassv2 iotjobsdataplane
iotsecuretunneling iotsitewise iotthingsgraph iotwireless kms lakeformation lambda licensemanager
marketplacecatalog marketplacecommerceanalytics marketplaceentitlement mediatailor migrationhub
migrationhubconfig migrationhubstrategy networkfirewall organizations outposts pi pricing rdsdata
resiliencehub ram resourcegroups resourcegroupstaggingapi identitystore ssooidc secretsmanager sts
securityhub servicecatalog servicecatalogappregistry shield signer sso ssoadmin sfn storagegateway
support transfer waf wafregional wafv2 wellarchitected xray marketplacemetering
serverlessapplicationrepository accessanalyzer apigateway apigatewayv2 appintegrations appstream
appflow athena sagemakera2iruntime braket chime chimesdkmeetings clouddirectory cloudfront
cloudsearch cloudwatch applicationinsights cloudwatchlogs rum synthetics codeguruprofiler
codegurureviewer cognitoidentity cognitoidentityprovider cognitosync comprehend comprehendmedical
connectcontactlens connectparticipant connect voiceid wisdom dlm detective devopsguru docdb dynamodb
dynamodbstreams ecr ecs ssm emrcontainers elasticache ebs ec2 ecrpublic efs eks emr elasticsearch
opensearch eventbridge fsx forecastquery forecast frauddetector gamelift glacier guardduty
healthlake inspector inspector2 ivs kendra kinesis kinesisanalytics kinesisanalyticsv2 firehose
kinesisvideosignaling kinesisvideo kinesisvideoarchivedmedia kinesisvideomedia lexmodelbuilding
lexmodelsv2 lexruntime lexruntimev2 lightsail location mq macie2 managedblockchain grafana amp kafka
kafkaconnect mwaa mturk memorydb neptune personalize personalizeevents personalizeruntime pinpoint
pinpointemail pinpointsmsvoice polly quicksight redshift redshiftdata rekognition rds route53
route53domains route53resolver s3outposts sagemakerfeaturestoreruntime sagemakerruntime sagemaker
sagemakeredge ses sesv2 sns sqs s3 swf textract transcribe translate workdocs workmail
workmailmessageflow workspaces workspacesweb amplifybackend amplifyuibuilder applicationautoscaling
autoscaling codeartifact dax imagebuilder drs elasticloadbalancing elasticloadbalancingv2
mediaconnect networkmanager s3control rbin savingsplans schemas servicequotas snowball
"""


def test_every_service_name_that_the_guide_lists_is_known() -> None:
    assert set(DOCUMENTED_SERVICES.split()) - sdk_model.all_services().keys() == set()


def test_the_table_of_names_holds_exactly_those_that_differ_from_botocores() -> None:
    differing = {
        name: botocore_name
        for name, botocore_name in sdk_model.all_services().items()
        if name != botocore_name.replace("-", "")
    }

    assert differing == sdk_model._BOTOCORE_NAMES


def test_a_service_that_the_table_does_not_know_is_found_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sdk_model, "_likely_names", dict)

    model = sdk_model.find_service("cognitoidentityprovider")

    assert model.service_name == "cognito-idp"


def test_finding_a_service_opens_its_model_only(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = []
    load = Loader.load_service_model

    def count(loader: Loader, service_name: str, type_name: str) -> object:
        opened.append(service_name)
        return load(loader, service_name, type_name)

    monkeypatch.setattr(Loader, "load_service_model", count)
    sdk_model.load_service.cache_clear()

    sdk_model.find_service("eventbridge")

    assert opened == ["events"]
