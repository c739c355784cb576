"""Whose environment the emulator runs in, how its own is made, and what handlers see of either.

The environments here are made in a moment, from the packages of this one; one test of packaging
makes a real one.
"""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import zipfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from constructs_lib.local import EmbeddedAws, EmbeddedAwsError, emulator_python, own_environment
from constructs_lib.local.cdk_cli import node_executable
from constructs_lib.local.extensions.pin import BOTOCORE_VERSION, MINISTACK_VERSION
from constructs_lib.local.own_environment import EnvironmentMakingError, OwnEnvironment

if TYPE_CHECKING:
    from tests.local.conftest import WaitUntil

HANDLER = """
import os, sys
def handler(event, context):
    return {"prefix": sys.prefix, "path": sys.path, "told": "DUET_HANDLER_PYTHON" in os.environ}
"""
MAKER = """
    import sys
    from pathlib import Path
    from constructs_lib.local import own_environment
    {commands}
    own_environment._commands = commands
    own_environment.OwnEnvironment().make(lambda line: print(line, flush=True))
"""
# An environment that has the packages of this one; making it is noted.
COMMANDS = """
    def commands(folder):
        program = (
            "import sys, venv; from pathlib import Path; "
            "venv.create(sys.argv[1]); "
            "site = next(Path(sys.argv[1]).glob('lib/python*/site-packages')); "
            "(site / 'all.pth').write_text(sys.argv[2]); "
            "open(sys.argv[1] + '/../made', 'a').write('.')"
        )
        packages = next(entry for entry in sys.path if entry.endswith("site-packages"))
        return [("a step", [sys.executable, "-c", program, str(folder), packages])]
"""
HANGS = """
    def commands(folder):
        return [("a step", [sys.executable, "-c", own_environment._RUN_MODULE, "hangs"])]
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a user who has no emulator: none here, none in the cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv(emulator_python.SETTING, raising=False)
    monkeypatch.setattr(emulator_python, "installed_here", lambda: {"botocore": "9.9.9"})
    return tmp_path / "duet"


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make environments of this one's packages."""
    names: dict[str, object] = {"sys": sys}
    exec(textwrap.dedent(COMMANDS), names)  # noqa: S102 - the text above, shared with programs
    monkeypatch.setattr(own_environment, "_commands", names["commands"])


def maker(commands: str) -> list[str]:
    program = textwrap.dedent(MAKER).format(commands=textwrap.dedent(commands))
    return [sys.executable, "-c", program]


def ask_handler(
    aws: EmbeddedAws,
    runtime: Literal["nodejs22.x", "python3.13"] = "python3.13",
    file: str = "index.py",
    handler: str = HANDLER,
) -> dict[str, object]:
    """What a handler sees."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr(file, handler)
    with closing(aws.client("lambda")) as functions:
        functions.create_function(
            FunctionName="curious",
            Runtime=runtime,
            Handler="index.handler",
            Role=f"arn:aws:iam::{aws.account_id}:role/any",
            Code={"ZipFile": archive.getvalue()},
        )
        seen: dict[str, object] = json.load(functions.invoke(FunctionName="curious")["Payload"])
        return seen


def program_of(aws: EmbeddedAws) -> str:
    return Path(f"/proc/{aws.pid}/cmdline").read_text().split("\0")[0]


def test_it_runs_here_where_the_pinned_pair_is_installed() -> None:
    found = emulator_python.find()

    assert found == emulator_python.EmulatorPython(sys.executable, ("-P",), "this environment")


@pytest.mark.usefixtures("quick")
def test_its_own_environment_is_made_once_and_says_so(
    cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with EmbeddedAws() as aws:
        assert program_of(aws) == str(OwnEnvironment().folder / "bin" / "python")
    assert "duet: making an environment for MiniStack" in capfd.readouterr().err
    with EmbeddedAws() as aws:
        assert Path(program_of(aws)).is_relative_to(cache)
    assert capfd.readouterr() == ("", "")
    assert (cache / "made").read_text() == "."


@pytest.mark.usefixtures("cache", "quick")
def test_handlers_see_the_environment_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hypercorn.py").write_text("raise RuntimeError('the user has another')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with EmbeddedAws() as aws:
        seen = ask_handler(aws)
    assert seen["prefix"] == sys.prefix
    assert str(tmp_path) in str(seen["path"])
    assert seen["told"] is False


def test_handlers_in_javascript_need_no_node_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    handler = "export const handler = async () => ({program: process.execPath});"
    with EmbeddedAws() as aws:
        seen = ask_handler(aws, "nodejs22.x", "index.mjs", handler)
    assert seen == {"program": str(node_executable())}


def test_canary_plain_ministack_runs_handlers_with_its_own_python_and_any_node() -> None:
    program = (
        "import sys; from ministack.core.lambda_runtime import _detect_runtime_binary as detect; "
        "print([detect('python3.13')[0] == sys.executable, detect('nodejs22.x')[0]])"
    )
    printed = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert printed == "[True, 'node']\n"


def test_two_processes_at_once_make_it_once(cache: Path) -> None:
    makers = [subprocess.Popen(maker(COMMANDS), stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [each.wait(timeout=30) for each in makers] == [0, 0]
    assert (cache / "made").read_text() == "."


@pytest.mark.usefixtures("quick")
def test_a_maker_that_is_killed_leaves_nothing_that_anybody_uses(
    cache: Path, tmp_path: Path, wait_until: WaitUntil
) -> None:
    module = tmp_path / "hangs.py"
    module.write_text(
        "import os, pathlib, signal\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid()))\n"
        "signal.pause()\n"
    )
    with subprocess.Popen(
        maker(HANGS), env={**os.environ, "PYTHONPATH": str(tmp_path)}, stdout=subprocess.DEVNULL
    ) as killed:
        wait_until(lambda: (tmp_path / "pid").is_file() and (tmp_path / "pid").read_text())
        killed.send_signal(signal.SIGKILL)
    step = Path("/proc", (tmp_path / "pid").read_text())
    wait_until(lambda: not step.exists())
    assert list(cache.glob("making-*"))
    assert OwnEnvironment().python() is None

    OwnEnvironment().make(lambda _line: None)

    assert OwnEnvironment().python()
    assert not list(cache.glob("making-*"))


@pytest.mark.usefixtures("quick")
def test_it_is_made_anew_when_its_python_is_gone(cache: Path) -> None:
    python = OwnEnvironment().make(lambda _line: None)
    python.unlink()
    python.symlink_to("/nowhere/python")
    assert OwnEnvironment().python() is None

    OwnEnvironment().make(lambda _line: None)

    assert python.exists()
    assert (cache / "made").read_text() == ".."


def test_a_step_that_fails_shows_the_end_of_its_log_and_the_ways_out(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = [sys.executable, "-c", "import sys; sys.exit('no matching distribution')"]
    monkeypatch.setattr(own_environment, "_commands", lambda _folder: [("2 of 2", failing)])
    expected = (
        r"(?s)2 of 2.*cdk-duet\[emulator\].*DUET_MINISTACK_PYTHON.*\nno matching distribution$"
    )
    with pytest.raises(EmbeddedAwsError, match=expected):
        EmbeddedAws().start()
    assert [entry.name for entry in cache.iterdir()] == ["making.lock"]


def test_a_cache_folder_that_cannot_be_written_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(EnvironmentMakingError, match=r"file/duet .*set XDG_CACHE_HOME"):
        OwnEnvironment().make(lambda _line: None)


@pytest.mark.usefixtures("cache")
def test_a_python_that_is_named_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(emulator_python.SETTING, sys.executable)
    with EmbeddedAws() as aws:
        assert program_of(aws) == sys.executable


@pytest.mark.usefixtures("cache")
def test_a_named_python_without_the_emulator_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    bare = str(tmp_path / "bare" / "bin" / "python")
    monkeypatch.setenv(emulator_python.SETTING, bare)
    expected = re.escape(f"got none; run: {bare} -m pip install 'ministack=={MINISTACK_VERSION}'")
    with pytest.raises(EmbeddedAwsError, match=expected):
        EmbeddedAws().start()


@pytest.mark.parametrize("named", ["python3", "/nowhere/python"])
def test_a_setting_that_names_no_program_is_refused(
    named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(emulator_python.SETTING, named)
    with pytest.raises(
        EmbeddedAwsError, match=f"must be the absolute path of a Python, got '{named}'"
    ):
        EmbeddedAws().start()


def test_the_lock_file_of_its_environment_has_the_pinned_versions() -> None:
    locked = own_environment._REQUIREMENTS.read_text()

    assert f"\nministack=={MINISTACK_VERSION} " in locked
    assert f"\nbotocore=={BOTOCORE_VERSION} " in locked


def test_the_emulator_imports_only_what_its_own_environment_has(tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import json, sys
        from importlib.metadata import packages_distributions
        from constructs_lib.local._serve import prepare
        prepare()
        known = packages_distributions()
        loaded = {name.split(".")[0] for name in sys.modules}
        print(json.dumps({name: known[name] for name in loaded & known.keys()}))
    """)
    printed = subprocess.check_output(
        [sys.executable, "-c", program],
        text=True,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "STATE_DIR": str(tmp_path)},
    )
    found = re.findall(r"^([a-z0-9-]+)==", own_environment._REQUIREMENTS.read_text(), re.MULTILINE)
    # Upstream loads docker (with requests) where it finds it and does without it elsewhere; the
    # interpreter itself loads setuptools' hook.
    requests = {"requests", "certifi", "charset-normalizer", "idna"}
    optional = {"cdk-duet", "docker", "setuptools", *requests}
    foreign = {
        name: distributions
        for name, distributions in json.loads(printed).items()
        if not {each.lower() for each in distributions} & {*found, *optional}
    }
    assert foreign == {}
