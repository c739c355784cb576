"""A deployed cloud assembly in an account of its own, as a test speaks to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from constructs_lib.local import ActiveFault, EmbeddedAccount, Fault, InjectedFault
from constructs_lib.local.deployment import Deployment
from constructs_lib.local.deployment.assembly import AssembledStack
from constructs_lib.testing.deployed.bus import EVENT_BUS, DeployedBus
from constructs_lib.testing.deployed.context import Context
from constructs_lib.testing.deployed.dead_letters import DeadLetters
from constructs_lib.testing.deployed.function import FUNCTION, DeployedFunction
from constructs_lib.testing.deployed.mailbox import DeployedMailbox
from constructs_lib.testing.deployed.partner import DeployedPartner
from constructs_lib.testing.deployed.queue import QUEUE, DeployedQueue
from constructs_lib.testing.deployed.resources import Resources
from constructs_lib.testing.deployed.table import GLOBAL_TABLE, TABLE, DeployedTable
from constructs_lib.testing.deployed.workflow import STATE_MACHINE, DeployedWorkflow

if TYPE_CHECKING:
    import boto3

    from constructs_lib.local.clock_control import ClockControl

_DEFAULT_BUS = "default"


class Duet:
    """A deployment and all that a test wants of it; fixtures make it.

    Names are construct paths (``Shop/Checkout``), logical ids, physical ids, or any part of a path
    that means one resource of the type asked for.

    Attributes:
        deployment: The deployed stacks.
    """

    def __init__(
        self,
        source: EmbeddedAccount | boto3.Session,
        assembled: Sequence[AssembledStack],
        deployment: Deployment,
    ) -> None:
        self.deployment = deployment
        self._assembled = assembled
        self._context = Context(source, Resources(assembled, deployment))
        self._queues: dict[str, DeployedQueue] = {}

    def workflow(self, name: str) -> DeployedWorkflow:
        """A Step Functions state machine."""
        return DeployedWorkflow(self._context, self._context.find(name, STATE_MACHINE))

    def bus(self, name: str = _DEFAULT_BUS) -> DeployedBus:
        """An event bus; the account's default bus when not named."""
        if name == _DEFAULT_BUS:
            return DeployedBus(self._context, name)
        resource = self._context.find(name, EVENT_BUS)
        return DeployedBus(self._context, resource.physical_id, resource.region)

    def queue(self, name: str) -> DeployedQueue:
        """An SQS queue."""
        resource = self._context.find(name, QUEUE)
        if resource.path not in self._queues:
            self._queues[resource.path] = DeployedQueue(self._context, resource)
        return self._queues[resource.path]

    def function(self, name: str) -> DeployedFunction:
        """A Lambda function."""
        return DeployedFunction(self._context, self._context.find(name, FUNCTION))

    def table(self, name: str) -> DeployedTable:
        """A DynamoDB table."""
        type_ = GLOBAL_TABLE if self._context.resources.of_type(GLOBAL_TABLE) else TABLE
        return DeployedTable(self._context, self._context.find(name, type_))

    def partner(self, name: str) -> DeployedPartner:
        """A SaaS partner that Duet knows, such as ``freshworks``."""
        return DeployedPartner(self._context, name)

    @cached_property
    def dead_letters(self) -> DeadLetters:
        """All dead-letter queues of the deployment."""
        return DeadLetters(self._context, self._assembled)

    @cached_property
    def mailbox(self) -> DeployedMailbox:
        """What the account has mailed; embedded AWS only."""
        return DeployedMailbox(self._context, self._context.require_embedded("mailbox"))

    @cached_property
    def faults(self) -> Faults:
        """Failures on purpose; embedded AWS only."""
        return Faults(self._context.require_embedded("faults"))

    @property
    def clock(self) -> ClockControl:
        """The account's clock: hold and advance it; embedded AWS only."""
        return self._context.require_embedded("clock").clock

    def client(self, service: str) -> Any:
        """A boto3 client of the account, for what has no helper; the fixture closes it."""
        return self._context.client(service)

    @property
    def outputs(self) -> Mapping[str, str]:
        """The outputs of all stacks by their names; ``deployment.outputs`` has them by stack."""
        return {
            name: value for each in self.deployment.outputs.values() for name, value in each.items()
        }

    def physical_id(self, name: str) -> str:
        """The physical id of a resource of any type.

        Raises:
            LookupError: No resource has that name, or several.
        """
        return self._context.resources.find(name).physical_id

    def trace(self, subject: str) -> str:
        """The journey of an execution (its ARN) or an event (its id), as text."""
        return self._context.trace(subject)

    def close(self) -> None:
        """Close all clients, and show others what the test has read of a real account's queues."""
        self._context.close()


class Faults:
    """Faults of the account, injected into calls whoever makes them."""

    def __init__(self, account: EmbeddedAccount) -> None:
        self._account = account

    def inject(self, fault: Fault) -> ActiveFault:
        """Let calls fail from now on; among several faults the oldest strikes."""
        return self._account.inject(fault)

    def injected(self) -> Sequence[InjectedFault]:
        """Every call that a fault has struck, oldest first."""
        return self._account.injected_faults()

    def clear(self) -> None:
        """Inject nothing more."""
        self._account.clear_faults()
