"""What a rule is, and what it finds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from constructs_lib.insight.model import Assembly, Place

Severity = Literal["error", "warning", "note"]
#: From the worst to the mildest.
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
#: What is told as one finding: each hit, those of one resource, or those of one stack.
Together = Literal["hit", "resource", "stack"]


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One place where a rule is broken.

    Attributes:
        state: Full name of the state, where it is one of a workflow.
        subject: Tells several hits in one place or state apart: a target's id, an error's name.
        remedy: Where it can be said more exactly than for the rule in general.
        severity: Where it is milder than the rule in general.
    """

    place: Place
    what: str
    state: str | None = None
    subject: str = ""
    remedy: str | None = None
    severity: Severity | None = None


@dataclass(frozen=True, kw_only=True)
class FindingRule:
    """One rule.

    Attributes:
        id: Public and stable: baselines and suppressions name it.
        severity: ``error`` does not work as meant; ``warning`` fails one day, or fails unseen;
            ``note`` is worth a look.
        link: Documentation that the rule follows.
        milder: When it has a milder severity, and which.
        together: What is told as one finding, because one remedy mends all of it.
        find: Yields what breaks the rule in an assembly.
    """

    id: str
    severity: Severity
    title: str
    why: str
    remedy: str
    link: str
    find: Callable[[Assembly], Iterator[Hit]]
    milder: str = ""
    together: Together = "hit"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One hit with what its rule says."""

    rule: str
    severity: Severity
    title: str
    what: str
    place: Place
    state: str | None
    subject: str
    why: str
    remedy: str
    link: str
    together: Together

    @property
    def fingerprint(self) -> str:
        """Stays while the thing it is about keeps its path and names; lines may move."""
        parts = (self.rule, self.place.construct_path, self.state or "", self.subject)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:20]
