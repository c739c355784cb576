"""What ``duet compare`` does: run the example's designs, and compare what is seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from constructs_lib.demo.experiment import experiment
from constructs_lib.insight import load
from constructs_lib.insight.compare import Comparison, comparison_of
from constructs_lib.insight.compare.designs import require_example


def compare_designs(path: Path, *, sign_ups: int, on_progress: Callable[[str], None]) -> Comparison:
    """Compare the designs of the example's assembly: read it, deploy it, sign people up.

    Args:
        sign_ups: How many for each design, 1 or more.
        on_progress: Hears what is under way.
    Raises:
        InsightError: It is not the example's assembly.
        EmbeddedAwsError: The embedded AWS did not start.
        DeployError: The assembly cannot be deployed.
        ResourcesError: It lacks an output.
    """
    assembly = load(path)
    require_example(assembly)
    seen = experiment(path, sign_ups=sign_ups, on_progress=on_progress)
    return comparison_of(assembly, seen, sign_ups=sign_ups)
