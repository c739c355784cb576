"""The event around the detail, as EventBridge delivers it."""

_TEXT = {"type": "string"}


def envelope_schema(*, source: str, detail_type: str, detail: str) -> dict[str, object]:
    """JSON Schema (any draft from 4 to 7) of a whole event.

    Args:
        source: The only source.
        detail_type: The only detail type.
        detail: Reference to the detail's schema.
    Source: EventBridge user guide, "Event structure reference" (read 2026-11-23).
    """
    return {
        "type": "object",
        "required": [
            *("version", "id", "detail-type", "source", "account", "time", "region"),
            *("resources", "detail"),
        ],
        "properties": {
            "version": _TEXT,
            "id": _TEXT,
            "detail-type": {"type": "string", "enum": [detail_type]},
            "source": {"type": "string", "enum": [source]},
            "account": _TEXT,
            "time": {"type": "string", "format": "date-time"},
            "region": _TEXT,
            "resources": {"type": "array", "items": _TEXT},
            "replay-name": {
                "type": "string",
                "description": "The replay that delivers the event again; absent otherwise.",
            },
            "detail": {"$ref": detail},
        },
    }
