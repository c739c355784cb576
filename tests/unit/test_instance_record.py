"""The record of a running ``duet up``: found while it runs, never in the way afterwards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from constructs_lib.local.instance import (
    Instance,
    InstanceError,
    claim,
    find_instance,
    this_process_started_at,
)

# Claims the folder, says so, and holds on to it.
HOLDER = """
import signal, sys
from pathlib import Path
from constructs_lib.local.instance import claim
with claim(Path(sys.argv[1])):
    print("claimed", flush=True)
    signal.pause()
"""


def _instance(**changes: object) -> Instance:
    instance = Instance(
        endpoint_url="http://127.0.0.1:4566",
        pid=os.getpid(),
        started_at=this_process_started_at(),
        account_id="000000000000",
        region="us-east-1",
        assembly=Path("cdk.out"),
        log=Path("aws.log"),
    )
    return replace(instance, **changes)  # type: ignore[arg-type]  # fields of its own


def test_a_running_instance_is_found_as_it_was_recorded(tmp_path: Path) -> None:
    instance = _instance(stacks=("One", "Two"), time_scale=0.5)

    with claim(tmp_path) as mine:
        mine.record(instance)

        assert find_instance(tmp_path) == instance


def test_a_folder_in_which_nothing_can_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / ".duet").write_text("a file in its place", encoding="utf-8")

    with pytest.raises(InstanceError, match=r"/\.duet must be a folder"), claim(tmp_path):
        pass


def test_a_folder_whose_files_cannot_be_written_is_named(tmp_path: Path) -> None:
    # As after a run with sudo; whoever tests as root may write everywhere, but not on a folder.
    (tmp_path / ".duet" / ".gitignore").mkdir(parents=True)

    with pytest.raises(InstanceError, match=r"/\.duet must be a folder"), claim(tmp_path):
        pass


def test_an_update_changes_the_last_deployment_alone(tmp_path: Path) -> None:
    with claim(tmp_path) as mine:
        mine.record(_instance())
        mine.update(deployment="deployed", stacks=["One"])
        mine.update(deployment="failed")

        assert find_instance(tmp_path) == _instance(deployment="failed", stacks=("One",))


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with claim(tmp_path) as mine:
        mine.record(_instance())

    assert list(tmp_path.iterdir()) == []


def test_what_others_keep_in_the_folder_stays(tmp_path: Path) -> None:
    with claim(tmp_path):
        (tmp_path / ".duet" / "demo").mkdir()

    assert {path.name for path in (tmp_path / ".duet").iterdir()} == {".gitignore", "demo"}


def test_version_control_ignores_the_folder(tmp_path: Path) -> None:
    with claim(tmp_path):
        assert (tmp_path / ".duet" / ".gitignore").read_text() == "*\n"


def test_the_record_of_a_process_that_is_gone_is_not_found(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    with claim(tmp_path) as mine:
        mine.record(_instance(pid=gone.pid))

        assert find_instance(tmp_path) is None


def test_the_record_of_a_process_whose_id_is_used_again_is_not_found(tmp_path: Path) -> None:
    with claim(tmp_path) as mine:
        mine.record(_instance(started_at=this_process_started_at() - 60))

        assert find_instance(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": 1}', '{"unknown": 1}'])
def test_a_record_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / ".duet").mkdir()
    (tmp_path / ".duet" / "up.json").write_text(text)

    assert find_instance(tmp_path) is None


def test_a_second_claim_is_refused_by_name_and_harms_nothing(tmp_path: Path) -> None:
    with claim(tmp_path) as mine:
        mine.record(_instance())

        with pytest.raises(InstanceError, match=rf"process {os.getpid()} at http.*run: duet down"):
            claim(tmp_path).__enter__()

        assert find_instance(tmp_path) == _instance()


def test_a_claim_that_has_no_record_yet_is_refused_as_well(tmp_path: Path) -> None:
    with claim(tmp_path), pytest.raises(InstanceError, match="another one is starting"):
        claim(tmp_path).__enter__()


def test_a_claim_may_be_made_again_after_its_end(tmp_path: Path) -> None:
    with claim(tmp_path):
        pass
    with claim(tmp_path):
        pass


def test_a_killed_holder_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:  # noqa: S603 - this Python
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"claimed\n"
        record = tmp_path / ".duet" / "up.json"
        record.write_text(json.dumps(_instance(pid=holder.pid).to_json()))
        holder.send_signal(signal.SIGKILL)

    with claim(tmp_path):
        assert not record.exists()
    assert list(tmp_path.iterdir()) == []
