"""When a cloud assembly counts as written anew."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from constructs_lib.local.assembly_watch import new_versions, version_of
from tests.assemblies import Assembly, queue


@pytest.fixture
def assembly(tmp_path: Path) -> Assembly:
    (tmp_path / "cdk.out").mkdir()
    assembly = Assembly(tmp_path / "cdk.out")
    assembly.stack("Shop", {"Orders": queue()})
    return assembly


def test_the_same_content_is_the_same_version(assembly: Assembly) -> None:
    before = version_of(assembly.folder)

    assembly.stack("Shop", {"Orders": queue()})

    assert before is not None
    assert version_of(assembly.folder) == before


def test_a_change_of_a_template_is_another_version(assembly: Assembly) -> None:
    before = version_of(assembly.folder)

    assembly.stack("Shop", {"Orders": queue(DelaySeconds=1)})

    assert version_of(assembly.folder) not in (None, before)


def test_a_change_in_a_stage_is_another_version(assembly: Assembly) -> None:
    stage = assembly.stage("Prod")
    stage.stack("Shop", {"Orders": queue()})
    before = version_of(assembly.folder)

    stage.stack("Shop", {"Orders": queue(DelaySeconds=1)})

    assert version_of(assembly.folder) not in (None, before)


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-5])


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: _cut(folder / "manifest.json"),
        lambda folder: _cut(folder / "Shop.template.json"),
        lambda folder: _cut(folder / "Shop.assets.json"),
        lambda folder: (folder / "Shop.template.json").unlink(),
        lambda folder: (folder / "manifest.json").write_text("[]"),
        lambda folder: (folder / "manifest.json").write_text('{"artifacts": {"A": {}}}'),
        lambda folder: (folder / "synth.lock").write_text(str(os.getpid())),
    ],
    ids=["manifest", "template", "assets", "no template", "a list", "no type", "the CDK's lock"],
)
def test_what_is_not_whole_has_no_version(
    assembly: Assembly, spoil: Callable[[Path], object]
) -> None:
    spoil(assembly.folder)

    assert version_of(assembly.folder) is None


def test_the_lock_of_a_cdk_that_is_gone_does_not_count(assembly: Assembly) -> None:
    (assembly.folder / "synth.lock").write_text(str(2**22 + 1))  # above the system's largest id

    assert version_of(assembly.folder) is not None


def test_a_version_that_is_there_already_is_told_at_once(assembly: Assembly) -> None:
    stop = threading.Event()
    versions = new_versions(assembly.folder, since="another", stop=stop)

    next(versions)
    stop.set()

    assert list(versions) == []
