"""Where commands write: results on standard output, all else on standard error."""

from rich.console import Console


def result_console() -> Console:
    """For results. Names of AWS are no emoji: ``:secret:`` in an ARN stays what it is."""
    return Console(emoji=False)


def message_console() -> Console:
    """For progress, remarks and errors."""
    return Console(stderr=True, emoji=False)
