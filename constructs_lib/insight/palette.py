"""The colours of pictures and reports, light and dark; a test holds their contrast to WCAG AA."""

from __future__ import annotations

import re
from typing import Literal

Theme = Literal["light", "dark"]
#: By name: the light theme's colour, the dark theme's.
PALETTE: dict[str, tuple[str, str]] = {
    "canvas": ("#f5f6f8", "#12151a"),
    "surface": ("#ffffff", "#1c2128"),
    "sunken": ("#eceff3", "#171b21"),
    "border": ("#c8cfd8", "#3b444f"),
    "text": ("#161b22", "#e9edf2"),
    "muted": ("#545d69", "#a6b0bc"),
    "line": ("#76818f", "#7f8b99"),
    "accent": ("#1d5bd0", "#82b2ff"),
    "accent-surface": ("#e6eefc", "#1d2b45"),
    "error": ("#b3261e", "#ff9389"),
    "error-surface": ("#fcefed", "#2f1d1d"),
    "good": ("#17693a", "#74d69a"),
    "warning": ("#875000", "#f0b95a"),
    "violet": ("#6638bd", "#bfa6ff"),
    "teal": ("#0c6670", "#67d0dc"),
}
_VARIABLE = re.compile(r"var\(--([a-z-]+)\)")


def variables() -> str:
    """The palette as CSS custom properties that follow ``color-scheme``."""
    lines = (f"--{name}:light-dark({light},{dark});" for name, (light, dark) in PALETTE.items())
    return ":root{color-scheme:light dark;" + "".join(lines) + "}"


def in_plain_colours(css: str, theme: Theme) -> str:
    """CSS for what knows no custom properties: viewers of SVG files that are not browsers."""
    index = 0 if theme == "light" else 1
    return _VARIABLE.sub(lambda found: PALETTE[found[1]][index], css)
