"""A small mark for each kind of node: strokes in a square of 16."""

from constructs_lib.insight.graph import NodeKind

_CIRCLE = "M8 1.5a6.5 6.5 0 1 0 0 13a6.5 6.5 0 1 0 0-13"
ICONS: dict[NodeKind, str] = {
    "task": "M9 1.5L3.5 9H8l-1 5.5L12.5 7H8z",
    "choice": "M8 1.5l6.5 6.5L8 14.5L1.5 8z",
    "pass": "M2 8h11M9 4l4 4-4 4",
    "wait": f"{_CIRCLE}M8 4.5V8l2.5 1.5",
    "parallel": "M8 1.5v4M3 14.5V8.5h10v6M8 5.5v3",
    "map": "M2 5l6-3 6 3-6 3zM2 8l6 3 6-3M2 11l6 3 6-3",
    "succeed": f"{_CIRCLE}M5 8.2l2.2 2.2L11 6",
    "fail": f"{_CIRCLE}M5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6",
    "workflow": "M2 2h5v4H2zM9 10h5v4H9zM4.5 6v6H9",
    "function": "M3 2h3l6 12h2M7.5 6.5L3 14",
    "pipe": "M1.5 5H5v6H1.5zM11 5h3.5v6H11zM5 8h6",
    "bus": "M1.5 8h13M4 8V3.5M8 8v4.5M12 8V3.5",
    "rule": "M1.5 2.5h13L9.5 8.5V14l-3-2V8.5z",
    "queue": "M2 3h3v10H2zM6.5 3h3v10h-3zM11 3h3v10h-3z",
    "topic": "M4.8 4.8a4.5 4.5 0 0 0 0 6.4M11.2 4.8a4.5 4.5 0 0 1 0 6.4"
    "M2.5 2.5a7.8 7.8 0 0 0 0 11M13.5 2.5a7.8 7.8 0 0 1 0 11M8 7.5v1",
    "archive": "M1.5 2.5h13V6h-13zM3 6v7.5h10V6M6.5 9h3",
    "destination": f"{_CIRCLE}M1.5 8h13M8 1.5c-3.5 4-3.5 9 0 13c3.5-4 3.5-9 0-13",
    "schedule": "M2 3.5h12v10.5H2zM2 7h12M5 1.5v3M11 1.5v3",
    "partner": "M5.5 1.5v4M10.5 1.5v4M3 5.5h10V8a5 5 0 0 1-10 0zM8 13v2",
    "logs": "M2 3h12M2 6.5h12M2 10h8M2 13.5h5",
    "table": "M2 2.5h12v11H2zM2 6h12M2 9.5h12M6 6v7.5",
    "missing": "M5 6a3 3 0 1 1 4.2 2.7Q8 9.3 8 11M8 13.8v.1",
    "other": f"{_CIRCLE}M5 8v.1M8 8v.1M11 8v.1",
}
