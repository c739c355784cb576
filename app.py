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
CRM_ENDPOINT_CONTEXT_KEY = "duet:crmEndpoint"
CRM_SECRET_CONTEXT_KEY = "duet:crmSecretName"  # noqa: S105 - the name of a setting
_CRM_SECRET = "duet/crm"  # noqa: S105 - a name


def build_app(*, outdir: str | None = None, context: Mapping[str, str] | None = None) -> App:
    """Compose the example; feature flags come from ``cdk.json`` however the app is started."""
    settings = json.loads((PROJECT_FOLDER / "cdk.json").read_text(encoding="utf-8"))
    app = App(outdir=outdir, context={**settings["context"], **(context or {})})
    mail_sender = app.node.try_get_context(MAIL_SENDER_CONTEXT_KEY)
    choreography = ChoreographyStack(app, "DuetChoreography", mail_sender=mail_sender)
    orchestration = OrchestrationStack(
        app,
        "DuetOrchestration",
        event_bus=choreography.event_bus,
        operations=choreography.operations,
        mail_sender=mail_sender,
    )
    hybrid = HybridStack(
        app,
        "DuetHybrid",
        event_bus=choreography.event_bus,
        users_table=orchestration.users_table,
        operations=choreography.operations,
        freshdesk_event_source_name=app.node.try_get_context(PARTNER_SOURCE_CONTEXT_KEY),
        crm_endpoint=app.node.try_get_context(CRM_ENDPOINT_CONTEXT_KEY),
        crm_secret_name=app.node.try_get_context(CRM_SECRET_CONTEXT_KEY) or _CRM_SECRET,
    )
    choreography.operations.add_dashboard(hybrid, "Dashboard")
    Tags.of(app).add("project", "duet-example")
    return app


if __name__ == "__main__":
    # CDK keeps the line of this program that made each resource, and duet check names it.
    os.environ.setdefault("JSII_HOST_STACK_TRACES", "1")
    build_app(outdir=os.environ.get("CDK_OUTDIR", "cdk.out")).synth()
