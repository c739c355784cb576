"""The example's sign-up in three designs: what the templates and a run tell, compared."""

from constructs_lib.insight.compare.comparison import Comparison, comparison_of
from constructs_lib.insight.compare.computed_rows import computed_rows
from constructs_lib.insight.compare.kept import load_comparison, save_comparison
from constructs_lib.insight.compare.rows import Cell, Row
from constructs_lib.insight.compare.view import markdown, page, section, show, style

__all__ = [
    "Cell",
    "Comparison",
    "Row",
    "comparison_of",
    "computed_rows",
    "load_comparison",
    "markdown",
    "page",
    "save_comparison",
    "section",
    "show",
    "style",
]
