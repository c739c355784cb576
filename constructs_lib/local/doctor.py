"""What a machine has of all that Duet's tools use, and how to get what is missing."""

from __future__ import annotations

import importlib.metadata
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from constructs_lib.local import emulator_python
from constructs_lib.local.cdk_versions import (
    NODE_MAJOR_MIN,
    PINNED_CLI,
    cdk_cli_of,
    is_accident,
    node_of,
)
from constructs_lib.local.extensions.pin import BOTOCORE_VERSION, MINISTACK_VERSION
from constructs_lib.local.instance import SCRATCH_FOLDER, find_instance
from constructs_lib.local.own_environment import OwnEnvironment

#: Of ``duet serve``.
DEFAULT_PORT = 4566
_MAKE = "run: duet doctor --make-environment (or wait for the first start, which does it)"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        about: What it is.
        state: ``ok``; ``warning``, if only some commands miss it or it is only untidy; ``missing``,
            if the embedded AWS cannot do without.
        found: What is there, with its place.
        remedy: What to do; empty if nothing.
    """

    about: str
    state: Literal["ok", "warning", "missing"]
    found: str
    remedy: str = ""

    def to_json(self) -> dict[str, str]:
        """The four attributes by name."""
        return asdict(self)


def examine(folder: Path) -> list[Finding]:
    """Look at this Python's environment, the emulator's, the project in ``folder``, the machine.

    It changes nothing, asks nobody on the network, and starts only ``node`` and a Python that was
    named for the emulator, to ask for their versions.
    """
    return [
        Finding(about="Python", state="ok", found=f"{sys.version.split()[0]} in {sys.prefix}"),
        _node(),
        _cdk_cli(folder),
        _package("aws-cdk-lib", "warning", "pip install cdk-duet"),
        _package("boto3", "missing", "pip install 'cdk-duet[local]'"),
        _emulator(),
        _botocore(),
        _package("moto", "warning", "pip install 'cdk-duet[testing]'"),
        _package("jsonata-python", "warning", "pip install 'cdk-duet[testing]'"),
        _pytest_plugin(),
        _instance(folder),
        _port(),
        _cache(),
    ]


def _node() -> Finding:
    about, remedy = "Node", "run: pip install 'cdk-duet[local]', which brings one"
    node = node_of()
    if node is None:
        return Finding(about=about, state="warning", found="none", remedy=remedy)
    path, version = node
    if version[0] < NODE_MAJOR_MIN:
        return Finding(
            about=about,
            state="warning",
            found=f"{_dotted(version)} at {path}, which is no longer supported",
            remedy=f"{remedy}, or have JSII_NODE name a Node from {NODE_MAJOR_MIN} on",
        )
    return Finding(about=about, state="ok", found=f"{_dotted(version)} at {path}")


def _cdk_cli(folder: Path) -> Finding:
    about, remedy = "CDK CLI", f"run: npm install aws-cdk@{PINNED_CLI}"
    cli = cdk_cli_of(folder)
    if cli is None:
        return Finding(
            about=about, state="warning", found="none in the project or on the path", remedy=remedy
        )
    place, version = cli
    if is_accident(version):
        return Finding(
            about=about,
            state="warning",
            found=f"{version} in {place}, published by accident: it reads no assembly of "
            "aws-cdk-lib 2.275 (aws/aws-cdk issue 38113)",
            remedy=remedy,
        )
    return Finding(about=about, state="ok", found=f"{version} in {place}")


def _package(name: str, without: Literal["warning", "missing"], remedy: str) -> Finding:
    try:
        return Finding(about=name, state="ok", found=importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Finding(about=name, state=without, found="none", remedy=f"run: {remedy}")


def _emulator() -> Finding:
    about, wanted = "MiniStack", f"{MINISTACK_VERSION}, botocore {BOTOCORE_VERSION}"
    try:
        python = emulator_python.find()
    except ValueError as error:
        return Finding(about=about, state="missing", found="none", remedy=str(error))
    if python is None:
        return Finding(
            about=about, state="warning", found=f"none ({wanted} is needed)", remedy=_MAKE
        )
    if python.origin == "the setting" and (version := _ministack_of(python)) != MINISTACK_VERSION:
        return Finding(
            about=about,
            state="missing",
            found=f"{version} in {python.executable} ({emulator_python.SETTING})",
            remedy=f"run: {python.executable} -m pip install 'ministack=={MINISTACK_VERSION}'",
        )
    return Finding(
        about=about, state="ok", found=f"{wanted} in {python.origin}: {python.executable}"
    )


def _ministack_of(python: emulator_python.EmulatorPython) -> str:
    ask = "import importlib.metadata; print(importlib.metadata.version('ministack'))"
    answer = subprocess.run(
        [python.executable, *python.options, "-c", ask], capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() or "none"


def _botocore() -> Finding:
    here = emulator_python.installed_here().get("botocore", "none")
    beside = "the same as" if here == BOTOCORE_VERSION else "apart from"
    return Finding(
        about="botocore", state="ok", found=f"{here}, {beside} the emulator's {BOTOCORE_VERSION}"
    )


def _pytest_plugin() -> Finding:
    about = "pytest plugin"
    if any(
        each.value.startswith("constructs_lib.")
        for each in importlib.metadata.entry_points(group="pytest11")
    ):
        return Finding(about=about, state="ok", found="registered")
    return Finding(
        about=about,
        state="warning",
        found="not registered",
        remedy="run: pip install --force-reinstall --no-deps cdk-duet",
    )


def _instance(folder: Path) -> Finding:
    about = "duet up"
    running = find_instance(folder)
    if running:
        found = f"runs at {running.endpoint_url} (process {running.pid}, {running.deployment})"
        return Finding(about=about, state="ok", found=found)
    scratch = folder / SCRATCH_FOLDER
    if (scratch / "up.json").exists():
        return Finding(
            about=about,
            state="warning",
            found=f"ended without tidying up {scratch}",
            remedy="run: duet down",
        )
    return Finding(about=about, state="ok", found=f"does not run for {folder}")


def _port() -> Finding:
    about = f"port {DEFAULT_PORT}"
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", DEFAULT_PORT))
        except OSError as error:
            return Finding(
                about=about,
                state="warning",
                found=f"cannot be used ({error.strerror})",
                remedy="run: duet serve --port 0, which takes a free one, as duet up does",
            )
    return Finding(about=about, state="ok", found="free for duet serve")


def _cache() -> Finding:
    about, own = "cache", OwnEnvironment()
    environments = sorted(own.cache_folder.glob("ministack-*"))
    found = f"{_megabytes(own.cache_folder)} MB in {own.cache_folder}"
    others = [str(each) for each in environments if each != own.folder]
    if not others:
        return Finding(about=about, state="ok", found=found)
    return Finding(
        about=about,
        state="warning",
        found=f"{found}, {len(others)} environments of other versions of Python or Duet",
        remedy=f"if they are not used any more, run: rm -r {' '.join(others)}",
    )


def _megabytes(folder: Path) -> int:
    return round(sum(_sizes(folder)) / 1_000_000)


def _sizes(folder: Path) -> Iterator[int]:
    for parent, _folders, files in os.walk(folder):
        for name in files:
            yield Path(parent, name).lstat().st_size


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
