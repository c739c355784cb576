"""The pytest plugin: a deployed cloud assembly for a test, a module or the session.

It is loaded by its entry point in every pytest run of an environment that has Duet, so nothing but
pytest is imported until a test asks for a fixture; it stands outside of ``testing``, whose import
reads more than this.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from constructs_lib.testing.deployed import Duet
    from constructs_lib.testing.deployed.run_keeper import RunKeeper
    from constructs_lib.testing.deployed.worlds import World, Worlds

_ASSEMBLY = "duet_assembly"
_MARKER = "duet"
_MARKER_HELP = (
    "duet(assembly=, stacks=, parameters=, secrets=, ssm=, time_scale=, faults=, region=): what "
    "the fixtures duet and duet_module deploy, and how; nearer marks win, argument by argument"
)
_WORLDS = pytest.StashKey["Worlds"]()
_KEEPER: pytest.StashKey[RunKeeper] = pytest.StashKey()
_REMEDY = "run: pip install 'cdk-duet[local]'"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Say where assemblies come from, and where they go."""
    group = parser.getgroup("duet", "deployed cloud assemblies (cdk-duet)")
    group.addoption("--duet-assembly", help="the cloud assembly that duet fixtures deploy")
    group.addoption(
        "--duet-endpoint-url",
        help="use this running embedded AWS (duet up, duet serve) instead of starting one",
    )
    group.addoption(
        "--duet-aws-profile",
        help="deploy to the real account and region of this profile; what is deployed stays there",
    )
    group.addoption(
        "--duet-report",
        action="store_true",
        help="keep what the tests' executions and events did in .duet/runs, for duet report",
    )
    parser.addini(
        _ASSEMBLY,
        "the cloud assembly that duet fixtures deploy, from the root folder on",
        default="cdk.out",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known, and keep runs if asked to."""
    config.addinivalue_line("markers", _MARKER_HELP)
    if config.getoption("--duet-report"):
        try:
            from constructs_lib.testing.deployed.run_keeper import RunKeeper
        except ImportError as error:
            raise pytest.UsageError(f"--duet-report needs {error.name}; {_REMEDY}") from error
        config.stash[_KEEPER] = RunKeeper(config)
        config.pluginmanager.register(config.stash[_KEEPER])


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what was started."""
    if worlds := config.stash.get(_WORLDS, None):
        worlds.close()


@pytest.fixture(scope="session")
def duet_assembly(pytestconfig: pytest.Config) -> Path:
    """The folder of the cloud assembly: ``--duet-assembly``, else ``duet_assembly`` of pytest's
    settings, else ``cdk.out``. Override it to synthesize one."""
    given = pytestconfig.getoption("--duet-assembly")
    return (
        Path(given).absolute() if given else pytestconfig.rootpath / pytestconfig.getini(_ASSEMBLY)
    )


@pytest.fixture(scope="session")
def duet_session(request: pytest.FixtureRequest, duet_assembly: Path) -> Iterator[Duet]:
    """The assembly deployed once, in an account that all tests of this process share."""
    with _opened(request, duet_assembly) as duet:
        yield duet


@pytest.fixture(scope="module")
def duet_module(request: pytest.FixtureRequest, duet_assembly: Path) -> Iterator[Duet]:
    """The assembly deployed once, in an account that the module's tests share."""
    with _opened(request, duet_assembly) as duet:
        yield duet


@pytest.fixture
def duet(request: pytest.FixtureRequest, duet_assembly: Path) -> Iterator[Duet]:
    """The assembly deployed in an account of this test's own."""
    with _opened(request, duet_assembly) as duet:
        yield duet


@contextmanager
def _opened(request: pytest.FixtureRequest, assembly: Path) -> Iterator[Duet]:
    worlds = _worlds(request.config)
    from constructs_lib.local import DeployError, EmbeddedAwsError

    refusal = ""
    with ExitStack() as closing:
        try:
            duet = closing.enter_context(worlds.open(_world(request, assembly)))
        except (DeployError, EmbeddedAwsError) as error:
            refusal = str(error)
        if refusal:
            # Outside of the handler, so that pytest shows no chain of exceptions.
            pytest.fail(refusal, pytrace=False)
        yield duet


def _worlds(config: pytest.Config) -> Worlds:
    if _WORLDS not in config.stash:
        try:
            import boto3  # noqa: F401 - says whether the extra is installed
        except ImportError:
            pytest.fail(f"the duet fixtures need boto3; {_REMEDY}", pytrace=False)
        from constructs_lib.testing.deployed.worlds import Worlds

        endpoint_url = config.getoption("--duet-endpoint-url")
        profile = config.getoption("--duet-aws-profile")
        if endpoint_url and profile:
            pytest.fail(
                "--duet-aws-profile must stand without --duet-endpoint-url; leave one of them out",
                pytrace=False,
            )
        if profile and hasattr(config, "workerinput"):
            pytest.fail(
                "--duet-aws-profile must stand with one process, as there is one deployment for "
                "all tests; add -n0",
                pytrace=False,
            )
        config.stash[_WORLDS] = Worlds(
            endpoint_url=endpoint_url, profile=profile, keeper=config.stash.get(_KEEPER, None)
        )
    return config.stash[_WORLDS]


def _world(request: pytest.FixtureRequest, assembly: Path) -> World:
    from constructs_lib.testing.deployed.worlds import World

    arguments: dict[str, Any] = {"assembly": assembly}
    # From the nearest to the farthest; the nearest is applied last.
    for mark in reversed(list(request.node.iter_markers(_MARKER))):
        if mark.args:
            pytest.fail(f"@pytest.mark.duet takes names only, got {mark.args!r}", pytrace=False)
        arguments.update(mark.kwargs)
    arguments["assembly"] = request.config.rootpath / arguments["assembly"]
    known = {each.name for each in dataclasses.fields(World)}
    for name in arguments.keys() - known:
        pytest.fail(
            f"@pytest.mark.duet takes no {name!r}; it takes {', '.join(sorted(known))}",
            pytrace=False,
        )
    return World(**arguments)
