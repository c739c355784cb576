"""Notice when a cloud assembly has been written anew, and only once it is whole."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from watchfiles import watch

_MANIFEST = "manifest.json"
#: The CDK CLI holds this file, with its process id in it, while an app writes into the folder.
#: Source: aws-cdk-cli, toolkit-lib, ``rwlock.ts`` (read 2026-11-27).
_CDK_LOCK = "synth.lock"
#: A change counts once no other has come for this long, or after the longest time.
_QUIET_MS, _LONGEST_MS = 50, 1_600
#: How often it is looked whether the folder itself was replaced, which no watch can tell.
_LOOK_MS = 500


def version_of(folder: Path) -> str | None:
    """What tells one state of an assembly from another; None while it is not whole.

    It is whole when nobody is writing it and its manifest, and all templates and asset manifests
    named there, can be read. Assets are known by what names them: their content's hash.
    """
    if _is_being_written(folder):
        return None
    digest = hashlib.sha256()
    try:
        for file in _files_of(folder):
            content = file.read_bytes()
            json.loads(content)
            digest.update(content)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None
    return digest.hexdigest()


def new_versions(folder: Path, *, since: str | None, stop: threading.Event) -> Iterator[None]:
    """Yield each time the assembly is whole and another than before, until ``stop`` is set.

    The folder may be removed and made again meanwhile.

    Args:
        since: The version that is known already.
        stop: Ends it, within half a second.
    """
    seen = since
    while not stop.is_set():
        for _ in _looks(folder, stop):
            found = version_of(folder)
            if found is not None and found != seen:
                seen = found
                yield
        stop.wait(_LOOK_MS / 1000)


def _looks(folder: Path, stop: threading.Event) -> Iterator[None]:
    """Once at the start (what came before cannot be known) and after each change of a file."""
    first = True
    with suppress(FileNotFoundError), _opened(folder) as watched:
        for changes in watch(
            folder,
            watch_filter=None,
            stop_event=stop,
            debounce=_LONGEST_MS,
            step=_QUIET_MS,
            rust_timeout=_LOOK_MS,
            yield_on_timeout=True,
            # Whatever else changes, each synthesis writes the manifest.
            recursive=False,
        ):
            if changes or first:
                yield
            first = False
            if not os.path.samestat(os.fstat(watched), folder.stat()):
                return


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """A descriptor of the folder: as long as it is open, no other folder gets its number."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _is_being_written(folder: Path) -> bool:
    try:
        return psutil.pid_exists(int((folder / _CDK_LOCK).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return False


def _files_of(folder: Path) -> Iterator[Path]:
    manifest = folder / _MANIFEST
    yield manifest
    for artifact in json.loads(manifest.read_bytes()).get("artifacts", {}).values():
        properties = artifact.get("properties", {})
        match artifact["type"]:
            case "aws:cloudformation:stack":
                yield folder / properties["templateFile"]
            case "cdk:asset-manifest":
                yield folder / properties["file"]
            case "cdk:cloud-assembly":
                yield from _files_of(folder / properties["directoryName"])
