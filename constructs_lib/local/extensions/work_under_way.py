"""No upstream gap, but Duet's own: what is under way in an account that no request waits for.

Whatever the emulator does in the background it does in threads: executions and their branches,
deliveries and their retries, asynchronous invocations, replays. Each thread is known from before
its start until its end, under the account that it was started for. It is *under way* unless it
waits for the world outside, a task's answer that nobody has given yet; for other threads, which are
known themselves; or for a clock that the test holds. That is read off its stack: a flag set beside
the wait would be early or late. A pause on the clock is under way: it ends by itself.

Pollers run for all accounts and never end: ``sources_under_way`` sees what they have yet to take.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import thread as pool_threads
from contextlib import contextmanager
from contextvars import Context
from types import FrameType, FunctionType

from ministack.core.responses import get_account_id

from constructs_lib.local.extensions import clock

# What stands between a thread's innermost frame and the wait on the clock.
_DEEPEST_LOOK = 6
# What polls and reaps as long as the emulator lives, and what reads the output of a warm function.
_ENDLESS_THREADS = (
    "asyncio_",
    "duet-clock",
    "dynamodb-ttl-reaper",
    "eb-scheduler",
    "evb-scheduler-ticker",
    "ministack-container-reaper",
    "ministack-lambda-reaper",
)
_ENDLESS_FUNCTIONS = frozenset({"_poll_loop", "_poll_for_ever"})
_MODULES_OF_RUNTIMES = frozenset({"ministack.core.lambda_runtime", "ministack.core.node_pool"})
_EVENT_WAIT = threading.Event.wait.__code__
_CLOCK_WAIT = clock.Event.wait.__code__
_POOL_WORKER = pool_threads._worker.__code__

# What is under way by a key of its own: the account, a name, and the thread (0 until it begins).
_known: dict[object, tuple[str, str, int]] = {}
# How much has begun so far, by account.
_begun: dict[str, int] = {}


def register() -> None:
    """Know of every thread from now on; call this before anything starts one."""
    threading.Thread.start = _knowing(threading.Thread.start)  # type: ignore[assignment,method-assign]  # replaced on purpose


def under_way(account_id: str) -> list[str]:
    """What is under way in an account, by name; nothing once all has settled."""
    mine = [
        (name, thread) for account, name, thread in list(_known.values()) if account == account_id
    ]
    frames = sys._current_frames() if mine else {}
    return [name for name, thread in mine if not _is_waiting(frames.get(thread), account_id)]


def begun(account_id: str) -> int:
    """A number that has changed if anything has begun meanwhile."""
    return _begun.get(account_id, 0)


def _is_waiting(frame: FrameType | None, account_id: str) -> bool:
    """Whether it can go on only after something else has happened."""
    if frame is not None and frame.f_code is _POOL_WORKER:
        return True
    is_blocked = False
    for _ in range(_DEEPEST_LOOK):
        if frame is None:
            return False
        if frame.f_code is _EVENT_WAIT:
            is_blocked = not frame.f_locals["self"].is_set()
        elif frame.f_code is _CLOCK_WAIT:
            has_no_end = frame.f_locals["seconds"] is None
            is_for_an_answer = frame.f_locals["self"].answer_seconds > 0
            return is_blocked and (has_no_end or is_for_an_answer or _is_held(account_id))
        frame = frame.f_back
    return False


def _is_held(account_id: str) -> bool:
    own = clock._clocks.get(account_id)
    return own is not None and own.is_held


@contextmanager
def known(name: str) -> Iterator[None]:
    """Let a ``with`` block be under way in the current account."""
    key = object()
    _note(key, get_account_id(), name, threading.get_ident())
    try:
        yield
    finally:
        del _known[key]


def _note(key: object, account_id: str, name: str, thread: int) -> None:
    _begun[account_id] = _begun.get(account_id, 0) + 1
    _known[key] = (account_id, name, thread)


def _knowing(start: Callable[[threading.Thread], None]) -> Callable[[threading.Thread], None]:
    @functools.wraps(start)
    def start_known(thread: threading.Thread) -> None:
        if _is_endless(thread):
            start(thread)
            return
        account_id, name = get_account_id(), _name(thread)
        _note(thread, account_id, name, 0)
        run = thread.run

        def run_known() -> None:
            _known[thread] = (account_id, name, threading.get_ident())
            try:
                run()
            finally:
                del _known[thread]

        thread.run = run_known  # type: ignore[method-assign]  # as above
        try:
            start(thread)
        except RuntimeError:
            del _known[thread]
            raise

    return start_known


def _is_endless(thread: threading.Thread) -> bool:
    target = getattr(thread, "_target", None)
    return (
        thread.name.startswith(_ENDLESS_THREADS)
        or getattr(target, "__module__", "") in _MODULES_OF_RUNTIMES
        or getattr(target, "__name__", "") in _ENDLESS_FUNCTIONS
    )


def _name(thread: threading.Thread) -> str:
    """The function at work, and what it is about where that is a text."""
    work, arguments = getattr(thread, "_target", None), getattr(thread, "_args", ())
    if isinstance(getattr(work, "__self__", None), Context) and arguments:
        work, *arguments = arguments
    if isinstance(work, FunctionType) and "work" in work.__code__.co_freevars:
        # What ``clock.start`` was given.
        cell = (work.__closure__ or ())[work.__code__.co_freevars.index("work")]
        work = cell.cell_contents
    work = getattr(work, "func", work)
    about = next((each for each in arguments if isinstance(each, str)), "")
    return f"{getattr(work, '__name__', thread.name)} {about}".strip().removeprefix("_")
