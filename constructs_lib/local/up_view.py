"""What ``duet up`` shows on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from constructs_lib.local.deployment import Deployment
from constructs_lib.local.deployment import Progress as Step
from constructs_lib.local.deployment.assembly import AssembledStack
from constructs_lib.local.deployment.outputs import told_outputs
from constructs_lib.local.instance import Claim
from constructs_lib.local.server import EmbeddedAws
from constructs_lib.local.up import UpPlan


class UpView:
    """Tells of a ``duet up`` as it goes.

    Args:
        plan: What it runs.
        console: Where it is told; progress bars go there as well.
        on_deployed: Shows what a deployment has made.
        on_failed: Hears why one has failed, besides what is told here.
        on_settled: Called once the first deployment is over, before the wait is told.
    """

    def __init__(
        self,
        plan: UpPlan,
        console: Console,
        *,
        on_deployed: Callable[[Deployment], None],
        on_failed: Callable[[str], None],
        on_settled: Callable[[Claim], None],
    ) -> None:
        self._plan = plan
        self._console = console
        self._on_deployed = on_deployed
        self._on_failed = on_failed
        self._on_settled = on_settled
        self._bar: Progress | None = None
        self._done: set[tuple[str, str]] = set()

    def serving(self, aws: EmbeddedAws) -> None:
        """Say where it serves."""
        self._say(f"the embedded AWS serves at {aws.endpoint_url} (account {aws.account_id})")
        for sender in self._plan.verified_senders:
            self._say(f"mail may be sent from {sender}")

    def offered(self, source_name: str) -> None:
        """Say what the partner has not done."""
        self._say(f"offered the event source {source_name}, as the partner does on AWS")

    def kept(self, name: str) -> None:
        """Say the name of a secret or parameter, never its value."""
        self._say(f"made {name}, with the value given")

    def deploying(self, stacks: Sequence[AssembledStack]) -> None:
        """Show a bar."""
        chosen = [s for s in stacks if not self._plan.stacks or s.name in self._plan.stacks]
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self._done.clear()
        self._bar = Progress(
            *columns,
            console=self._console,
            transient=True,
            disable=not self._console.is_terminal,
        )
        self._bar.start()
        self._bar.add_task(
            "deploying", total=sum(len(stack.template.get("Resources", {})) for stack in chosen)
        )

    def progress(self, progress: Step) -> None:
        """Move the bar."""
        if self._bar and progress.status.endswith("_COMPLETE") and progress.path != progress.stack:
            self._done.add((progress.stack, progress.path))
            (task,) = self._bar.task_ids
            self._bar.update(task, completed=len(self._done), description=escape(progress.stack))

    def deployed(self, deployment: Deployment) -> None:
        """Show what there is now."""
        self._end_bar()
        for stack in deployment.stacks.values():
            what = f"deployed in {stack.seconds:.1f} s" if stack.changed else "has not changed"
            self._say(f"{stack.name} {what}", style="green" if stack.changed else None)
        self._on_deployed(deployment)

    def failed(self, reason: str) -> None:
        """Show why; it is no end."""
        self._end_bar()
        self._say(reason, style="red")
        self._on_failed(reason)

    def settled(self, claim: Claim) -> None:
        """Say what it waits for."""
        self._on_settled(claim)
        wait = f"watching {self._plan.assembly}: " if self._plan.watches else ""
        self._say(f"{wait}Ctrl-C or duet down ends it")

    def ended(self) -> None:
        """Say that nothing is left."""
        self._end_bar()
        self._say("the embedded AWS has stopped")

    def _end_bar(self) -> None:
        if self._bar:
            self._bar.stop()
            self._bar = None

    def _say(self, text: str, *, style: str | None = None) -> None:
        self._console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def outputs_table(outputs: Mapping[str, Mapping[str, str]]) -> Table:
    """The outputs of stacks that people wrote."""
    table = Table("stack", "output", "value", title="Outputs", title_justify="left")
    for stack, of_stack in outputs.items():
        for key, value in told_outputs(of_stack).items():
            table.add_row(escape(stack), escape(key), escape(value))
    table.columns[2].overflow = "fold"
    return table
