"""Upstream gap: whatever a handler raises is reported as ``Runtime.HandlerError``.

AWS's runtimes answer with the exception's class (Python) or ``name`` (JavaScript) as ``errorType``,
which is what retriers and catchers of workflows name, and with the stack. The environment that
raised it serves the next call; MiniStack ends it, and a retry pays for a cold start.

Not emulated: the types of errors while a function loads, such as ``Runtime.ImportModuleError``.
Source: Lambda developer guide, "Handling function errors in Python" and "in Node.js"; AWS's
runtime interface clients for both, ``make_error`` and ``toRapidResponse`` (read 2026-11-27).
"""

from collections.abc import Callable, Mapping
from contextvars import ContextVar

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

# What the programs that run handlers write, and what they write besides. As a failure it would end
# the program.
_IN_PYTHON = '"status": "error", "error": str(e), "trace": traceback.format_exc()'
_PAYLOAD_IN_PYTHON = """, "payload": {
                "errorMessage": str(e),
                "errorType": type(e).__name__,
                "requestId": _ms_ctx.get("request_id", ""),
                "stackTrace": traceback.format_list(traceback.extract_tb(e.__traceback__)[1:]),
            }"""
_IN_JAVASCRIPT = {
    'status: "error", error: String(err.message || err), trace: err.stack || ""': "err",
    'status: "error", error: e.message, trace: e.stack': "e",
}
_PAYLOAD_IN_JAVASCRIPT = """, payload: ERROR instanceof Error
              ? {errorType: ERROR.name, errorMessage: ERROR.message,
                 trace: (ERROR.stack || "").split("\\n")}
              : {errorType: typeof ERROR, errorMessage: String(ERROR), trace: []}"""

_Record = Mapping[str, object]
_payload: ContextVar[object] = ContextVar("handler_error_payload", default=None)


def register() -> None:
    """Have handlers' programs report errors as AWS's do, and hand that on."""
    lambda_runtime._PYTHON_WORKER_SCRIPT = _with_payload(
        lambda_runtime._PYTHON_WORKER_SCRIPT, _IN_PYTHON, _PAYLOAD_IN_PYTHON
    )
    for written, error in _IN_JAVASCRIPT.items():
        lambda_runtime._NODEJS_WORKER_SCRIPT = _with_payload(
            lambda_runtime._NODEJS_WORKER_SCRIPT,
            written,
            _PAYLOAD_IN_JAVASCRIPT.replace("ERROR", error),
        )
    lambda_runtime.Worker.invoke = _remembering(lambda_runtime.Worker.invoke)
    lambda_svc._execute_function_warm = _answering(lambda_svc._execute_function_warm)


def _with_payload(script: str, written: str, payload: str) -> str:
    if script.count(written) != 1:
        raise RuntimeError(f"upstream's program must have {written!r} once; mend handler_errors")
    return script.replace(written, written.replace('"error"', '"ok"', 1) + payload)


def _remembering(invoke: Callable[..., _Record]) -> Callable[..., _Record]:
    def invoke_and_remember(*arguments: object, **named: object) -> _Record:
        answer = invoke(*arguments, **named)
        if "payload" not in answer:
            return answer
        _payload.set(answer["payload"])
        return {**answer, "status": "error"}

    return invoke_and_remember


def _answering(execute: Callable[..., _Record]) -> Callable[..., _Record]:
    def execute_and_answer(*arguments: object) -> _Record:
        token = _payload.set(None)
        try:
            answer = execute(*arguments)
            payload = _payload.get()
            return {**answer, "body": payload} if payload and answer.get("error") else answer
        finally:
            _payload.reset(token)

    return execute_and_answer
