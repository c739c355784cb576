"""A span of time, as an operator writes it."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class TimeWindowError(ValueError):
    """The text is no window; the message says how to write one."""


@dataclass(frozen=True, kw_only=True)
class TimeWindow:
    """From ``start`` until before ``end``, both in UTC."""

    start: datetime
    end: datetime

    @classmethod
    def parse(
        cls, *, start: str | None, end: str | None, last: str | None, now: datetime
    ) -> "TimeWindow":
        """The window from ``start`` to ``end`` (``now`` if it is left out), or the ``last`` time.

        Raises:
            TimeWindowError: Both or neither of ``start`` and ``last`` are given, or one is unclear.
        """
        if (start is None) == (last is None) or (last is not None and end is not None):
            raise TimeWindowError(
                "the window must be given by --from and --to, or by --last alone; "
                "for example --last 2h, or --from 2026-11-23T10:00:00Z --to 2026-11-23T12:00:00Z"
            )
        if last is not None:
            return cls(start=now - _duration(last), end=now)
        assert start is not None  # noqa: S101 - or there was neither
        window = cls(
            start=_instant("--from", start), end=now if end is None else _instant("--to", end)
        )
        if window.start >= window.end:
            raise TimeWindowError(
                f"--from must be before --to, got {instant_text(window.start)} to "
                f"{instant_text(window.end)}; change them round"
            )
        return window

    def share_before(self, instant: datetime) -> float:
        """How much of the window lies before an instant, 0 to 1."""
        share = (instant - self.start) / (self.end - self.start)
        return min(max(share, 0.0), 1.0)


def instant_text(instant: datetime) -> str:
    """An instant as workflows read it: ISO 8601 in UTC, with milliseconds."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _instant(option: str, text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise TimeWindowError(
            f"{option} must be an instant in ISO 8601 with its offset, got {text!r}; "
            "write for example 2026-11-23T10:00:00Z"
        )
    return instant.astimezone(UTC)


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", text)
    if match is None:
        raise TimeWindowError(
            f"--last must be a whole number of s, m, h or d, got {text!r}; write for example 2h"
        )
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
