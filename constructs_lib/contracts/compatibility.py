"""What a new version of a contract would break for those who follow the old one.

A change breaks when the publisher may now send a detail that the old schema does not admit, that
is, when a schema became wider: a required field may be absent, a type, value or length is new.
Publishers send what they declare (``EventContract.entry`` refuses the rest) and consumers ignore
what they do not know, so a new field breaks nobody but a consumer whose schema forbids unknown
ones, and an optional field may go.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeGuard

from constructs_lib.contracts._alternatives import Schema, alternatives, resolved
from constructs_lib.contracts._bounds import loosened_bounds
from constructs_lib.contracts.breaking_change import BreakingChange
from constructs_lib.contracts.event_contract import EventContract

# Keywords that are compared as they stand: what the old schema demands, the new one must repeat.
_AS_THEY_STAND = (
    "allOf",
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "format",
    "if",
    "maxContains",
    "minContains",
    "not",
    "pattern",
    "patternProperties",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
    "uniqueItems",
)


def assert_compatible(published: Schema, contract: EventContract) -> None:
    """Fail a test when a contract changed without the version that its change asks for.

    Args:
        published: The schema under which the event is published: the committed
            ``detail_schema()`` of the same major version.
        contract: The contract as the code has it.
    Raises:
        AssertionError: A change breaks consumers and the major version is the same, or the schema
            changed and the version did not.
    """
    current = contract.detail_schema()
    version = str(published.get("$id", "")).rpartition(":")[2]
    if int(version.partition(".")[0] or 0) != contract.major:
        return
    if changes := breaking_changes(published, current):
        listed = "".join(f"\n- {change}" for change in changes)
        raise AssertionError(
            f"{contract.name} {contract.version} breaks who follows {version}:{listed}\n"
            f"publish it as version {contract.major + 1}.0, beside the old one"
        )
    if version == contract.version and dict(published) != current:
        raise AssertionError(
            f"{contract.name} changed and is {version} still; "
            f"give it the next minor version of {contract.major}"
        )


def breaking_changes(old: Schema, new: Schema) -> list[BreakingChange]:
    """What breaks consumers of ``old`` when the publisher follows ``new``; empty if nothing does.

    What cannot be judged (``if``, ``not``, regular expressions and the like) counts as breaking
    once it changes. ``oneOf`` is read as ``anyOf``.

    Args:
        old: JSON Schema (2020-12) of a detail, as published: ``EventContract.detail_schema()``.
        new: The schema that is to follow it.
    """
    return list(dict.fromkeys(_Comparison(old, new).compare(old, new, "detail")))


class _Comparison:
    """Two schema documents; a reference is looked up in its own."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old_document = old
        self._new_document = new
        self._pairs: set[tuple[int, int]] = set()

    def compare(self, old: object, new: object, path: str) -> list[BreakingChange]:
        old, new = resolved(old, self._old_document), resolved(new, self._new_document)
        pair = (id(old), id(new))
        if pair in self._pairs:
            # A schema that contains itself: the pair is being judged further up.
            return []
        self._pairs.add(pair)
        try:
            old_ways = alternatives(old, self._old_document)
            return [
                change
                for way in alternatives(new, self._new_document)
                for change in self._against_nearest(old_ways, way, path)
            ]
        finally:
            self._pairs.discard(pair)

    def _against_nearest(
        self, old_ways: Sequence[Schema], new: Schema, path: str
    ) -> list[BreakingChange]:
        """What is new about one alternative, beside the old one that is most like it."""
        judged = [
            list(self._changes(old, new, path))
            for old in old_ways
            if _admits_type(old.get("type"), new.get("type"))
        ]
        if judged:
            return min(judged, key=len)
        was = " or ".join(dict.fromkeys(str(old.get("type")) for old in old_ways)) or "nothing"
        return [
            BreakingChange(
                path=path,
                rule=f"may be {new.get('type', 'of any type')} now, was {was}",
                remedy="add a field of another name and keep this one as it was",
            )
        ]

    def _changes(self, old: Schema, new: Schema, path: str) -> Iterator[BreakingChange]:
        yield from _new_values(old, new, path)
        yield from loosened_bounds(old, new, path)
        for keyword in _AS_THEY_STAND:
            if keyword in old and not _same(old[keyword], new, keyword):
                yield BreakingChange(
                    path=path,
                    rule=f"{keyword} was {old[keyword]!r}, is {new.get(keyword, 'gone')!r}",
                    remedy="keep it as it was",
                )
        yield from self._fields(old, new, path)
        yield from self._unknown_fields(old, new, path)
        yield from self._items(old, new, path)

    def _fields(self, old: Schema, new: Schema, path: str) -> Iterator[BreakingChange]:
        old_fields, new_fields = _fields_of(old), _fields_of(new)
        for name in _names(old.get("required")):
            if name in _names(new.get("required")):
                continue
            known = name in new_fields
            yield BreakingChange(
                path=f"{path}.{name}",
                rule="may be absent now, was required" if known else "is gone, was required",
                remedy="keep it required" if known else "keep it, beside what replaces it",
            )
        for name, old_field in old_fields.items():
            if name in new_fields:
                yield from self.compare(old_field, new_fields[name], f"{path}.{name}")

    def _unknown_fields(self, old: Schema, new: Schema, path: str) -> Iterator[BreakingChange]:
        """What the new schema lets through beside the old one's fields."""
        old_rest = old.get("additionalProperties", True)
        # Publishers send no field that the schema leaves unsaid.
        new_rest = new.get("additionalProperties", False)
        old_fields, new_fields = _fields_of(old), _fields_of(new)
        for name in new_fields.keys() - old_fields.keys():
            if old_rest is False:
                yield BreakingChange(
                    path=f"{path}.{name}",
                    rule="is new, and consumers of the old schema refuse fields they do not know",
                    remedy="let consumers ignore unknown fields before any is added",
                )
            else:
                yield from self.compare(old_rest, new_fields[name], f"{path}.{name}")
        if new_rest is not False:
            yield from self.compare(old_rest, new_rest, f"{path}.*")
            for name in old_fields.keys() - new_fields.keys():
                yield from self.compare(old_fields[name], new_rest, f"{path}.{name}")

    def _items(self, old: Schema, new: Schema, path: str) -> Iterator[BreakingChange]:
        old_first, new_first = (_list(schema.get("prefixItems")) for schema in (old, new))
        maximum = new.get("maxItems")
        longest = maximum if isinstance(maximum, int | float) else float("inf")
        positions = max(len(old_first), len(new_first))
        for index in range(positions):
            # What lies beyond the longest list never comes.
            if index < longest:
                yield from self.compare(
                    old_first[index] if index < len(old_first) else old.get("items", True),
                    new_first[index] if index < len(new_first) else new.get("items", True),
                    f"{path}[{index}]",
                )
        if positions < longest:
            yield from self.compare(old.get("items", True), new.get("items", True), f"{path}[]")


def _admits_type(old: object, new: object) -> bool:
    return old is None or old == new or (old == "number" and new == "integer")


def _new_values(old: Schema, new: Schema, path: str) -> Iterator[BreakingChange]:
    old_values, new_values = _list(old.get("enum")), _list(new.get("enum"))
    if "enum" not in old:
        return
    remedy = "let consumers accept unknown values first, or add a field"
    if "enum" not in new:
        yield BreakingChange(
            path=path, rule=f"may have any value now, was one of {old_values!r}", remedy=remedy
        )
    for value in new_values:
        if value not in old_values:
            yield BreakingChange(
                path=path, rule=f"may be {value!r} now, was one of {old_values!r}", remedy=remedy
            )


def _same(demand: object, new: Schema, keyword: str) -> bool:
    # A reference may have come to mean something else.
    return keyword in new and new[keyword] == demand and "'$ref'" not in repr(demand)


def _fields_of(schema: Schema) -> Mapping[str, object]:
    fields = schema.get("properties", {})
    return fields if isinstance(fields, Mapping) else {}


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)


def _list(value: object) -> Sequence[object]:
    return value if _is_list(value) else ()


def _names(required: object) -> list[str]:
    return [str(name) for name in _list(required)]
