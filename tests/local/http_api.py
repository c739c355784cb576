"""An HTTP API on loopback whose answers a test decides."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class HttpApi:
    """Answers each call with the status that ``decide`` gives for how often that event has come.

    ``taken`` holds the ids of the events that it took, ``headers`` those of the last call.
    """

    def __init__(self) -> None:
        self.decide: Callable[[int], int] = lambda _call: 200
        self.calls: dict[str, int] = {}
        self.taken: list[str] = []
        self.headers: dict[str, str] = {}
        lock, api = threading.Lock(), self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                event_id = json.loads(body)["id"]
                with lock:
                    api.headers = {name.lower(): value for name, value in self.headers.items()}
                    api.calls[event_id] = api.calls.get(event_id, 0) + 1
                    status = api.decide(api.calls[event_id])
                    if status == 200:
                        api.taken.append(event_id)
                self.send_response(status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
