"""Outputs that people wrote, and those that CDK makes."""

from __future__ import annotations

from collections.abc import Mapping

#: How CDK names the outputs by which stacks refer to each other: exports and weak references.
#: Source: aws-cdk-lib 2.275.0, templates of the example (read 2026-11-27).
_REFERENCES = ("ExportsOutput", "PublishOutput")


def told_outputs(outputs: Mapping[str, str]) -> dict[str, str]:
    """Outputs in the order of their names, without those that CDK makes for other stacks."""
    return {key: value for key, value in sorted(outputs.items()) if not key.startswith(_REFERENCES)}
