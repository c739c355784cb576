"""One change that breaks consumers."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class BreakingChange:
    """Where a schema became wider, what it lets through now, and what to do instead.

    Args:
        path: The field: ``detail.address.city``; ``[]`` stands for a list's items.
        rule: What changed for whoever reads it.
        remedy: How to get there without breaking anyone.
    """

    path: str
    rule: str
    remedy: str

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.path} {self.rule}; {self.remedy}"
