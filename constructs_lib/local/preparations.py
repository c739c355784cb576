"""What an assembly expects of its account that no template makes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

from constructs_lib.local.account import EmbeddedAccount
from constructs_lib.local.deployment.assembly import AssembledStack

_PARTNER_PREFIX = "aws.partner/"


def offer_partner_sources(
    aws: EmbeddedAccount, stacks: Sequence[AssembledStack], parameters: Mapping[str, str]
) -> list[str]:
    """Offer the event sources of all partner buses of the stacks, as their partners would.

    AWS makes a partner bus only where a source of its name is offered to the account.

    Returns:
        The names of those that were not there before.
    """
    offered = []
    for stack in stacks:
        place = aws.account(stack.account, region=stack.region or aws.region)
        with closing(place.client("events")) as events:
            for name in sorted(set(source_names(stack, parameters))):
                try:
                    events.create_partner_event_source(Name=name, Account=place.account_id)
                except events.exceptions.ResourceAlreadyExistsException:
                    continue
                offered.append(name)
    return offered


def verify_senders(aws: EmbeddedAccount, senders: Iterable[str]) -> None:
    """Make addresses or domains verified identities of SES: there is no link to click here."""
    with closing(aws.client("sesv2")) as mails:
        for sender in senders:
            mails.create_email_identity(EmailIdentity=sender)


def source_names(stack: AssembledStack, parameters: Mapping[str, str]) -> Iterator[str]:
    """The event sources that the partner buses of a stack and its nested ones name."""
    for template in stack.templates():
        for resource in template.get("Resources", {}).values():
            if resource.get("Type") == "AWS::Events::EventBus":
                written = resource.get("Properties", {}).get("EventSourceName")
                name = _value(written, stack, template, parameters)
                if name.startswith(_PARTNER_PREFIX):
                    yield name


def _value(
    written: object,
    stack: AssembledStack,
    template: Mapping[str, Any],
    parameters: Mapping[str, str],
) -> str:
    """A text of the template, or the value of the parameter that stands for it; else nothing."""
    if not isinstance(written, Mapping):
        return str(written)
    name = str(written.get("Ref"))
    declared = template.get("Parameters", {}).get(name, {})
    given = parameters.get(f"{stack.name}:{name}", parameters.get(name))
    return str(given or stack.parameters.get(name) or declared.get("Default", ""))
