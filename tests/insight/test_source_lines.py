"""The line of the program that made a resource."""

from __future__ import annotations

import pytest

from constructs_lib.insight.source_lines import SourceLines
from constructs_lib.templates.json_value import JsonValue

_HIDDEN = [
    "...aws-cdk-lib, jsii runtime, node internals...",
    "(no user code in 10 frames, use --stack-trace-limit to capture more)",
]
_APP = "<module> (/home/ada/my shop/app.py:9)"


def _made(*frames: str) -> JsonValue:
    return [{"type": "aws:cdk:creationStack", "data": [*_HIDDEN, *frames]}]


@pytest.mark.parametrize(
    ("frame", "line"),
    [
        ("__init__ (/home/ada/my shop/shop.py:12)", "/home/ada/my shop/shop.py:12"),
        ("new Shop (C:\\My shop\\shop.ts:12:3)", "C:\\My shop\\shop.ts:12"),
        ("/home/ada/shop.js:12:3", "/home/ada/shop.js:12"),
        ("at Shop.<init>(Shop.java:12)", "Shop.java:12"),
        ("Shop..ctor() in /home/ada/Shop.cs:line 12", "/home/ada/Shop.cs:12"),
    ],
)
def test_a_frame_of_any_language_tells_file_and_line(frame: str, line: str) -> None:
    assert SourceLines({"/Shop/Orders/Resource": _made(frame)}).of("Shop/Orders/Resource") == line


def test_frames_of_libraries_are_passed_over() -> None:
    frames = (
        "__init__ (/src/duet/constructs_lib/bus.py:3)",
        "add (/home/ada/.venv/lib/site-packages/shop_lib/bus.py:8)",
        _APP,
    )

    lines = SourceLines({"/Shop/Orders/Resource": _made(*frames)})

    assert lines.of("Shop/Orders/Resource") == "/home/ada/my shop/app.py:9"


def test_a_resource_without_a_trace_has_the_line_of_its_construct() -> None:
    lines = SourceLines(
        {
            "/Shop/Work/Machine/Resource": _made(),
            "/Shop/Work/Machine/Role/Resource": _made("f (/shop/work.py:5)", _APP),
            "/Shop/Work/Logs/Resource": _made("f (/shop/work.py:4)", _APP),
            "/Shop/Orders/Resource": _made("f (/shop/orders.py:7)"),
        }
    )

    assert lines.of("Shop/Work/Machine/Resource") == "/shop/work.py:5"
    assert lines.of("Shop/Work/Alarm/Resource") == "/home/ada/my shop/app.py:9"


def test_what_nothing_tells_has_no_line() -> None:
    lines = SourceLines({"/Shop/Orders/Resource": _made("f (/shop/orders.py:7)")})

    assert lines.of("Shop/Work/Resource") is None
    assert SourceLines({}).of("Shop/Work/Resource") is None
