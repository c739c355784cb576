"""Runs of pytest as a user has them, in a process of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from constructs_lib.local import EmbeddedAws
from tests.testing_plugin.shop import write_shop

_PROJECT = Path(__file__).parent.parent.parent


class Project:
    """A user's project: an assembly and tests."""

    def __init__(self, folder: Path, endpoint_url: str) -> None:
        self.folder = folder
        self._endpoint_url = endpoint_url
        self.file("pytest.ini", "[pytest]\nfilterwarnings = error\naddopts = --strict-markers\n")

    def file(self, name: str, content: str) -> None:
        (self.folder / name).write_text(dedent(content), encoding="utf-8")

    def run(self, *arguments: str, embedded: bool = True, **environment: str) -> str:
        """What pytest prints; it uses the session's emulator unless told not to."""
        endpoint = ["--duet-endpoint-url", self._endpoint_url] if embedded else []
        return subprocess.run(  # noqa: S603 - this Python, our arguments
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *endpoint, *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(_PROJECT), "COLUMNS": "200", **environment},
            capture_output=True,
            text=True,
            check=False,
        ).stdout


@pytest.fixture(scope="module")
def emulator() -> Iterator[EmbeddedAws]:
    with EmbeddedAws(time_scale=0) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, emulator: EmbeddedAws) -> Project:
    (tmp_path / "cdk.out").mkdir()
    write_shop(tmp_path / "cdk.out")
    return Project(tmp_path, emulator.endpoint_url)


_TEST = """
    def test_checkout(duet):
        duet.workflow("Checkout").run({"amount": 3}).expect_succeeded()
"""


def test_a_test_needs_no_import_and_no_configuration(project: Project) -> None:
    project.file("test_shop.py", _TEST)

    assert "1 passed" in project.run(embedded=False)


def test_what_a_failed_expectation_prints_is_the_journey_and_no_code_of_duet(
    project: Project,
) -> None:
    project.file(
        "test_shop.py",
        """
        def test_checkout(duet):
            duet.workflow("Checkout").run({"amount": 0}).expect_succeeded()
        """,
    )

    printed = project.run()

    assert "E       ├── Check  Choice" in printed
    assert "1 failed" in printed
    assert "workflow.py" not in printed


def test_the_assembly_is_named_by_option_setting_mark_or_fixture(project: Project) -> None:
    (project.folder / "cdk.out").rename(project.folder / "elsewhere")
    project.file("test_shop.py", _TEST)
    assert "assembly_folder must hold a manifest.json" in project.run().replace("\n", " ")

    assert "1 passed" in project.run("--duet-assembly", "elsewhere")
    assert "1 passed" in project.run("-o", "duet_assembly=elsewhere")
    project.file(
        "test_marked.py",
        """
        import pytest

        @pytest.mark.duet(assembly="elsewhere", stacks=["Shop"])
        def test_marked(duet):
            assert "Shop" in duet.deployment.stacks
        """,
    )
    project.file(
        "test_overridden.py",
        """
        import pathlib, pytest

        @pytest.fixture(scope="session")
        def duet_assembly():
            return pathlib.Path("elsewhere")

        def test_overridden(duet):
            assert duet.outputs["BusName"] == "shop"
        """,
    )
    assert "2 passed" in project.run("test_marked.py", "test_overridden.py")


def test_nearer_marks_win_and_say_what_goes_wrong(project: Project) -> None:
    project.file(
        "test_shop.py",
        """
        import pytest
        from constructs_lib.local import Fault

        pytestmark = pytest.mark.duet(faults=[
            Fault(service="dynamodb", action="PutItem", error="ResourceNotFoundException")
        ], stacks=["Nowhere"])

        @pytest.mark.duet(stacks=["Shop"])
        def test_checkout(duet):
            duet.workflow("Checkout").run({"amount": 3}).expect_failed()

        def test_nowhere(duet):
            pass

        @pytest.mark.duet(speed=0)
        def test_unknown(duet):
            pass

        @pytest.mark.duet("cdk.out")
        def test_positional(duet):
            pass
        """,
    )

    printed = project.run()

    assert "1 passed, 3 errors" in printed
    assert "stacks must be in the assembly, got Nowhere" in printed
    assert "@pytest.mark.duet takes no 'speed'; it takes assembly, faults, parameters" in printed
    assert "@pytest.mark.duet takes names only, got ('cdk.out',)" in printed


def test_a_module_and_a_session_share_their_accounts(project: Project) -> None:
    module = """
        def test_write(duet_module, duet_session):
            duet_module.table("Users").put({{"id": "module"}})
            duet_session.table("Users").put({{"id": "{name}"}})

        def test_read(duet, duet_module, duet_session):
            assert duet.table("Users").items() == []
            assert duet_module.table("Users").items() == [{{"id": "module"}}]
            assert len(duet_session.table("Users").items()) == {sessions}
    """
    project.file("test_a.py", module.format(name="a", sessions=1))
    project.file("test_b.py", module.format(name="b", sessions=2))

    assert "4 passed" in project.run()


def test_workers_share_an_emulator_and_no_account(project: Project) -> None:
    environment = {"ORDERS_TESTS": "25", "PYTHONPATH": str(_PROJECT)}

    printed = project.run(
        "-n2",
        "--rootdir",
        str(_PROJECT),
        str(_PROJECT / "benchmarks/orders_tests.py"),
        **environment,
    )

    assert "25 passed" in printed


def test_workers_have_emulators_of_their_own(project: Project) -> None:
    project.file(
        "test_shop.py",
        """
        import pytest

        @pytest.mark.parametrize("number", range(6))
        def test_checkout(duet, number):
            duet.workflow("Checkout").run({"amount": number + 1}).expect_succeeded()
        """,
    )

    assert "6 passed" in project.run("-n2", embedded=False)


def test_without_the_extra_the_remedy_is_named(project: Project) -> None:
    project.file("test_shop.py", _TEST)
    project.file("boto3.py", "raise ImportError('no boto3')")

    printed = project.run(PYTHONPATH=f"{project.folder}{os.pathsep}{_PROJECT}")

    assert "the duet fixtures need boto3; run: pip install 'cdk-duet[local]'" in printed


def test_what_cannot_start_is_tried_once(project: Project) -> None:
    project.file("test_shop.py", _TEST + _TEST.replace("test_checkout", "test_again"))

    printed = project.run(embedded=False, DUET_MINISTACK_PYTHON="/nowhere/python")

    assert "2 errors" in printed
    assert "DUET_MINISTACK_PYTHON" in printed


def test_a_run_that_uses_no_fixture_loads_nothing_of_duet(project: Project) -> None:
    project.file(
        "test_light.py",
        """
        import sys

        def test_light():
            loaded = {name.split(".")[0] for name in sys.modules}
            assert not loaded & {"boto3", "botocore", "rich", "pydantic", "moto", "ministack"}
            assert "constructs_lib.testing.plugin" in sys.modules
            assert not {name for name in sys.modules if name.startswith("constructs_lib.local")}
        """,
    )

    assert "1 passed" in project.run("-p", "no:xdist")


def test_a_real_account_and_an_endpoint_exclude_each_other(project: Project) -> None:
    project.file("test_shop.py", _TEST)

    printed = project.run("--duet-aws-profile", "any")

    assert "--duet-aws-profile must stand without --duet-endpoint-url" in printed
