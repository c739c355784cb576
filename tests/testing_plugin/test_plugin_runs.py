"""Runs of pytest as a user has them, in a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from textwrap import dedent

import pytest

from constructs_lib.insight import load
from constructs_lib.insight.report import report
from constructs_lib.insight.runs import load_run
from constructs_lib.local import EmbeddedAws
from tests.testing_plugin.shop import write_shop

_PROJECT = Path(__file__).parent.parent.parent


class Project:
    """A user's project: an assembly and tests."""

    def __init__(self, folder: Path, endpoint_url: str) -> None:
        self.folder = folder
        self.endpoint_url = endpoint_url
        self.file("pytest.ini", "[pytest]\nfilterwarnings = error\naddopts = --strict-markers\n")

    def file(self, name: str, content: str) -> None:
        (self.folder / name).write_text(dedent(content), encoding="utf-8")

    def run(self, *arguments: str, embedded: bool = True, **environment: str) -> str:
        """What pytest prints; it uses the session's emulator unless told not to."""
        endpoint = ["--duet-endpoint-url", self.endpoint_url] if embedded else []
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


def test_the_assembly_is_named_by_setting_mark_or_fixture(project: Project) -> None:
    (project.folder / "cdk.out").rename(project.folder / "elsewhere")
    project.file("test_shop.py", _TEST)
    project.file(
        "test_marked.py",
        """
        import pytest

        @pytest.mark.duet(assembly="elsewhere")
        def test_marked(duet):
            pass

        @pytest.mark.duet(assembly="nowhere")
        def test_nowhere(duet):
            pass
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
            pass
        """,
    )

    printed = project.run("-o", "duet_assembly=elsewhere")

    assert "3 passed, 1 error" in printed
    assert "assembly_folder must hold a manifest.json, got" in printed


def test_nearer_marks_win_and_wrong_ones_are_told(project: Project) -> None:
    (project.folder / "cdk.out").rename(project.folder / "elsewhere")
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

    printed = project.run("--duet-assembly", "elsewhere")

    assert "1 passed, 3 errors" in printed
    assert "stacks must be in the assembly, got Nowhere" in printed
    assert "@pytest.mark.duet takes no 'speed'; it takes assembly, faults, parameters" in printed
    assert "@pytest.mark.duet takes names only, got ('cdk.out',)" in printed


def test_what_an_app_reads_of_its_account_is_given_by_a_mark(project: Project) -> None:
    template = project.folder / "cdk.out" / "Shop.template.json"
    content = json.loads(template.read_text(encoding="utf-8"))
    reads = "{{resolve:secretsmanager:crm}}{{resolve:ssm:/tax}}"
    content["Resources"]["Reader"] = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": reads}}
    template.write_text(json.dumps(content), encoding="utf-8")
    project.file(
        "test_shop.py",
        """
        import pytest

        @pytest.mark.duet(secrets={"crm": "open"}, ssm={"/tax": "19"})
        def test_given(duet):
            assert duet.client("sqs").get_queue_url(QueueName="open19")

        def test_missing(duet):
            pass
        """,
    )

    printed = project.run()

    assert "1 passed, 1 error" in printed
    assert "SSM parameters that templates read must exist, 2 do not" in printed


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


def test_workers_see_nothing_of_each_other(project: Project) -> None:
    tests = _PROJECT / "benchmarks" / "orders_tests.py"

    printed = project.run("-n2", "-c", "pytest.ini", str(tests), embedded=False, ORDERS_TESTS="25")

    assert "25 passed" in printed


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
            ours = {name for name in sys.modules if name.startswith("constructs_lib")}
            assert ours == {"constructs_lib", "constructs_lib.pytest_plugin"}
        """,
    )

    assert "1 passed" in project.run("-p", "no:xdist")


def test_an_endpoint_that_does_not_answer_is_told(project: Project) -> None:
    project.file("test_shop.py", _TEST)

    printed = project.run("--duet-endpoint-url", "http://127.0.0.1:1", embedded=False)

    assert (
        "--duet-endpoint-url must be that of a running embedded AWS, http://127.0.0.1:1" in printed
    )


def test_a_real_account_and_an_endpoint_exclude_each_other(project: Project) -> None:
    project.file("test_shop.py", _TEST)

    printed = project.run("--duet-aws-profile", "any")

    assert "--duet-aws-profile must stand without --duet-endpoint-url" in printed


def _profile(project: Project) -> dict[str, str]:
    """A profile that leads to the emulator: to the plugin it is a real account."""
    project.file(
        "config",
        f"""
        [profile shop]
        region = us-east-1
        aws_access_key_id = 888888888888
        aws_secret_access_key = none
        endpoint_url = {project.endpoint_url}
        """,
    )
    return {"AWS_CONFIG_FILE": str(project.folder / "config")}


def test_a_real_account_has_one_deployment_and_skips_what_it_cannot(
    project: Project, emulator: EmbeddedAws
) -> None:
    account = emulator.account("888888888888", region="us-east-1")
    with closing(account.client("s3")) as s3:
        s3.create_bucket(Bucket="cdk-hnb659fds-assets-888888888888-us-east-1")
    project.file(
        "test_shop.py",
        """
        def test_checkout(duet):
            duet.workflow("Checkout").run({"amount": 3}).expect_succeeded()

        def test_order(duet, duet_session):
            event = duet.bus("Bus").publish(source="shop", detail_type="OrderPlaced")
            assert duet_session.table("Users").items() == [{"id": "buyer"}]
            duet_session.queue("Orders").expect(event)
            duet.queue("Orders").expect_nothing(within=0.1)
            duet.dead_letters.expect_empty()

        def test_mail(duet):
            duet.mailbox.latest(to="ada@example.com")

        def test_failing(duet):
            duet.workflow("Checkout").run({"amount": 0}).expect_succeeded()
        """,
    )
    environment = _profile(project)

    printed = project.run("-rs", "--duet-aws-profile", "shop", embedded=False, **environment)

    assert "1 failed, 2 passed, 1 skipped" in printed
    assert "a real account has no mailbox" in printed
    assert "├── Check  Choice" in printed


def test_a_real_account_is_for_one_process(project: Project) -> None:
    project.file("test_shop.py", _TEST)
    environment = _profile(project)

    printed = project.run("-n1", "--duet-aws-profile", "shop", embedded=False, **environment)

    assert "as there is one deployment for all tests; add -n0" in printed


def test_a_report_shows_what_each_test_did_whichever_worker_ran_it(project: Project) -> None:
    project.file(
        "test_shop.py",
        """
        def test_a_sale(duet):
            duet.workflow("Checkout").run({"amount": 3}).expect_succeeded()

        def test_no_sale(duet):
            duet.workflow("Checkout").run({"amount": 0}).expect_succeeded()
        """,
    )

    printed = project.run("-n2", "--duet-report")

    run = load_run(project.folder / ".duet" / "runs" / "tests.json")
    assert "to see them in pictures: duet report --open" in printed
    assert {test.id: test.outcome for test in run.tests} == {
        "test_shop.py::test_a_sale": "passed",
        "test_shop.py::test_no_sale": "failed",
    }
    assert {(each.test, each.status) for each in run.executions} == {
        ("test_shop.py::test_a_sale", "SUCCEEDED"),
        ("test_shop.py::test_no_sale", "FAILED"),
    }
    page = report(load(project.folder / ".duet" / "runs" / run.assembly), run=run)
    assert "test_no_sale: failed" in page


def test_each_call_is_billed_once_where_tests_share_an_account(project: Project) -> None:
    project.file(
        "test_shop.py",
        """
        import pytest

        @pytest.mark.parametrize("number", [1, 2])
        def test_a_sale(duet_module, number):
            duet_module.workflow("Checkout").run({"amount": 3}).expect_succeeded()
        """,
    )

    project.run("--duet-report")

    run = load_run(project.folder / ".duet" / "runs" / "tests.json")
    billed = [(each.units or {}).get("dynamodb-writes") for each in run.executions]
    assert billed == [1, 1]
    assert "dynamodb-writes" not in str(run.units)


def test_nothing_is_kept_unless_a_report_is_wanted(project: Project) -> None:
    project.file("test_shop.py", _TEST)

    project.run()

    assert not (project.folder / ".duet").exists()
