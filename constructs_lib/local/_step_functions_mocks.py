"""The mock configuration file of Step Functions Local, checked before anything relies on it.

Source: Step Functions developer guide, "Configuration file for mocked service integrations in Step
Functions" (read 2026-11-23).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

_ATTEMPTS = re.compile(r"\d+(-\d+)?")
_Object = Mapping[str, object]


def require_mocks(path: Path) -> None:
    """Refuse a file that is no mock configuration.

    Raises:
        ValueError: It cannot be read, or says what cannot be followed; the message says where.
    """
    try:
        problem = next(_problems(json.loads(path.read_text(encoding="utf-8"))), None)
    except (OSError, ValueError) as error:
        problem = f"cannot be read: {error}"
    if problem:
        raise ValueError(f"step_functions_mocks: {path}: {problem}; correct the file")


def _problems(written: object) -> Iterator[str]:
    if not isinstance(written, Mapping):
        yield "holds no JSON object"
        return
    machines, responses = (_object(written, name) for name in ("StateMachines", "MockedResponses"))
    if machines is None or responses is None:
        yield "must have the objects StateMachines and MockedResponses"
        return
    for name, response in responses.items():
        yield from _problems_of_response(f"MockedResponses.{name}", response)
    for machine in machines:
        cases = _object(_object(machines, machine) or {}, "TestCases")
        if cases is None:
            yield f"StateMachines.{machine} must have the object TestCases"
            continue
        for case in cases:
            where = f"StateMachines.{machine}.TestCases.{case}"
            states = _object(cases, case)
            if states is None:
                yield f"{where} must be an object"
            for state, response in (states or {}).items():
                if response not in responses:
                    yield f"{where}.{state}: there is no mocked response {response!r}"


def _problems_of_response(where: str, response: object) -> Iterator[str]:
    if not isinstance(response, Mapping):
        yield f"{where} must be an object"
        return
    for attempts, answer in response.items():
        if not _ATTEMPTS.fullmatch(attempts):
            yield f"{where}: {attempts!r} is neither an attempt (0) nor a range of them (1-2)"
        elif not isinstance(answer, Mapping) or set(answer) not in ({"Return"}, {"Throw"}):
            yield f"{where}.{attempts} must have either Return or Throw"
        elif "Throw" in answer and not isinstance(_object(answer, "Throw"), Mapping):
            yield f"{where}.{attempts}.Throw must be an object"


def _object(of: _Object, name: str) -> _Object | None:
    found = of.get(name)
    return cast(_Object, found) if isinstance(found, Mapping) else None
