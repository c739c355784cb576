"""The part of Freshdesk's API that takes contacts, on this machine."""

import base64
import json
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from email.message import Message
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from constructs_lib.demo.waiting import wait_for

CONTACTS_PATH = "/api/v2/contacts"
_KEY = "demo-key"  # opens nothing but the server below
#: What Freshdesk wants to see: its key as the user's name, and any password.
CRM_AUTHORIZATION = "Basic " + base64.b64encode(f"{_KEY}:X".encode()).decode()


@dataclass(frozen=True, kw_only=True)
class Contact:
    """A contact as it was created, and the request that led to it."""

    name: str
    unique_external_id: str
    correlation_id: str


class LocalCrm:
    """A small Freshdesk on 127.0.0.1 for ``POST /api/v2/contacts``; use it in ``with``.

    It insists on the key, a name and an external id that no contact has, and on no field that would
    be a person's.
    """

    def __init__(self) -> None:
        self.refused: list[HTTPStatus] = []
        self._contacts: dict[str, Contact] = {}
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        """Serve on a free port."""
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        """Serve no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def contacts_url(self) -> str:
        """Where contacts are posted to."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{CONTACTS_PATH}"

    @property
    def contacts(self) -> Mapping[str, Contact]:
        """What was created so far, by external id."""
        with self._lock:
            return dict(self._contacts)

    def wait_for_contacts(self, external_ids: Collection[str]) -> Mapping[str, Contact]:
        """Wait until each of ``external_ids`` has a contact, or time is up."""
        return wait_for(lambda: self.contacts, until=lambda seen: seen.keys() >= set(external_ids))

    def answer(self, path: str, headers: Message, body: bytes) -> HTTPStatus:
        """Create a contact, or say why not."""
        with self._lock:
            status = self._create(path, headers, body)
            if status is not HTTPStatus.CREATED:
                self.refused.append(status)
            return status

    def _create(self, path: str, headers: Message, body: bytes) -> HTTPStatus:
        if path != CONTACTS_PATH:
            return HTTPStatus.NOT_FOUND
        if headers.get("Authorization") != CRM_AUTHORIZATION:
            return HTTPStatus.UNAUTHORIZED
        try:
            fields = json.loads(body)
        except ValueError:
            return HTTPStatus.BAD_REQUEST
        if not isinstance(fields, dict) or fields.keys() != {"name", "unique_external_id"}:
            return HTTPStatus.BAD_REQUEST
        if not all(isinstance(value, str) and value for value in fields.values()):
            return HTTPStatus.BAD_REQUEST
        if fields["unique_external_id"] in self._contacts:
            return HTTPStatus.CONFLICT
        self._contacts[fields["unique_external_id"]] = Contact(
            **fields, correlation_id=headers.get("X-Correlation-Id", "")
        )
        return HTTPStatus.CREATED


def _handler(crm: LocalCrm) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(crm.answer(self.path, self.headers, body))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Print nothing: the demo's tables say what came."""

    return Handler
