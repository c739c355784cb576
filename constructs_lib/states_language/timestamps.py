"""Points in time as workflows write them: ISO 8601 with a ``T`` and an offset."""

import re
from datetime import datetime

_TIMESTAMP = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII
)


def parsed_timestamp(value: object) -> datetime | None:
    """``value`` as a point in time; None if it is none, or has no offset."""
    found = _TIMESTAMP.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    seconds, fraction, offset = found.groups(default="")
    try:
        return datetime.fromisoformat(seconds + fraction[:7] + offset)
    except ValueError:
        return None
