"""The entry of a contract in the EventBridge schema registry."""

import json

from constructs_lib.contracts._envelope import envelope_schema
from constructs_lib.contracts._older_drafts import in_older_draft
from constructs_lib.contracts.event_contract import EventContract
from constructs_lib.rules import ConfigError

#: Source: EventBridge schema registry API reference, CreateSchema (botocore 1.43.106).
CONTENT_MAX_CHARACTERS = 100_000


def registry_schema(contract: EventContract) -> str:
    """The whole event's schema as the registry takes it: JSON Schema draft 4, as JSON text.

    The registry takes OpenAPI 3.0 and JSON Schema draft 4 only. Draft 4 says more of a 2020-12
    schema (null as a type, lists of fixed items) and is what AWS exports its own schemas in.

    Raises:
        ConfigError: Draft 4 has no word for a part of the detail's schema, or it is too long.
    Source: EventBridge user guide, "Creating an event schema"; AWS CLI reference, export-schema
        (read 2026-11-23).
    """
    place = "#/definitions/"
    definitions = in_older_draft(contract.detail_schema(), name=contract.name, draft=4, place=place)
    text = json.dumps(
        {
            "$schema": "http://json-schema.org/draft-04/schema#",
            "title": contract.detail_type,
            "x-amazon-events-detail-type": contract.detail_type,
            "x-amazon-events-source": contract.source,
            **envelope_schema(
                source=contract.source,
                detail_type=contract.detail_type,
                detail=place + contract.name,
            ),
            "definitions": definitions,
        }
    )
    if len(text) > CONTENT_MAX_CHARACTERS:
        raise ConfigError(
            f"the schema of {contract.name} must have at most {CONTENT_MAX_CHARACTERS} characters, "
            f"got {len(text)}; publish less detail, or where to find it"
        )
    return text
