"""Where alarms go."""

from aws_cdk import ArnFormat, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

_CLOUDWATCH = "cloudwatch.amazonaws.com"


class AlarmTopic(Construct):
    """Create the topic on which the alarms of this account and region tell the operators.

    The topic refuses plain HTTP and is encrypted with a customer managed key, made here unless the
    caller brings one: the AWS managed key ``alias/aws/sns`` does not let CloudWatch in, so that
    alarms would change colour and nobody would hear of it. Subscribe people with
    ``topic.add_subscription``; ``topic.grant_publish`` lets others publish, key included.

    Args:
        encryption_key: Symmetric key. The policy of an imported key cannot be changed from here:
            let it allow ``cloudwatch.amazonaws.com`` to ``kms:Decrypt`` and
            ``kms:GenerateDataKey``, or no alarm arrives.
        removal_policy: What becomes of a key made here when the stack is deleted; messages are not
            kept, so that nothing is lost with it.
    Source: SNS developer guide, "Managing Amazon SNS encryption keys and costs"; CloudWatch user
        guide, "Notifying users on alarm changes" (read 2026-11-23).
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        encryption_key: kms.IKey | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.DESTROY,
    ) -> None:
        super().__init__(scope, id_)
        self.encryption_key = encryption_key or kms.Key(
            self,
            "Key",
            description="Encrypts what alarms tell the operators",
            enable_key_rotation=True,
            removal_policy=removal_policy,
        )
        self.topic = sns.Topic(self, "Resource", master_key=self.encryption_key, enforce_ssl=True)
        self._let_alarms_publish()

    def _let_alarms_publish(self) -> None:
        stack = Stack.of(self)
        # The TLS rule is a topic policy and takes the place of AWS's own, which let alarms in.
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                principals=[iam.ServicePrincipal(_CLOUDWATCH)],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={
                    "StringEquals": {"aws:SourceAccount": stack.account},
                    "ArnLike": {
                        "aws:SourceArn": stack.format_arn(
                            service="cloudwatch",
                            resource="alarm",
                            resource_name="*",
                            arn_format=ArnFormat.COLON_RESOURCE_NAME,
                        )
                    },
                },
            )
        )
        # AWS documents no source conditions for alarms and keys; a wrong one silences every alarm.
        # Whose alarms publish here is what the topic's policy says.
        self.encryption_key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsEncrypt",
                principals=[iam.ServicePrincipal(_CLOUDWATCH)],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                resources=["*"],
            )
        )
