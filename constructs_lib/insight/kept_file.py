"""Files that one command leaves for another: runs and comparisons, each with its version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from constructs_lib.insight.errors import InsightError

if TYPE_CHECKING:
    from pydantic import TypeAdapter


class _Versioned(Protocol):
    @property
    def version(self) -> int: ...


_T = TypeVar("_T", bound=_Versioned)


def save(value: _T, file: Path, *, adapter: TypeAdapter[_T]) -> None:
    """Write a value as JSON; its folder is made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(adapter.dump_json(value, indent=1))


def load(
    file: Path, *, adapter: TypeAdapter[_T], version: int, what: str, make: str, again: str
) -> _T:
    """Read a value.

    Args:
        version: The one that is written now.
        what: What such a file is called in messages.
        make, again: What a person does for a first one, and for another one.
    Raises:
        InsightError: The file cannot be read, or was written by another version.
    """
    try:
        value = adapter.validate_json(file.read_bytes())
    except OSError as error:
        raise InsightError(f"{file} cannot be read: {error.strerror}; {make}") from error
    except ValueError as error:
        first = str(error).splitlines()[0]
        raise InsightError(f"{file} is no {what}: {first}; {again}") from error
    if value.version != version:
        raise InsightError(
            f"{file} has version {value.version}, this is version {version}; {again}"
        )
    return value
