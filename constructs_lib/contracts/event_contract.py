"""What publisher and consumers of an event agree on, written once."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypedDict, cast

from pydantic import TypeAdapter, create_model
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError

from constructs_lib.contracts._detail import check_template, checked_json
from constructs_lib.rules import ConfigError, require_event_source, require_match

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.parser.models import EventBridgeModel

#: PutEvents takes entries below this size.
#: Source: EventBridge API reference, PutEvents, "less than 1MB" (botocore 1.43.106).
ENTRY_BYTES_LIMIT = 1_048_576
_BYTES_OF_TIME = 14


class PutEventsEntry(TypedDict, total=False):
    """One entry of a PutEvents request, as boto3 takes it; the first three are always there."""

    Source: str
    DetailType: str
    Detail: str
    EventBusName: str
    Resources: Sequence[str]
    Time: datetime | str
    TraceHeader: str


@dataclass(frozen=True, kw_only=True, eq=False)
class EventContract:
    """The contract of one event: its name and version, who publishes it, what its detail holds.

    A minor version adds what consumers may ignore; a major version may break them. Its number is
    part of ``detail_type`` from the second on (``UserSignedUp``, ``UserSignedUp.v2``): EventBridge
    has no field for a version, and whoever follows one major must not get another by surprise.
    Minor versions are not on the wire.

    Args:
        name: What happened, a past fact in PascalCase: ``UserSignedUp``.
        version: ``major.minor``.
        source: The service that publishes it; must not start with ``aws.``.
        detail_model: pydantic model or stdlib dataclass of the detail.
        description: What the event says, for documentation and registry.
        examples: Sample details, as instances of the model or mappings.
    Raises:
        ConfigError: A name breaks a rule, the model has no JSON Schema of an object, or an example
            does not fit the model.
    Source: EventBridge API reference, PutEvents (read 2026-11-23).
    """

    name: str
    version: str = "1.0"
    source: str
    detail_model: type
    description: str = ""
    examples: Sequence[object] = ()

    def __post_init__(self) -> None:
        """Refuse a contract that EventBridge, JSON Schema or its own examples contradict."""
        require_match(
            "name",
            self.name,
            r"[A-Z][A-Za-z0-9]{0,59}",
            rule="be 1 to 60 letters and digits in PascalCase",
            remedy="name what happened, for example 'UserSignedUp'",
        )
        require_match(
            "version",
            self.version,
            r"[1-9][0-9]{0,3}\.(0|[1-9][0-9]{0,3})",
            rule="be 'major.minor' with a major of 1 or more",
            remedy="start with '1.0'",
        )
        require_event_source(self.source, argument="source")
        self._require_object()
        for index, example in enumerate(self.examples):
            try:
                self._json(example)
            except ConfigError as error:
                raise ConfigError(f"examples[{index}]: {error}") from None

    @property
    def major(self) -> int:
        """The part of the version whose change breaks consumers."""
        return int(self.version.partition(".")[0])

    @property
    def detail_type(self) -> str:
        """The event's ``detail-type``: the name, with the major version from the second on."""
        return self.name if self.major == 1 else f"{self.name}.v{self.major}"

    @property
    def pattern(self) -> dict[str, list[str]]:
        """The event pattern, as JSON has it, that matches this event and no other."""
        return {"source": [self.source], "detail-type": [self.detail_type]}

    def detail_schema(self) -> dict[str, object]:
        """The detail's JSON Schema (2020-12), with the names of the wire."""
        schema = self._schema
        described = {"description": self.description} if self.description else {}
        examples = [self._wire(example) for example in self.examples]
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": f"urn:event:{self.source}:{self.name}:{self.version}",
            **schema,
            "title": self.name,
            **described,
            **({"examples": examples} if examples else {}),
        }

    def entry(
        self,
        detail: object,
        *,
        event_bus_name: str | None = None,
        resources: Sequence[str] = (),
        time: datetime | None = None,
        trace_header: str | None = None,
    ) -> PutEventsEntry:
        """A PutEvents entry with a checked detail.

        Args:
            detail: Instance of ``detail_model``, or a mapping with the field names of the wire.
            event_bus_name: Name or ARN of the bus; the account's default bus without one.
            resources: ARNs that the event is about.
            time: When it happened; when it is published by default.
            trace_header: X-Ray trace header.
        Raises:
            ConfigError: A field breaks a rule, is missing or is not declared, or the entry is
                larger than EventBridge takes.
        Source: EventBridge user guide, "Calculating PutEvents event entry size" (read 2026-11-23).
        """
        entry = PutEventsEntry(
            Source=self.source, DetailType=self.detail_type, Detail=self._json(detail)
        )
        texts = [*entry.values(), *resources]
        size = sum(len(str(text).encode()) for text in texts) + (_BYTES_OF_TIME if time else 0)
        if size >= ENTRY_BYTES_LIMIT:
            raise ConfigError(
                f"the entry must be smaller than {ENTRY_BYTES_LIMIT} bytes, got {size}; "
                "store the large part in S3 and publish where it is"
            )
        if event_bus_name is not None:
            entry["EventBusName"] = event_bus_name
        if resources:
            entry["Resources"] = list(resources)
        if time is not None:
            entry["Time"] = time
        if trace_header is not None:
            entry["TraceHeader"] = trace_header
        return entry

    def check_template(
        self, detail: Mapping[str, object], *, is_known_later: Callable[[object], bool]
    ) -> None:
        """Check a detail before all of its values are known, as at synth.

        Args:
            detail: Mapping with the field names of the wire.
            is_known_later: Whether a value is an expression or a token.
        Raises:
            ConfigError: A required field is missing, a field is not declared, or a value that is
                known breaks a rule.
        """
        check_template(self._adapter, detail, of=self._label, is_known_later=is_known_later)

    def parser_model(self) -> type["EventBridgeModel"]:
        """A Powertools model of the whole event with a typed detail, for consumers.

        It refuses events of another source or detail type. Needs ``aws-lambda-powertools[parser]``.
        """
        from aws_lambda_powertools.utilities.parser.models import EventBridgeModel

        fields = EventBridgeModel.model_fields
        return create_model(
            f"{self.name}Event",
            __base__=EventBridgeModel,
            source=(cast(type, Literal[self.source]), fields["source"]),
            detail_type=(cast(type, Literal[self.detail_type]), fields["detail_type"]),
            detail=(self.detail_model, fields["detail"]),
        )

    def sample_event(
        self,
        detail: object = None,
        *,
        event_id: str = "00000000-0000-4000-8000-000000000001",
        time: datetime | None = None,
        account: str = "123456789012",
        region: str = "us-east-1",
        replay_name: str | None = None,
    ) -> dict[str, object]:
        """A whole event as consumers get it, for tests; the first example is its detail by default.

        Raises:
            ConfigError: The detail does not fit, or there is neither a detail nor an example.
        """
        if detail is None:
            if not self.examples:
                raise ConfigError(
                    f"detail must be given, got None; {self._label} has no example to take instead"
                )
            detail = self.examples[0]
        moment = time or datetime(2026, 1, 1, tzinfo=UTC)
        replayed = {} if replay_name is None else {"replay-name": replay_name}
        return {
            "version": "0",
            "id": event_id,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": account,
            "time": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": region,
            "resources": [],
            **replayed,
            "detail": self._wire(detail),
        }

    @property
    def _label(self) -> str:
        return f"{self.name} {self.version}"

    @cached_property
    def _adapter(self) -> TypeAdapter[object]:
        try:
            return TypeAdapter(self.detail_model)
        except PydanticSchemaGenerationError as error:
            raise self._no_model(error.message) from None

    @cached_property
    def _schema(self) -> dict[str, object]:
        try:
            return self._adapter.json_schema(by_alias=True)
        except PydanticInvalidForJsonSchema as error:
            raise self._no_model(error.message) from None

    def _no_model(self, reason: str) -> ConfigError:
        return ConfigError(
            "detail_model must be a pydantic model or dataclass with a JSON Schema, "
            f"got {self.detail_model!r}; {reason.splitlines()[0]}"
        )

    def _require_object(self) -> None:
        schema = self._schema
        if isinstance(reference := schema.get("$ref"), str):
            definitions = cast(Mapping[str, Mapping[str, object]], schema["$defs"])
            schema = dict(definitions[reference.removeprefix("#/$defs/")])
        if schema.get("type") != "object" or "properties" not in schema:
            raise self._no_model("EventBridge takes JSON objects only: give it fields")

    def _json(self, detail: object) -> str:
        is_model = isinstance(detail, self.detail_model)
        return checked_json(self._adapter, detail, of=self._label, is_model=is_model)

    def _wire(self, detail: object) -> object:
        return json.loads(self._json(detail))
