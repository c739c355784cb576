"""A cloud assembly as one typed model, and the views of it: pictures, prices and findings.

Nothing here starts Node or calls AWS.
"""

from constructs_lib.insight.assembly import load
from constructs_lib.insight.errors import InsightError

__all__ = ["InsightError", "load"]
