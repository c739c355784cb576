"""Filters of JSONPath: ``(@.total > 5 && @.state in ['open', 'new'])``."""

import ast
import re
from collections.abc import Callable, Iterator

_Find = Callable[[str, object], object]
Matches = Callable[[object, object], bool]
_Operand = Callable[[object, object], object]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<path>[@$](?:\.\.?[\w*-]+|\[(?:'[^']*'|"[^"]*"|[^\]])*\])*)
      | (?P<text>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")
      | (?P<regex>/(?:\\.|[^/\\])+/i?)
      | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<word>[a-z]+)
      | (?P<sign>=~|[=!<>]=|&&|\|\||[<>!(),\[\]])
    )\s*""",
    re.VERBOSE | re.DOTALL,
)
_WORDS = {"true": True, "false": False, "null": None}
_MISSING = object()


def parse(text: str, find: _Find) -> Matches:
    """The filter ``text`` as a function of an item and the root; ``find`` follows its paths.

    Raises:
        ValueError: It is no filter.
    """
    return _Parser(text, find).whole()


class _Parser:
    def __init__(self, text: str, find: _Find) -> None:
        self._text = text
        self._find = find
        self._tokens = list(self._read())
        self._next = 0

    def whole(self) -> Matches:
        matches = self._either()
        if self._next != len(self._tokens):
            raise self._refusal()
        return matches

    def _read(self) -> Iterator[tuple[str, str]]:
        position = 0
        while position < len(self._text):
            token = _TOKEN.match(self._text, position)
            if token is None or token.lastgroup is None:
                raise self._refusal()
            yield token.lastgroup, token[token.lastgroup]
            position = token.end()

    def _refusal(self) -> ValueError:
        return ValueError(f"no filter of JSONPath: {self._text}")

    def _take(self, *wanted: str) -> str | None:
        if self._next < len(self._tokens) and self._tokens[self._next][1] in wanted:
            self._next += 1
            return self._tokens[self._next - 1][1]
        return None

    def _either(self) -> Matches:
        left = self._both()
        while self._take("||"):
            left = _any(left, self._both())
        return left

    def _both(self) -> Matches:
        left = self._single()
        while self._take("&&"):
            left = _all(left, self._single())
        return left

    def _single(self) -> Matches:
        if self._take("!"):
            inner = self._single()
            return lambda item, root: not inner(item, root)
        if self._take("("):
            inner = self._either()
            if not self._take(")"):
                raise self._refusal()
            return inner
        left = self._operand()
        sign = self._take("==", "!=", "<=", ">=", "<", ">", "=~", "in", "nin")
        if sign is None:
            return lambda item, root: left(item, root) is not _MISSING
        right = self._operand()
        compare = _COMPARISONS[sign]
        return lambda item, root: compare(left(item, root), right(item, root))

    def _operand(self) -> _Operand:
        if self._take("["):
            return self._list()
        if self._next == len(self._tokens):
            raise self._refusal()
        kind, token = self._tokens[self._next]
        self._next += 1
        if kind == "path":
            return self._path(token)
        value: object
        if kind in ("text", "number"):
            value = ast.literal_eval(token)
        elif kind == "regex":
            flags = re.IGNORECASE if token.endswith("i") else 0
            value = re.compile(token.removesuffix("i")[1:-1], flags)
        elif token in _WORDS:
            value = _WORDS[token]
        else:
            raise self._refusal()
        return lambda *_: value

    def _list(self) -> _Operand:
        operands: list[_Operand] = []
        while not self._take("]"):
            operands.append(self._operand())
            self._take(",")
        return lambda item, root: [operand(item, root) for operand in operands]

    def _path(self, path: str) -> _Operand:
        find = self._find

        def follow(item: object, root: object) -> object:
            try:
                return find("$" + path[1:], item if path[0] == "@" else root)
            except LookupError:
                return _MISSING

        return follow


def _any(left: Matches, right: Matches) -> Matches:
    return lambda item, root: left(item, root) or right(item, root)


def _all(left: Matches, right: Matches) -> Matches:
    return lambda item, root: left(item, root) and right(item, root)


def _equal(left: object, right: object) -> bool:
    # To Python, true is 1.
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _ordered(compare: Callable[[int], bool]) -> Callable[[object, object], bool]:
    def holds(left: object, right: object) -> bool:
        for kind in (str, int | float):
            if isinstance(left, kind) and isinstance(right, kind):
                return compare((left > right) - (left < right))  # type: ignore[operator]
        return False

    return holds


def _among(left: object, right: object) -> bool:
    return isinstance(right, list) and any(_equal(left, each) for each in right)


def _like(left: object, right: object) -> bool:
    if not isinstance(left, str) or not isinstance(right, re.Pattern):
        return False
    return right.fullmatch(left) is not None


_COMPARISONS: dict[str, Callable[[object, object], bool]] = {
    "==": _equal,
    "!=": lambda left, right: not _equal(left, right),
    "<": _ordered(lambda order: order < 0),
    "<=": _ordered(lambda order: order <= 0),
    ">": _ordered(lambda order: order > 0),
    ">=": _ordered(lambda order: order >= 0),
    "in": _among,
    "nin": lambda left, right: not _among(left, right),
    "=~": _like,
}
