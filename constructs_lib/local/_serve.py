"""The process that serves the emulator; ``EmbeddedAws`` starts it and nothing else should.

It takes one JSON argument (see ``Orders``) and two inherited pipes: it *reports* on one (a JSON
line: the port once it serves, or why it cannot), and watches the other, the *lifeline*, whose end
of file says that its starter is gone, however it went.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
import os
import select
import shutil
import signal
import socket
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING, TypedDict

from constructs_lib.local.extensions.pin import MINISTACK_VERSION

if TYPE_CHECKING:
    from hypercorn.typing import (
        ASGIFramework,
        ASGIReceiveCallable,
        ASGISendCallable,
        ASGISendEvent,
        Scope,
    )

# A process forked by the starter keeps the lifeline open, so the parent's id is looked at as well.
_PARENT_CHECK_MS = 500


class Orders(TypedDict):
    """What the starter passes on the command line; file descriptors are inherited."""

    port: int
    parent_pid: int
    report_fd: int
    lifeline_fd: int
    folder_to_remove: str


def main() -> None:
    """Bind, register the extensions, serve until the starter ends or a signal comes."""
    orders: Orders = json.loads(sys.argv[1])

    def on_signal(_number: int, _frame: FrameType | None) -> None:
        _end(orders)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, on_signal)
    # Watched from here on, in a thread of its own: imports take most of the start-up time, and a
    # busy event loop must not keep an orphan alive.
    threading.Thread(target=_watch_starter, args=(orders,), daemon=True).start()

    refusal = _refusal()
    if refusal:
        _report(orders, {"refusal": refusal})
        _end(orders)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", orders["port"]))
        listener.listen()
    except OSError as error:
        _report(orders, {"error": f"{error.strerror or error}"})
        _end(orders)
    port: int = listener.getsockname()[1]
    # MiniStack reads its port while it is imported, hence the late import.
    os.environ["GATEWAY_PORT"] = str(port)
    app = prepare()
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    async def announcing(
        scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        async def send_and_announce(message: ASGISendEvent) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                _report(orders, {"port": port})

        await app(scope, receive, send_and_announce if scope["type"] == "lifespan" else send)

    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = 75

    async def never() -> None:
        await asyncio.Event().wait()

    # A trigger of our own keeps hypercorn from installing signal handlers over ours.
    asyncio.run(serve(announcing, config, shutdown_trigger=never))


def prepare() -> ASGIFramework:
    """Import MiniStack, register Duet's extensions and return the application, not yet serving."""
    from ministack import app as ministack_app

    from constructs_lib.local.extensions import register_all

    # MiniStack would run any script it finds in two folders of the machine (container habits).
    ministack_app._collect_scripts = lambda *_folders: []
    register_all()
    application: ASGIFramework = ministack_app.app
    return application


def _refusal() -> str:
    """Why this Python cannot run the emulator; empty if it can."""
    try:
        installed = importlib.metadata.version("ministack")
    except importlib.metadata.PackageNotFoundError:
        installed = "none"
    if installed == MINISTACK_VERSION:
        return ""
    return (
        f"ministack must be version {MINISTACK_VERSION} in the Python that runs the emulator, "
        f"got {installed}; run: {sys.executable} -m pip install 'ministack=={MINISTACK_VERSION}'"
    )


def _watch_starter(orders: Orders) -> None:
    poll = select.poll()
    # Nothing is ever written: any event on the lifeline is its end.
    poll.register(orders["lifeline_fd"], select.POLLIN | select.POLLHUP)
    while os.getppid() == orders["parent_pid"]:
        if poll.poll(_PARENT_CHECK_MS):
            break
    _end(orders)


def _report(orders: Orders, message: dict[str, int | str]) -> None:
    os.write(orders["report_fd"], (json.dumps(message) + "\n").encode())


def _end(orders: Orders) -> None:
    """End this process and every handler it started; all its state is in memory, nothing to save.

    The starter may be gone, so the files are removed here as well.
    """
    shutil.rmtree(orders["folder_to_remove"], ignore_errors=True)
    # This process leads its group (it was started in a session of its own): itself included.
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    main()
