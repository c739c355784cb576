"""What is read of a cloud assembly, and what its files become; no AWS."""

from __future__ import annotations

import json
import os
import threading
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from constructs_lib.local.deployment import DeployError
from constructs_lib.local.deployment.assembly import read_assembly
from constructs_lib.local.deployment.assets import zipped
from constructs_lib.local.deployment.order import run_in_order
from tests.assemblies import Assembly, queue


@pytest.fixture
def assembly(tmp_path: Path) -> Assembly:
    return Assembly(tmp_path)


def test_a_folder_without_a_manifest_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(DeployError, match=r"must hold a manifest.json, got .*; run: cdk synth"):
        read_assembly(tmp_path / "nowhere")


def test_an_unreadable_file_is_named(assembly: Assembly) -> None:
    assembly.stack("Stack", {})
    (assembly.folder / "Stack.template.json").write_text("{", encoding="utf-8")
    (stack,) = read_assembly(assembly.folder)

    with pytest.raises(DeployError, match=r"Stack.template.json must be a readable JSON file"):
        _ = stack.template


def test_values_that_were_not_looked_up_are_named(assembly: Assembly) -> None:
    assembly.write(missing=[{"key": "vpc-provider:x"}, {"key": "ami:y"}])

    with pytest.raises(DeployError, match="misses: ami:y, vpc-provider:x; synthesize"):
        read_assembly(assembly.folder)


def test_stages_at_any_depth_and_the_stacks_environments_are_read(assembly: Assembly) -> None:
    assembly.stack("Top", {})
    inner = assembly.stage("Outer").stage("Inner")
    inner.stack("Deep", {}, environment="aws://123456789012/eu-west-1")

    top, deep = read_assembly(assembly.folder)

    assert (top.name, top.account, top.region) == ("Top", None, None)
    assert (deep.name, deep.account, deep.region) == ("Deep", "123456789012", "eu-west-1")


def test_a_construct_is_named_by_the_template_then_by_the_manifest_then_by_its_id(
    assembly: Assembly,
) -> None:
    said = {**queue(), "Metadata": {"aws:cdk:path": "Stack/Said"}}
    assembly.stack("Stack", {"Q1": said, "Q2": queue()})
    (stack,) = read_assembly(assembly.folder)

    assert [stack.path_of(id_) for id_ in ("Q1", "Q2", "Q3")] == [
        "Stack/Said",
        "Stack/Q2/Resource",
        "Q3",
    ]


def test_metadata_in_a_file_of_its_own_is_read(assembly: Assembly) -> None:
    assembly.stack("Stack", {"Q": queue()})
    manifest_file = assembly.folder / "manifest.json"
    manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
    metadata = manifest["artifacts"]["Stack"].pop("metadata")
    manifest["artifacts"]["Stack"]["additionalMetadataFile"] = "Stack.metadata.json"
    manifest_file.write_text(json.dumps(manifest), encoding="utf-8")
    (assembly.folder / "Stack.metadata.json").write_text(json.dumps(metadata), encoding="utf-8")

    (stack,) = read_assembly(assembly.folder)

    assert stack.path_of("Q") == "Stack/Q/Resource"


def test_the_highest_bootstrap_version_counts(assembly: Assembly) -> None:
    assembly.stack("Stack", {}, properties={"requiresBootstrapStackVersion": 6})
    manifest_file = assembly.folder / "manifest.json"
    manifest = json.loads(manifest_file.read_text(encoding="utf-8"))
    manifest["artifacts"]["Stack.assets"]["properties"]["requiresBootstrapStackVersion"] = 21
    manifest_file.write_text(json.dumps(manifest), encoding="utf-8")

    (stack,) = read_assembly(assembly.folder)

    assert stack.bootstrap == {"/cdk-bootstrap/hnb659fds/version": 21}


def test_the_same_files_make_the_same_zip(tmp_path: Path) -> None:
    contents = {"b.py": "b", "deep/a.py": "a", "run.sh": "r"}
    zips: list[bytes] = []
    for name, names in (("one", list(contents)), ("two", list(reversed(contents)))):
        for each in names:
            file = tmp_path / name / each
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(contents[each], encoding="utf-8")
            file.chmod(0o755 if each == "run.sh" else 0o600)
            os.utime(file, (len(zips) * 10**8, len(zips) * 10**8))
        zips.append(zipped(tmp_path / name))

    assert zips[0] == zips[1]
    with zipfile.ZipFile(BytesIO(zips[0])) as archive:
        modes = {each.filename: each.external_attr >> 16 for each in archive.infolist()}
    assert modes == {"b.py": 0o644, "deep/a.py": 0o644, "run.sh": 0o755}


def test_what_needs_nothing_of_each_other_runs_side_by_side() -> None:
    meeting = threading.Barrier(2, timeout=10)
    done: list[str] = []

    def work(name: str) -> int:
        if name != "last":
            meeting.wait()
        done.append(name)
        return len(name)

    assert run_in_order({"last": ["a", "b"], "a": [], "b": []}, work) == {"a": 1, "b": 1, "last": 4}
    assert done[-1] == "last"


def test_nothing_begins_after_a_failure() -> None:
    begun: list[str] = []

    def work(name: str) -> None:
        begun.append(name)
        if name == "fails":
            raise ValueError(name)

    with pytest.raises(ValueError, match="fails"):
        run_in_order({"fails": [], "next": ["fails"]}, work)

    assert begun == ["fails"]
