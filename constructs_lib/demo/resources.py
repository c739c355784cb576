"""Where the deployed example is: the outputs of its stacks."""

from dataclasses import dataclass, fields

from constructs_lib.local import EmbeddedAws


@dataclass(frozen=True, kw_only=True)
class ExampleResources:
    """Names and addresses that the example's stacks put out."""

    app_bus_arn: str
    archive_arn: str
    replay_workflow_arn: str
    onboarding_table_name: str
    analytics_queue_url: str
    support_queue_url: str
    sign_up_state_machine_arn: str
    confirm_email_state_machine_arn: str
    triage_state_machine_arn: str
    crm_api_destination_name: str

    @property
    def archive_name(self) -> str:
        """The archive's name, which EventBridge asks for where it does not take the ARN."""
        return self.archive_arn.rsplit("/", 1)[-1]


class ResourcesError(RuntimeError):
    """The deployed stacks lack an output that the demo needs."""


def find_example_resources(aws: EmbeddedAws) -> ExampleResources:
    """Read the outputs of every stack; CDK writes ``AppBusArn`` for ``app_bus_arn``.

    Raises:
        ResourcesError: An output is missing.
    """
    outputs = {
        output["OutputKey"]: output["OutputValue"]
        for stack in aws.client("cloudformation").describe_stacks()["Stacks"]
        for output in stack.get("Outputs", [])
    }
    wanted = {
        field.name: "".join(part.capitalize() for part in field.name.split("_"))
        for field in fields(ExampleResources)
    }
    missing = sorted(set(wanted.values()) - outputs.keys())
    if missing:
        raise ResourcesError(
            f"the stacks must put out {', '.join(missing)}, these outputs are missing; synthesize "
            "the example app as it is, with: cdk synth -c duet:mailSender=sign-up@example.com "
            "-c duet:crmEndpoint=https://crm.example/contacts"
        )
    return ExampleResources(**{name: outputs[output] for name, output in wanted.items()})
