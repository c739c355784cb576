"""Whether an event of which only some fields are known can match a pattern."""

from typing import Any

import pytest

from constructs_lib.insight.findings.matching import Answer, matches

_EVENT = {"source": "shop.orders", "detail-type": None}


@pytest.mark.parametrize(
    ("source", "answer"),
    [
        ("shop.orders", True),
        ("shop", False),
        ({"prefix": "shop."}, True),
        ({"prefix": {"equals-ignore-case": "SHOP"}}, True),
        ({"suffix": ".orders"}, True),
        ({"suffix": ".stock"}, False),
        ({"wildcard": "shop.*"}, True),
        ({"wildcard": "*.stock"}, False),
        ({"equals-ignore-case": "Shop.Orders"}, True),
        ({"anything-but": "shop.orders"}, False),
        ({"anything-but": ["a", "b"]}, True),
        ({"anything-but": {"prefix": "shop"}}, False),
        ({"anything-but": {"suffix": ["a", "b"]}}, True),
        ({"exists": True}, True),
        ({"exists": False}, False),
        ("${Source}", None),
        ({"prefix": "${Source}"}, None),
        ({"numeric": [">", 1]}, None),
    ],
)
def test_a_field_that_is_known_decides(source: Any, answer: Answer) -> None:
    assert matches({"source": [source]}, _EVENT) is answer


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [
        ({"source": ["shop.orders"], "detail-type": ["OrderPlaced"]}, None),
        ({"source": ["other"], "detail-type": ["OrderPlaced"]}, False),
        ({"source": ["other", "shop.orders"]}, True),
        ({"source": ["shop.orders"], "detail": {"total": [1]}}, None),
        ({"$or": [{"source": ["other"]}, {"source": ["shop.orders"]}]}, True),
        ({"$or": [{"source": ["other"]}, {"detail-type": ["OrderPlaced"]}]}, None),
        ({"$or": [{"source": ["other"]}, {"source": ["another"]}]}, False),
        ({"source": ["shop.orders"], "replay-name": [{"exists": False}]}, True),
        ({"source": ["shop.orders"], "replay-name": [{"exists": True}]}, False),
    ],
)
def test_what_is_not_known_is_neither_yes_nor_no(pattern: dict[str, Any], answer: Answer) -> None:
    assert matches(pattern, _EVENT) is answer
