"""Run AWS on this machine: an emulator on loopback, started and stopped like any object.

Nothing here imports ``aws_cdk``, which would start Node, and nothing imports boto3 or the emulator
before it is used: the emulator's own process imports this package too.
"""

from constructs_lib.local._fault_control import ActiveFault
from constructs_lib.local._process import EmbeddedAwsError
from constructs_lib.local.account import EmbeddedAccount
from constructs_lib.local.deployment import DeployError, Deployment, deploy
from constructs_lib.local.faults import Fault, InjectedFault
from constructs_lib.local.mailbox import Mail, Mailbox
from constructs_lib.local.server import EmbeddedAws, serve

__all__ = [
    "ActiveFault",
    "DeployError",
    "Deployment",
    "EmbeddedAccount",
    "EmbeddedAws",
    "EmbeddedAwsError",
    "Fault",
    "InjectedFault",
    "Mail",
    "Mailbox",
    "deploy",
    "serve",
]
