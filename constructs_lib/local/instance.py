"""The embedded AWS that ``duet up`` runs for a project, so that other commands find it.

Its record is ``.duet/up.json`` in the folder in which ``duet up`` was called, and not in a runtime
folder of the user: the other verbs are called in the same folder, projects side by side never
meet, and who deletes the project deletes the record.

Two ``duet up`` of one folder are kept apart by a lock of the operating system on ``.duet`` itself,
which ends with the process, however that ends. So a record that was left behind blocks nobody:
readers see that its process is gone (its id and the time of its start tell, ids are used again),
and the next ``duet up`` removes it.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil

from constructs_lib.local.account import EmbeddedAccount

#: The folder, in the project's, for all that Duet writes while it runs.
SCRATCH_FOLDER = ".duet"
_RECORD = "up.json"
_UNFINISHED = ".new"
_AWS_FOLDER, _OUTPUT_LOG = "aws", "up.log"
_IGNORE = ".gitignore"
#: The system's time of a start moves a little when its clock is set.
_START_TOLERANCE_SECONDS = 2.0
_START_SECONDS_MAX, _END_SECONDS_MAX = 30.0, 10.0
_TIDY_SECONDS_MAX = 0.5
_POLL_SECONDS = 0.05


class InstanceError(RuntimeError):
    """An embedded AWS runs already for the folder; the message holds the remedy."""


class UnusableFolderError(InstanceError):
    """Nothing can be written in the folder; the message names it."""

    def __init__(self, scratch: Path, error: OSError) -> None:
        super().__init__(
            f"{scratch} must be a folder that duet up can write in, got: {error.strerror}; "
            "make it writable, or remove what is in its place"
        )


@dataclass(frozen=True, kw_only=True)
class Instance:
    """A running ``duet up``.

    Attributes:
        endpoint_url: The endpoint of every AWS service.
        pid: Process id of ``duet up`` (not of the emulator, which ends with it).
        started_at: Start of that process, in seconds since 1970 as the system tells it.
        account_id: The account that the assembly is deployed to.
        region: Its region.
        assembly: The cloud assembly that is deployed and watched.
        stacks: Names of the stacks that were deployed last.
        time_scale: Factor of the clock: 1 is real time, 0 waits for nothing.
        deployment: ``deploying``, ``deployed`` or ``failed``: how the last deployment went.
        log: The emulator's log.
    """

    endpoint_url: str
    pid: int
    started_at: float
    account_id: str
    region: str
    assembly: Path
    stacks: tuple[str, ...] = ()
    time_scale: float = 1.0
    deployment: str = "deploying"
    log: Path | None = None

    @property
    def is_running(self) -> bool:
        """Whether its process lives, and is the one that wrote the record."""
        try:
            process = psutil.Process(self.pid)
            alive = process.status() != psutil.STATUS_ZOMBIE
            return alive and _is_start(process.create_time(), self.started_at)
        except psutil.NoSuchProcess:
            return False

    def account(self) -> EmbeddedAccount:
        """The account that the assembly is deployed to."""
        return EmbeddedAccount(
            account_id=self.account_id, region=self.region, endpoint_url=lambda: self.endpoint_url
        )

    def to_json(self) -> dict[str, object]:
        """What ``from_json`` takes."""
        paths = {"assembly": str(self.assembly), "log": str(self.log) if self.log else None}
        return {**asdict(self), **paths, "stacks": list(self.stacks)}

    @staticmethod
    def from_json(written: Mapping[str, object]) -> Instance:
        """One that ``to_json`` wrote.

        Raises:
            TypeError: A field is missing or unknown: another version of Duet wrote it.
        """
        fields = dict(written)
        log, stacks = fields.get("log"), fields.get("stacks")
        return Instance(
            **{  # type: ignore[arg-type]  # as written
                **fields,
                "assembly": Path(str(fields.get("assembly"))),
                "stacks": tuple(stacks) if isinstance(stacks, Sequence) else (),
                "log": Path(str(log)) if log else None,
            }
        )


def find_instance(folder: Path) -> Instance | None:
    """The instance that runs for a project's folder; None if there is none, or only its record."""
    instance = _read(folder / SCRATCH_FOLDER / _RECORD)
    return instance if instance and instance.is_running else None


class Claim:
    """The right to run the one instance of a folder; see ``claim``."""

    def __init__(self, scratch: Path) -> None:
        #: For the emulator's files.
        self.aws_folder = scratch / _AWS_FOLDER
        #: For what a ``duet up`` without a terminal prints.
        self.output_log = scratch / _OUTPUT_LOG
        self._record = scratch / _RECORD
        self._instance: Instance | None = None

    def record(self, instance: Instance) -> None:
        """Let other commands find the instance; the record is whole or not there."""
        self._instance = instance
        whole = self._record.with_suffix(_UNFINISHED)
        whole.write_text(json.dumps(instance.to_json(), indent=2), encoding="utf-8")
        whole.replace(self._record)

    def update(self, *, deployment: str, stacks: Sequence[str] | None = None) -> None:
        """Change what the record says of the last deployment."""
        assert self._instance is not None  # noqa: S101 - recorded before
        kept = self._instance.stacks if stacks is None else tuple(stacks)
        self.record(replace(self._instance, deployment=deployment, stacks=kept))


@contextmanager
def claim(folder: Path) -> Iterator[Claim]:
    """Be the one ``duet up`` of a folder for the time of a ``with`` block.

    It makes ``.duet`` in the folder, and removes it at the end unless something else is in it.

    Raises:
        InstanceError: Another process is it; nothing was changed.
        UnusableFolderError: ``.duet`` cannot be written.
    """
    scratch = folder / SCRATCH_FOLDER
    lock = _lock(folder, scratch)
    try:
        _remove_files(scratch)
        # Whatever version control the project has, this folder is none of its business.
        (scratch / _IGNORE).write_text("*\n", encoding="utf-8")
    except OSError as error:
        os.close(lock)
        raise UnusableFolderError(scratch, error) from None
    try:
        yield Claim(scratch)
    finally:
        _remove_files(scratch)
        if [entry.name for entry in scratch.iterdir()] == [_IGNORE]:
            (scratch / _IGNORE).unlink()
            with suppress(OSError):  # somebody else puts something there right now
                scratch.rmdir()
        os.close(lock)


def end_instance(folder: Path) -> Instance | None:
    """End the instance of a folder and wait until it has; what it was, None if there was none.

    One that is just starting is ended as soon as it can be found. What a killed one has left is
    removed.

    Raises:
        InstanceError: Another process has the folder and does not say which it is.
    """
    if not (folder / SCRATCH_FOLDER).is_dir():
        return None
    deadline = time.monotonic() + _START_SECONDS_MAX
    while (instance := find_instance(folder)) is None:
        try:
            with claim(folder):
                return None
        except UnusableFolderError:
            raise
        except InstanceError:
            if time.monotonic() > deadline:
                raise
            time.sleep(_POLL_SECONDS)
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.kill(instance.pid, number)
        if _has_ended(instance):
            break
    with suppress(InstanceError), claim(folder):  # another was quick to start: it tidies up itself
        pass
    return instance


def _has_ended(instance: Instance) -> bool:
    """Wait for the end; a process that its parent has not noticed yet (a zombie) has ended too."""
    deadline = time.monotonic() + _END_SECONDS_MAX
    while instance.is_running and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return not instance.is_running


def this_process_started_at() -> float:
    """Start of this process, in seconds since 1970 as the system tells it."""
    return psutil.Process().create_time()


def _lock(folder: Path, scratch: Path) -> int:
    # duet down holds the lock for a moment, to tidy up.
    deadline = time.monotonic() + _TIDY_SECONDS_MAX
    while True:
        try:
            scratch.mkdir(exist_ok=True)
        except OSError as error:
            raise UnusableFolderError(scratch, error) from None
        try:
            lock = os.open(scratch, os.O_RDONLY)
        except FileNotFoundError:  # the last instance has just removed it
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The folder may have been removed meanwhile: a lock on it is worth nothing then.
            if _is_same(lock, scratch):
                return lock
            os.close(lock)
        except BlockingIOError:
            os.close(lock)
            if find_instance(folder) or time.monotonic() > deadline:
                raise InstanceError(_refusal(folder)) from None
            time.sleep(_POLL_SECONDS)


def _is_same(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _refusal(folder: Path) -> str:
    instance = find_instance(folder)
    who = (
        f"process {instance.pid} at {instance.endpoint_url}"
        if instance
        else "another one is starting"
    )
    return (
        f"duet up must run once in a folder, it does already in {folder} ({who}); "
        "run: duet down, or use another folder"
    )


def _remove_files(scratch: Path) -> None:
    record = scratch / _RECORD
    for file in (record, record.with_suffix(_UNFINISHED), scratch / _OUTPUT_LOG):
        file.unlink(missing_ok=True)
    shutil.rmtree(scratch / _AWS_FOLDER, ignore_errors=True)


def _read(path: Path) -> Instance | None:
    try:
        return Instance.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _is_start(seen: float, recorded: float) -> bool:
    return abs(seen - recorded) <= _START_TOLERANCE_SECONDS
