"""Deploy a cloud assembly through the CloudFormation API: no CDK CLI, no Node.

Nothing here imports ``aws_cdk``: a cloud assembly is a folder of JSON files.
"""

from constructs_lib.local.deployment.deploy import deploy
from constructs_lib.local.deployment.errors import DeployError, Failure
from constructs_lib.local.deployment.events import Progress
from constructs_lib.local.deployment.result import Deployment, StackResult

__all__ = ["DeployError", "Deployment", "Failure", "Progress", "StackResult", "deploy"]
