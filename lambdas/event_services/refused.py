"""An AWS service's answer that trying again would not change."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError


class Refused(Exception):  # noqa: N818 - an answer, not an error of ours
    """A call was refused for good; ``error`` is the name that Step Functions has for it."""

    def __init__(self, error: str) -> None:
        super().__init__(error)
        self.error = error


@contextmanager
def refusals(service: str, codes: frozenset[str]) -> Iterator[None]:
    """Turn errors with these codes into ``Refused``; the queue brings the event back for others."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code not in codes:
            raise
        raise Refused(f"{service}.{code}") from None


@contextmanager
def ignored(*codes: str) -> Iterator[None]:
    """Count errors with these codes as success."""
    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in codes:
            raise
