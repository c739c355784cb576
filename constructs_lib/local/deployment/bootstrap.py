"""The bootstrap version that CDK's templates ask for."""

from __future__ import annotations

from constructs_lib.local.deployment.assembly import AssembledStack
from constructs_lib.local.deployment.errors import DeployError
from constructs_lib.local.deployment.places import Place


def require_bootstrap(stack: AssembledStack, place: Place) -> None:
    """See that the account says the bootstrap version that the stack wants.

    An embedded account is made to say it: there, roles and buckets of the bootstrap are not needed.

    Raises:
        DeployError: A real account is not bootstrapped, or with an older version.
    """
    read_by_template = {
        each.get("Default") for each in stack.template.get("Parameters", {}).values()
    }
    for name, wanted in stack.bootstrap.items():
        if name not in read_by_template or place.bootstrap_version(name) >= wanted:
            continue
        if not place.embedded:
            raise DeployError(
                f"stack {stack.label} needs bootstrap version {wanted}, {name} says "
                f"{place.bootstrap_version(name)}; "
                f"run: cdk bootstrap aws://{place.account_id}/{place.region}"
            )
        place.set_bootstrap_version(name, wanted)
