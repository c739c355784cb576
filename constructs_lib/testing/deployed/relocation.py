"""Move stacks that name their account to the account of a test."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from constructs_lib.local import DeployError
from constructs_lib.local.deployment.assembly import AssembledStack


def relocated(
    assembled: Sequence[AssembledStack], account_id: str, *, stacks: Collection[str] | None
) -> list[AssembledStack]:
    """The stacks, with the account that they name replaced wherever it stands.

    Raises:
        DeployError: The stacks to be deployed name several accounts.
    """
    chosen = [each for each in assembled if stacks is None or {each.name, each.label} & {*stacks}]
    named = sorted({each.account for each in chosen if each.account})
    if len(named) > 1:
        raise DeployError(
            f"stacks of a test must be for one account, got {', '.join(named)}; "
            "name the stacks of one account by stacks="
        )
    return [_moved(each, named[0], account_id) for each in assembled] if named else [*assembled]


def _moved(stack: AssembledStack, here: str, there: str) -> AssembledStack:
    def fill(text: str) -> str:
        return _replaced(text, here, there)

    fields = {each.name: getattr(stack, each.name) for each in dataclasses.fields(stack)}
    fields["account"] = there if stack.account == here else stack.account
    fields["parameters"] = {name: fill(value) for name, value in stack.parameters.items()}
    fields["assets"] = tuple(
        dataclasses.replace(each, bucket=fill(each.bucket)) for each in stack.assets
    )
    if stack.template_bucket_and_key:
        bucket, key = stack.template_bucket_and_key
        fields["template_bucket_and_key"] = (fill(bucket), key)
    return _Moved(**fields, original=stack, here=here, there=there)


@dataclass(frozen=True, kw_only=True)
class _Moved(AssembledStack):
    original: AssembledStack
    here: str
    there: str

    @cached_property
    def template(self) -> dict[str, Any]:
        """The template of the other account."""
        return self._elsewhere(self.original.template)

    def nested_template(self, resource: Mapping[str, Any]) -> dict[str, Any] | None:
        """The nested template of the other account."""
        found = self.original.nested_template(resource)
        return None if found is None else self._elsewhere(found)

    def _elsewhere(self, template: dict[str, Any]) -> dict[str, Any]:
        text = _replaced(json.dumps(template), self.here, self.there)
        return cast(dict[str, Any], json.loads(text))


def _replaced(text: str, here: str, there: str) -> str:
    return re.sub(rf"(?<!\d){here}(?!\d)", there, text)
