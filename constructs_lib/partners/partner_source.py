"""A SaaS partner whose events EventBridge receives, as data."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from constructs_lib.partners.evidence import EvidenceOfFields
from constructs_lib.partners.limits import NAME
from constructs_lib.partners.sample_event import SampleEvent
from constructs_lib.partners.source_name_form import SourceNameForm
from constructs_lib.rules import ConfigError

_PREFIX = "aws.partner/"
_STAND_IN_PREFIX = "stand-in.partner/"
_ANY_FORM = SourceNameForm()


@dataclass(frozen=True, kw_only=True)
class PartnerSource:
    """A SaaS partner that publishes to EventBridge.

    Args:
        domain: The partner's part of an event source name.
        documentation: Where the partner or AWS describes the integration.
        name: What people call the partner; the domain when not given.
        source_name_form: What follows the partner's prefix in an event source name.
        connect: What to do on the partner's side, step by step.
        samples: Events as the partner sends them.
        evidence: What names and samples rest on.
    """

    domain: str
    documentation: str
    name: str = ""
    source_name_form: SourceNameForm = _ANY_FORM
    connect: tuple[str, ...] = ()
    samples: tuple[SampleEvent, ...] = ()
    evidence: tuple[EvidenceOfFields, ...] = ()

    @property
    def source_prefix(self) -> str:
        """What the ``source`` of this partner's events starts with."""
        return f"{_PREFIX}{self.domain}/"

    @property
    def stand_in_source_prefix(self) -> str:
        """What simulated events start with: AWS refuses ``aws.`` sources from customers."""
        return f"{_STAND_IN_PREFIX}{self.domain}/"

    @property
    def example_source_name(self) -> str:
        """An event source name as this partner forms it."""
        return self.source_prefix + self.source_name_form.example

    def require_source_name(self, value: object, *, argument: str = "event_source_name") -> None:
        """Refuse what is no name of an event source of this partner.

        Raises:
            ConfigError: With the nearest name that would do, or an example where none is near.
        """
        if self._is_source_name(value):
            return
        repaired = self._repaired(value) if isinstance(value, str) else ()
        near = next(filter(self._is_source_name, repaired), None)
        hint = f"did you mean {near!r}?" if near else f"such as {self.example_source_name!r}"
        raise ConfigError(
            f"{argument} must start with {self.source_prefix!r} and go on with "
            f"{self.source_name_form.rule}, {NAME.value} characters in all, "
            f"got {value!r}; {hint}; copy it from 'aws events list-event-sources', or leave it out "
            "to deploy a stand-in bus"
        )

    def partner_entry(
        self, sample: SampleEvent, *, event_source_name: str | None = None
    ) -> dict[str, object]:
        """An entry of PutPartnerEvents, which only partners call, and the embedded AWS.

        Raises:
            ConfigError: ``event_source_name`` is none of this partner's.
        """
        source = event_source_name or self.example_source_name
        self.require_source_name(source)
        return sample.entry(event_source_name=source)

    def simulated_entry(
        self,
        sample: SampleEvent,
        *,
        event_bus_name: str,
        event_source_name: str | None = None,
    ) -> dict[str, object]:
        """An entry of PutEvents that simulates the partner's event on a stand-in bus.

        Args:
            sample: The event.
            event_bus_name: The stand-in bus.
            event_source_name: The source that is simulated; an example when not given.
        Raises:
            ConfigError: ``event_source_name`` is none of this partner's.
        """
        entry = self.partner_entry(sample, event_source_name=event_source_name)
        rest = str(entry["Source"]).removeprefix(self.source_prefix)
        return {
            **entry,
            "Source": self.stand_in_source_prefix + rest,
            "EventBusName": event_bus_name,
        }

    def _is_source_name(self, value: object) -> bool:
        pattern = re.escape(self.source_prefix) + f"(?:{self.source_name_form.pattern})"
        return (
            isinstance(value, str)
            and len(value) <= NAME.value
            and re.fullmatch(pattern, value) is not None
        )

    def _repaired(self, value: str) -> Iterator[str]:
        """What may have been meant: an ARN's name, another case, spaces, or the rest alone."""
        text = re.sub(r"^arn:[^/]*:(?:event-source|event-bus)/", "", value.strip()).strip("/")
        rest = text.removeprefix(_STAND_IN_PREFIX).removeprefix(_PREFIX)
        if rest.lower().startswith(f"{self.domain.lower()}/"):
            rest = rest[len(self.domain) + 1 :]
        elif rest != text:
            return  # another partner's
        for form in (rest, rest.replace(" ", "-"), rest.lower()):
            yield self.source_prefix + form
