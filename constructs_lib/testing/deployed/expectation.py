"""What a test hears when the deployed system does not do as expected."""

from __future__ import annotations


class ExpectationError(AssertionError):
    """The system did otherwise; the message says what was expected, what came, and the journey."""
