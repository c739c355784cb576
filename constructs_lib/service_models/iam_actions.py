"""Where the IAM permission of an AWS API action is not "signing name, colon, API name".

Keys are Step Functions' service names and botocore's API names. A value names the IAM actions that
the call needs, with a prefix of its own where that differs from the service's. Only permissions
that every call needs are listed; what depends on a parameter's value (a KMS key, an object version,
a passed role) is the caller's to add.

Source of every row: the AWS service authorization reference (its page per service), unless the row
names another; "operation text" is the API reference as botocore carries it (read 2026-11-23).
"""

import re
from collections.abc import Mapping
from typing import Final

IAM_PREFIXES: Final[Mapping[str, str]] = {
    "cloudcontrol": "cloudformation",
    "cloudwatch": "cloudwatch",  # signs as "monitoring"
    "iotdataplane": "iot",
    "iotjobsdataplane": "iotjobsdata",
    "iotsecuretunneling": "iot",
    "mturk": "mechanicalturk",
    "partnercentralaccount": "partnercentral",
    "partnercentralbenefits": "partnercentral",
    "partnercentralchannel": "partnercentral",
    "partnercentralselling": "partnercentral",
    "resourcegroupstaggingapi": "tag",
}

#: Services whose IAM actions are HTTP methods on their resources' paths, and the newer APIs among
#: them that have actions of their own. Source: "Actions, resources, and condition keys for Amazon
#: API Gateway Management" and "… Management V2" (read 2026-11-23).
HTTP_METHOD_SERVICES: Final = frozenset({"apigateway", "apigatewayv2"})
HTTP_METHOD_EXCEPTIONS: Final = re.compile(r"Portal|ProductPage|ProductRestEndpointPage|Routing")

_PARTIQL: Final = ("PartiQLDelete", "PartiQLInsert", "PartiQLSelect", "PartiQLUpdate")
_NEPTUNE_QUERY: Final = ("DeleteDataViaQuery", "ReadDataViaQuery", "WriteDataViaQuery")

IAM_ACTIONS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "accessanalyzer": {
        "GetFindingV2": ("GetFinding",),
        "ListFindingsV2": ("ListFindings",),
    },
    "apigatewaymanagementapi": {
        "DeleteConnection": ("ManageConnections",),
        "GetConnection": ("ManageConnections",),
        "PostToConnection": ("ManageConnections",),
    },
    # Operation texts: "there is no separate" action for the jobs together.
    "batch": {
        "CancelJobs": ("CancelJob",),
        "TerminateJobs": ("TerminateJob",),
        "TerminateServiceJobs": ("TerminateServiceJob",),
    },
    # Operation texts: the batch calls need the right of the single one.
    "bcmpricingcalculator": {
        f"Batch{verb}{thing}": (f"{verb}{thing}",)
        for verb in ("Create", "Delete", "Update")
        for thing in (
            "BillScenarioCommitmentModification",
            "BillScenarioUsageModification",
            "WorkloadEstimateUsage",
        )
    },
    "bedrockagentruntime": {"RetrieveAndGenerateStream": ("RetrieveAndGenerate",)},
    # Operation texts: Converse and StartAsyncInvoke need the right to invoke the model.
    "bedrockruntime": {
        "Converse": ("InvokeModel",),
        "ConverseStream": ("InvokeModelWithResponseStream",),
        "StartAsyncInvoke": ("InvokeModel",),
    },
    # AWS Billing user guide, "Using identity-based policies for AWS Budgets".
    "budgets": {
        **dict.fromkeys(
            (
                "CreateBudget",
                "CreateNotification",
                "CreateSubscriber",
                "DeleteBudget",
                "DeleteNotification",
                "DeleteSubscriber",
                "UpdateBudget",
                "UpdateNotification",
                "UpdateSubscriber",
            ),
            ("ModifyBudget",),
        ),
        **dict.fromkeys(
            (
                "DescribeBudget",
                "DescribeBudgetNotificationsForAccount",
                "DescribeBudgetPerformanceHistory",
                "DescribeBudgets",
                "DescribeNotificationsForBudget",
                "DescribeSubscribersForNotification",
            ),
            ("ViewBudget",),
        ),
    },
    "cloudfront": {"CreateDistributionWithTags": ("CreateDistribution", "TagResource")},
    "cloudsearchdomain": {
        "Search": ("search",),
        "Suggest": ("suggest",),
        "UploadDocuments": ("document",),
    },
    # Operation text of DescribeTermsByClient names both.
    "cognitoidentityprovider": {
        "DescribeTermsByClient": ("DescribeTerms", "DescribeTermsByClient"),
    },
    # Operation texts of AWS DMS ("Required permissions").
    "databasemigration": {
        "DescribeDataProviders": ("ListDataProviders",),
        "DescribeExtensionPackAssociations": ("ListExtensionPacks",),
        "DescribeInstanceProfiles": ("ListInstanceProfiles",),
        "DescribeMetadataModelAssessments": ("ListMetadataModelAssessments",),
        "DescribeMetadataModelConversions": ("ListMetadataModelConversions",),
        "DescribeMetadataModelExportsAsScript": ("ListMetadataModelExports",),
        "DescribeMetadataModelExportsToTarget": ("ListMetadataModelExports",),
        "DescribeMigrationProjects": ("ListMigrationProjects",),
        "ModifyConversionConfiguration": ("UpdateConversionConfiguration",),
        "ModifyDataProvider": ("UpdateDataProvider",),
        "ModifyInstanceProfile": ("UpdateInstanceProfile",),
        "ModifyMigrationProject": ("UpdateMigrationProject",),
        "StartExtensionPackAssociation": ("AssociateExtensionPack",),
        "StartMetadataModelExportAsScript": ("StartMetadataModelExportAsScripts",),
    },
    "detective": {"ListOrganizationAdminAccounts": ("ListOrganizationAdminAccount",)},
    # DynamoDB developer guide, "IAM policies for PartiQL" and "Using IAM with transactions".
    "dynamodb": {
        "BatchExecuteStatement": _PARTIQL,
        "ExecuteStatement": _PARTIQL,
        "ExecuteTransaction": _PARTIQL,
        "TransactGetItems": ("GetItem",),
        "TransactWriteItems": ("ConditionCheckItem", "DeleteItem", "PutItem", "UpdateItem"),
    },
    # Operation text of ListImageReferrers.
    "ecr": {"ListImageReferrers": ("BatchGetImage",)},
    # Operation text: two "virtual actions … instead of the API operation name".
    "elasticbeanstalk": {"UpdateTagsForResource": ("AddTags", "RemoveTags")},
    "iotfleetwise": {
        "BatchCreateVehicle": ("CreateVehicle",),
        "BatchUpdateVehicle": ("UpdateVehicle",),
    },
    "iotjobsdataplane": {"StartCommandExecution": ("iot:StartCommandExecution",)},
    # Amazon Keyspaces developer guide, "Amazon Keyspaces identity-based policies".
    "keyspaces": {
        **dict.fromkeys(("CreateKeyspace", "CreateTable", "CreateType"), ("Create",)),
        **dict.fromkeys(("DeleteKeyspace", "DeleteTable", "DeleteType"), ("Drop",)),
        **dict.fromkeys(
            (
                "GetKeyspace",
                "GetTable",
                "GetTableAutoScalingSettings",
                "GetType",
                "ListKeyspaces",
                "ListTables",
                "ListTagsForResource",
                "ListTypes",
            ),
            ("Select",),
        ),
        "RestoreTable": ("Restore",),
        **dict.fromkeys(("UpdateKeyspace", "UpdateTable"), ("Alter",)),
    },
    "kms": {"ReEncrypt": ("ReEncryptFrom", "ReEncryptTo")},
    "lambda": {
        "GetLayerVersionByArn": ("GetLayerVersion",),
        "Invoke": ("InvokeFunction",),
        "InvokeWithResponseStream": ("InvokeFunction",),
    },
    "marketplacecatalog": {"BatchDescribeEntities": ("DescribeEntity",)},
    # Operation texts of Neptune's data and graph APIs ("must have a policy … that allows").
    "neptunedata": {
        "CancelGremlinQuery": ("CancelQuery",),
        "CancelOpenCypherQuery": ("CancelQuery",),
        "DeletePropertygraphStatistics": ("DeleteStatistics",),
        "DeleteSparqlStatistics": ("DeleteStatistics",),
        "ExecuteFastReset": ("ResetDatabase",),
        "ExecuteGremlinExplainQuery": _NEPTUNE_QUERY,
        "ExecuteGremlinProfileQuery": ("ReadDataViaQuery",),
        "ExecuteGremlinQuery": _NEPTUNE_QUERY,
        "ExecuteOpenCypherExplainQuery": ("ReadDataViaQuery",),
        "ExecuteOpenCypherQuery": _NEPTUNE_QUERY,
        "GetGremlinQueryStatus": ("GetQueryStatus",),
        "GetMLDataProcessingJob": ("GetMLDataProcessingJobStatus",),
        "GetMLEndpoint": ("GetMLEndpointStatus",),
        "GetMLModelTrainingJob": ("GetMLModelTrainingJobStatus",),
        "GetMLModelTransformJob": ("GetMLModelTransformJobStatus",),
        "GetOpenCypherQueryStatus": ("GetQueryStatus",),
        "GetPropertygraphStatistics": ("GetStatisticsStatus",),
        "GetPropertygraphStream": ("GetStreamRecords",),
        "GetPropertygraphSummary": ("GetGraphSummary",),
        "GetRDFGraphSummary": ("GetGraphSummary",),
        "GetSparqlStatistics": ("GetStatisticsStatus",),
        "GetSparqlStream": ("GetStreamRecords",),
        "ListGremlinQueries": ("GetQueryStatus",),
        "ListOpenCypherQueries": ("GetQueryStatus",),
        "ManagePropertygraphStatistics": ("ManageStatistics",),
        "ManageSparqlStatistics": ("ManageStatistics",),
    },
    "neptunegraph": {
        "ExecuteQuery": _NEPTUNE_QUERY,
        "GetQuery": ("GetQueryStatus",),
    },
    # Operation text of CreatePresignedUrl.
    "qapps": {"CreatePresignedUrl": ("ImportDocument",)},
    # Amazon S3 user guide, "Required permissions for Amazon S3 API operations".
    "s3": {
        **dict.fromkeys(("CompleteMultipartUpload", "CreateMultipartUpload"), ("PutObject",)),
        **dict.fromkeys(("CopyObject", "UploadPartCopy"), ("GetObject", "PutObject")),
        "UploadPart": ("PutObject",),
        "DeleteObjects": ("DeleteObject",),
        "GetObjectAttributes": ("GetObject", "GetObjectAttributes"),
        **dict.fromkeys(("HeadObject", "SelectObjectContent"), ("GetObject",)),
        **dict.fromkeys(("HeadBucket", "ListObjects", "ListObjectsV2"), ("ListBucket",)),
        "ListObjectVersions": ("ListBucketVersions",),
        "ListMultipartUploads": ("ListBucketMultipartUploads",),
        "ListParts": ("ListMultipartUploadParts",),
        "ListBuckets": ("ListAllMyBuckets",),
        "ListDirectoryBuckets": ("s3express:ListAllMyDirectoryBuckets",),
        **dict.fromkeys(("CreateSession", "RenameObject"), ("s3express:CreateSession",)),
        "WriteGetObjectResponse": ("s3-object-lambda:WriteGetObjectResponse",),
        "DeleteBucketCors": ("PutBucketCORS",),
        "DeleteBucketOwnershipControls": ("PutBucketOwnershipControls",),
        "DeleteBucketTagging": ("PutBucketTagging",),
        "GetBucketNotificationConfiguration": ("GetBucketNotification",),
        "PutBucketNotificationConfiguration": ("PutBucketNotification",),
        "GetObjectLockConfiguration": ("GetBucketObjectLockConfiguration",),
        "PutObjectLockConfiguration": ("PutBucketObjectLockConfiguration",),
        "GetPublicAccessBlock": ("GetBucketPublicAccessBlock",),
        **dict.fromkeys(
            ("DeletePublicAccessBlock", "PutPublicAccessBlock"), ("PutBucketPublicAccessBlock",)
        ),
        "GetBucketAccelerateConfiguration": ("GetAccelerateConfiguration",),
        "PutBucketAccelerateConfiguration": ("PutAccelerateConfiguration",),
        "GetBucketEncryption": ("GetEncryptionConfiguration",),
        **dict.fromkeys(
            ("DeleteBucketEncryption", "PutBucketEncryption"), ("PutEncryptionConfiguration",)
        ),
        **dict.fromkeys(
            ("GetBucketLifecycle", "GetBucketLifecycleConfiguration"),
            ("GetLifecycleConfiguration",),
        ),
        **dict.fromkeys(
            ("DeleteBucketLifecycle", "PutBucketLifecycle", "PutBucketLifecycleConfiguration"),
            ("PutLifecycleConfiguration",),
        ),
        "GetBucketReplication": ("GetReplicationConfiguration",),
        **dict.fromkeys(
            ("DeleteBucketReplication", "PutBucketReplication"), ("PutReplicationConfiguration",)
        ),
        **{
            f"{verb}Bucket{kind}Configuration{plural}": (f"{right}{kind}Configuration",)
            for kind in ("Analytics", "IntelligentTiering", "Inventory", "Metrics")
            for verb, plural, right in (
                ("Delete", "", "Put"),
                ("Get", "", "Get"),
                ("List", "s", "Get"),
                ("Put", "", "Put"),
            )
        },
        **{
            f"{verb}BucketMetadataConfiguration": (f"{verb}BucketMetadataTableConfiguration",)
            for verb in ("Create", "Delete", "Get")
        },
    },
    # Operation texts: bucket actions of this API are for S3 on Outposts, scopes for directory
    # buckets, the public access block is the account's.
    "s3control": {
        **{
            name: (f"s3-outposts:{name}",)
            for name in (
                "CreateBucket",
                "DeleteBucket",
                "DeleteBucketPolicy",
                "GetBucket",
                "GetBucketPolicy",
                "GetBucketTagging",
                "GetBucketVersioning",
                "ListRegionalBuckets",
                "PutBucketPolicy",
                "PutBucketTagging",
                "PutBucketVersioning",
            )
        },
        "DeleteBucketTagging": ("s3-outposts:PutBucketTagging",),
        "GetBucketLifecycleConfiguration": ("s3-outposts:GetLifecycleConfiguration",),
        **dict.fromkeys(
            ("DeleteBucketLifecycleConfiguration", "PutBucketLifecycleConfiguration"),
            ("s3-outposts:PutLifecycleConfiguration",),
        ),
        "GetBucketReplication": ("s3-outposts:GetReplicationConfiguration",),
        **dict.fromkeys(
            ("DeleteBucketReplication", "PutBucketReplication"),
            ("s3-outposts:PutReplicationConfiguration",),
        ),
        **{
            name: (f"s3express:{name}",)
            for name in (
                "DeleteAccessPointScope",
                "GetAccessPointScope",
                "ListAccessPointsForDirectoryBuckets",
                "PutAccessPointScope",
            )
        },
        "GetPublicAccessBlock": ("GetAccountPublicAccessBlock",),
        **dict.fromkeys(
            ("DeletePublicAccessBlock", "PutPublicAccessBlock"), ("PutAccountPublicAccessBlock",)
        ),
    },
    # Operation texts of Security Hub ("in the Action element of an IAM policy statement").
    "securityhub": {
        "BatchUpdateFindingsV2": ("BatchUpdateFindings",),
        "GetFindingStatisticsV2": ("GetAdhocInsightResults",),
        "GetFindingsV2": ("GetFindings",),
    },
    "sns": {"PublishBatch": ("Publish",)},
    "sqs": {
        "ChangeMessageVisibilityBatch": ("ChangeMessageVisibility",),
        "DeleteMessageBatch": ("DeleteMessage",),
        "SendMessageBatch": ("SendMessage",),
    },
    # Operation texts of the Tax Settings API.
    "taxsettings": {
        **dict.fromkeys(
            ("BatchGetTaxExemptions", "GetTaxExemptionTypes", "ListTaxExemptions"),
            ("GetExemptions",),
        ),
        "PutTaxExemption": ("UpdateExemptions",),
    },
    "timestreamquery": {"Query": ("Select",)},
    "verifiedpermissions": {
        "BatchGetPolicy": ("GetPolicy",),
        "BatchIsAuthorized": ("IsAuthorized",),
        "BatchIsAuthorizedWithToken": ("IsAuthorizedWithToken",),
    },
    # Operation text of BatchUpdateRule.
    "vpclattice": {"BatchUpdateRule": ("UpdateRule",)},
}
