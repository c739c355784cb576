"""The example app: three stacks, no network, git or credentials needed at synth."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import App, Tags

from stacks.choreography_stack import ChoreographyStack
from stacks.hybrid_stack import HybridStack
from stacks.orchestration_stack import OrchestrationStack

PROJECT_FOLDER = Path(__file__).parent
PARTNER_SOURCE_CONTEXT_KEY = "duet:freshdeskEventSourceName"
MAIL_SENDER_CONTEXT_KEY = "duet:mailSender"


def build_app(*, outdir: str | None = None, context: Mapping[str, str] | None = None) -> App:
    """Compose the example; feature flags come from ``cdk.json`` however the app is started."""
    settings = json.loads((PROJECT_FOLDER / "cdk.json").read_text(encoding="utf-8"))
    app = App(outdir=outdir, context={**settings["context"], **(context or {})})
    choreography = ChoreographyStack(app, "DuetChoreography")
    orchestration = OrchestrationStack(
        app,
        "DuetOrchestration",
        event_bus=choreography.event_bus,
        mail_sender=app.node.try_get_context(MAIL_SENDER_CONTEXT_KEY),
    )
    HybridStack(
        app,
        "DuetHybrid",
        event_bus=choreography.event_bus,
        users_table=orchestration.users_table,
        freshdesk_event_source_name=app.node.try_get_context(PARTNER_SOURCE_CONTEXT_KEY),
    )
    Tags.of(app).add("project", "duet-example")
    return app


if __name__ == "__main__":
    build_app(outdir=os.environ.get("CDK_OUTDIR", "cdk.out")).synth()
