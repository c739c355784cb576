"""A deployed cloud assembly as tests speak to it; the pytest plugin's fixtures hand it out.

``Duet`` is what the fixtures are, for annotations; the rest is what its methods return and take.
Nothing here loads boto3 before it is used.
"""

from constructs_lib.testing.deployed.duet import Duet
from constructs_lib.testing.deployed.expectation import ExpectationError
from constructs_lib.testing.deployed.matching import PublishedEvent
from constructs_lib.testing.deployed.queue import Message
from constructs_lib.testing.deployed.workflow import StartedWorkflow, WorkflowResult

__all__ = [
    "Duet",
    "ExpectationError",
    "Message",
    "PublishedEvent",
    "StartedWorkflow",
    "WorkflowResult",
]
