"""One stack as it was read, before anything in it is understood."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from constructs_lib.insight.source_lines import SourceLines
from constructs_lib.templates.json_value import JsonValue


@dataclass(frozen=True, kw_only=True)
class TemplateStack:
    """A template and what the assembly tells about it.

    Attributes:
        name: Unique in the assembly.
        stack_name: CloudFormation's, by which other stacks name its outputs.
        folder: Where paths of local files in the template start.
        file: The template's file, as the reader of a message knows it.
        metadata: CDK's, by construct path; empty for a plain template.
        parent: The stack and logical id of the resource that nests this stack.
    """

    name: str
    stack_name: str
    template: Mapping[str, JsonValue]
    folder: Path
    file: str
    metadata: Mapping[str, JsonValue] = field(default_factory=dict)
    parent: tuple[str, str] | None = None

    def section(self, name: str) -> Mapping[str, JsonValue]:
        """``Resources``, ``Outputs`` and the like; empty where there is none."""
        found = self.template.get(name)
        return found if isinstance(found, Mapping) else {}

    def resource(self, logical_id: str) -> Mapping[str, JsonValue]:
        """One resource; empty where there is none or where it is no object."""
        found = self.section("Resources").get(logical_id)
        return found if isinstance(found, Mapping) else {}

    @cached_property
    def construct_paths(self) -> Mapping[str, str]:
        """Construct paths by logical id, as CDK's metadata tells them.

        An id that a nested stack has too is left out: which one is meant is not told.
        """
        found: dict[str, set[str]] = {}
        for path, entries in self.metadata.items():
            for entry in entries if isinstance(entries, list) else ():
                if isinstance(entry, Mapping) and entry.get("type") == "aws:cdk:logicalId":
                    found.setdefault(str(entry.get("data")), set()).add(path.lstrip("/"))
        return {id_: paths.pop() for id_, paths in found.items() if len(paths) == 1}

    @cached_property
    def source_lines(self) -> SourceLines:
        """The lines of the program that made its resources."""
        return SourceLines(self.metadata)

    def properties(self, logical_id: str) -> Mapping[str, JsonValue]:
        """The properties of one resource, as written."""
        found = self.resource(logical_id).get("Properties")
        return found if isinstance(found, Mapping) else {}
