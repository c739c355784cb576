"""Upstream gap: after each call MiniStack waits for what the handler may have logged, 50 ms mostly.

It cannot know that nothing comes any more. Here the handler's program says so itself, by a line
behind the last one.
"""

import json
import time
from queue import Empty
from typing import Any

from ministack.core import lambda_runtime

_END = "\x1e duet: end of the call's log"
# A program that cannot even say so, because its handler has closed its standard error.
_WAIT_SECONDS_MAX = 0.25
_IN_PYTHON = "        _real_stdout.flush()\n\nrun()\n"
_END_IN_PYTHON = f"        sys.stderr.write({_END!r} + chr(10))\n        sys.stderr.flush()\n"
_IN_JAVASCRIPT = "const _realStdoutWrite = process.stdout.write.bind(process.stdout);"
_END_IN_JAVASCRIPT = f"""const _answerOnStdout = process.stdout.write.bind(process.stdout);
const _logOnStderr = process.stderr.write.bind(process.stderr);
const _realStdoutWrite = (text) => {{
  // It says once that it is ready, which is no call.
  if (!text.startsWith('{{"status":"ready"')) _logOnStderr({json.dumps(_END)} + "\\n");
  return _answerOnStdout(text);
}};"""


def register() -> None:
    """Have handlers' programs end each call's log, and wait for that end."""
    lambda_runtime._PYTHON_WORKER_SCRIPT = _replaced(
        lambda_runtime._PYTHON_WORKER_SCRIPT, _IN_PYTHON, _END_IN_PYTHON + _IN_PYTHON
    )
    lambda_runtime._NODEJS_WORKER_SCRIPT = _replaced(
        lambda_runtime._NODEJS_WORKER_SCRIPT, _IN_JAVASCRIPT, _END_IN_JAVASCRIPT
    )
    # Runtimes that the user brings have programs of their own.
    lambda_runtime.ProvidedWorker._drain_stderr_bounded = (
        lambda_runtime.Worker._drain_stderr_bounded
    )
    lambda_runtime.Worker._drain_stderr_bounded = _log


def _replaced(script: str, written: str, instead: str) -> str:
    if script.count(written) != 1:
        raise RuntimeError(f"upstream's program must have {written!r} once; mend handler_logs")
    return script.replace(written, instead)


def _log(worker: Any) -> str:
    """What the handler has logged since the last call."""
    lines: list[str] = []
    deadline = time.monotonic() + _WAIT_SECONDS_MAX
    while True:
        try:
            line = worker._stderr_queue.get(timeout=max(deadline - time.monotonic(), 0))
        except Empty:
            break
        if line == _END:
            break
        lines.append(line)
    return "\n".join(lines)
