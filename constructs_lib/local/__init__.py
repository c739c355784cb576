"""Run AWS on this machine: an emulator on loopback, started and stopped like any object.

Nothing here imports ``aws_cdk``, which would start Node, and nothing imports boto3 or the emulator
before it is used: the emulator's own process imports this package too.
"""

from constructs_lib.local._process import EmbeddedAwsError
from constructs_lib.local.mailbox import Mail, Mailbox
from constructs_lib.local.server import EmbeddedAws, serve

__all__ = ["EmbeddedAws", "EmbeddedAwsError", "Mail", "Mailbox", "serve"]
