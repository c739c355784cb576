"""The report in HTML: pictures that one can search, fold and focus, and runs laid over them."""

from constructs_lib.insight.report.other_runs import OtherRun, other_runs
from constructs_lib.insight.report.render import report

__all__ = ["OtherRun", "other_runs", "report"]
