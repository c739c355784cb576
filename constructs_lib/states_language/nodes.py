"""Ways into a definition that may have any shape."""

from collections.abc import Iterator, Mapping

Node = Mapping[str, object]


def is_expression(value: object) -> bool:
    """Whether ``value`` is a JSONata expression, to be evaluated."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def objects_of(node: Node, field: str, place: str) -> Iterator[tuple[Node, str]]:
    """The objects in a list, each with its place; anything else is passed over."""
    found = node.get(field)
    for index, each in enumerate(found if isinstance(found, list) else ()):
        if isinstance(each, dict):
            yield each, f"{place}/{field}[{index}]"
