"""The emulator's reset, for what extensions keep."""

from __future__ import annotations

from collections.abc import Callable

from ministack import app


def at_reset(forget: Callable[[], None]) -> None:
    """Have ``forget`` called when the emulator is reset, after the services have been."""
    reset = app._reset_all_state

    def reset_all() -> None:
        reset()
        forget()

    app._reset_all_state = reset_all
