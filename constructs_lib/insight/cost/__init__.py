"""What workflows and event flows cost: billable units, computed and measured, and their price.

``measured`` and ``beside`` read the journal of an embedded AWS and are imported by themselves.
"""

from constructs_lib.insight.cost.as_json import to_json
from constructs_lib.insight.cost.assumptions import DEFAULTS, Assumptions, with_stated
from constructs_lib.insight.cost.mix import read_mix
from constructs_lib.insight.cost.report import CostReport, WorkflowAtMix, cost_report
from constructs_lib.insight.cost.units import Units, usd_per_million

__all__ = [
    "DEFAULTS",
    "Assumptions",
    "CostReport",
    "Units",
    "WorkflowAtMix",
    "cost_report",
    "read_mix",
    "to_json",
    "usd_per_million",
    "with_stated",
]
