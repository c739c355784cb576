"""The carrier's API is a small one of this test's; the rest is as on AWS."""

import json
import queue
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

pickups = queue.Queue()


class Carrier(BaseHTTPRequestHandler):
    """Takes every order."""

    def do_POST(self):
        pickups.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200 if self.headers["x-api-key"] else 401)
        self.end_headers()


carrier = HTTPServer(("127.0.0.1", 0), Carrier)
Thread(target=carrier.serve_forever, daemon=True).start()


@pytest.mark.duet(parameters={"CarrierUrl": f"http://127.0.0.1:{carrier.server_port}/"})
def test_only_parcels_that_are_ready_are_picked_up(duet):
    duet.table("Parcels").put({"id": "p-1", "zip": "20095", "status": "PACKING"})
    duet.table("Parcels").put({"id": "p-2", "zip": "80331", "status": "READY"})
    assert pickups.get(timeout=10) == {"id": "p-2", "zip": "80331", "depot": "munich"}
    assert pickups.empty()
    duet.dead_letters.expect_empty()
