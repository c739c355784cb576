"""How wide text is, before any browser has seen it: an upper estimate for sans-serif fonts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence

#: Widths in thousandths of the font's size: DejaVu Sans's, about the widest of the fonts that the
#: pictures' style names, and the one that bare machines have.
_WIDTHS: dict[str, int] = {
    letter: width
    for width, letters in {
        278: "ijl",
        295: "IJ",
        318: " ,.'·",
        355: "f/:;\\|-",
        400: "()[]!t",
        415: "r",
        500: '*_`"',
        525: "sz?",
        560: "cL",
        592: "vxyF",
        600: "kT",
        615: "aeoPY",
        636: "bdghnpqu0123456789$ESB{}",
        690: "ACVRXZK",
        755: "HNU",
        785: "DGOQ&",
        820: "w",
        840: "#+<=>^~",
        870: "M",
        975: "m%",
        1000: "W@…",
    }.items()
    for letter in letters
}
#: Of other letters, and of those of East Asia.
_OTHER_WIDTH, _FULL_WIDTH = 0.8, 1.05
#: What stands for text that was left out.
ELLIPSIS = "…"
#: Where a long word may be broken: after these.
_BREAKS = frozenset("-_/.:,)")
#: Control characters, halves of surrogate pairs, private use, unassigned; separators of lines.
_NOT_SHOWN = frozenset({"Cc", "Cs", "Cn", "Co", "Zl", "Zp"})
#: How much wider semi-bold letters are.
BOLD = 1.14


def width_of(text: str, *, size: float) -> float:
    """How wide a line is at most, in the unit of ``size``; pass ``size * BOLD`` for titles."""
    return size * sum(_width(character) for character in text)


def _width(character: str) -> float:
    known = _WIDTHS.get(character)
    if known is not None:
        return known / 1000
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0.0
    is_wide = unicodedata.east_asian_width(character) in "WFA"
    return _FULL_WIDTH if is_wide else _OTHER_WIDTH


def printable(text: str) -> str:
    """One line without characters that XML and terminals do not take."""
    kept = ("".join(" " if unicodedata.category(c) in _NOT_SHOWN else c for c in text)).split()
    return " ".join(kept)


def wrapped(text: str, *, width: float, size: float, most: int) -> list[str]:
    """Text in at most ``most`` lines of ``width``; what is left over gives way to an ellipsis."""
    lines: list[str] = []
    rest = printable(text)
    while rest and len(lines) < most:
        line, rest = _first_line(rest, width=width, size=size)
        lines.append(line)
    if rest:
        lines[-1] = _with_ellipsis(lines[-1], width=width, size=size)
    return lines


def with_spaces(lines: Sequence[str], *, of: str) -> Iterator[str]:
    """Wrapped lines as they are read aloud or copied: with a space after each that ends a word.

    Args:
        of: The text that was wrapped.
    """
    rest = printable(of)
    for number, line in enumerate(lines, 1):
        rest = rest.removeprefix(line)
        ends_a_word = number == len(lines) or rest.startswith(" ")
        yield f"{line} " if ends_a_word else line
        rest = rest.lstrip(" ")


def _first_line(text: str, *, width: float, size: float) -> tuple[str, str]:
    end = 0
    used = 0.0
    for character in text:
        used += size * _width(character)
        if used > width:
            break
        end += 1
    if end == len(text):
        return text, ""
    end = max(end, 1)
    space = text.rfind(" ", 0, end + 1)
    if space > 0:
        return text[:space], text[space + 1 :]
    after = max((i for i in range(end // 2 + 1, end + 1) if _may_break(text, i)), default=end)
    return text[:after], text[after:]


def _may_break(text: str, at: int) -> bool:
    """Whether a word may be broken before ``at``: ``Reserve|Email``, ``sdk:|call``."""
    return text[at - 1] in _BREAKS or (text[at].isupper() and text[at - 1].islower())


def _with_ellipsis(line: str, *, width: float, size: float) -> str:
    while line and width_of(line + ELLIPSIS, size=size) > width:
        line = line[:-1]
    return line.rstrip() + ELLIPSIS
