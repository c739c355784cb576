"""Work in the order of dependencies, side by side where there are none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from typing import TypeVar

_Result = TypeVar("_Result")
_AT_ONCE = 4


def run_in_order(
    needs: Mapping[str, Iterable[str]], work: Callable[[str], _Result]
) -> dict[str, _Result]:
    """Call ``work`` with each key once all that it needs is done; the results by key.

    After a failure nothing new begins; what has begun is waited for, and the first error raised.
    """
    sorter = TopologicalSorter(needs)
    sorter.prepare()
    results: dict[str, _Result] = {}
    running: dict[Future[_Result], str] = {}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        while sorter.is_active():
            for id_ in sorter.get_ready():
                running[pool.submit(work, id_)] = id_
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                id_ = running.pop(future)
                results[id_] = future.result()
                sorter.done(id_)
    return results
