"""Answers on the loopback what a Backend.AI manager answers `backend.ai ps`, so that it can run.

Started by `benchmarks.backendai`. The shapes are those that the client of 24.09 asks for: who the
key pair is, and a list of sessions. The answers are made once, so that they cost the client nothing
but its own work.
"""

from __future__ import annotations

import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SESSIONS = 10
_VERSION = {"version": "v8.20240915", "manager": "24.09.1"}


def session(number: int) -> dict[str, object]:
    """Return one running session with all that `ps` may ask for."""
    ident = f"00000000-0000-4000-8000-{number:012}"
    moment = "2026-11-01T12:00:00.000000+00:00"
    return {
        "id": ident,
        "session_id": ident,
        "main_kernel_id": ident,
        "name": f"session-{number}",
        "type": "interactive",
        "image": "registry.example.org/stable/python:3.11-ubuntu22.04",
        "status": "RUNNING",
        "status_info": "",
        "status_changed": moment,
        "created_at": moment,
        "result": "UNDEFINED",
        "group_name": "default",
        "access_key": "AKIAEXAMPLEEXAMPLE00",
        "priority": 10,
    }


def answer(body: str) -> dict[str, object]:
    """Return what a query is answered with."""
    asked = re.search(r"items \{(.*?)\}", body)
    if asked is not None:
        names = asked[1].replace("\\n", " ").split()
        known = [session(number) for number in range(SESSIONS)]
        items = [{name: one.get(name) for name in names} for one in known]
        return {"compute_session_list": {"items": items, "total_count": SESSIONS}}
    return {"keypair": {"is_admin": True, "user_id": "user@example.org"}}


class Responder(BaseHTTPRequestHandler):
    """Answers and says nothing else."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Tell the version, or that there is nothing to announce."""
        announced = "announcement" in self.path
        self._send({"enabled": False, "message": ""} if announced else _VERSION)

    def do_POST(self) -> None:
        """Answer a query."""
        length = int(self.headers.get("Content-Length", 0))
        self._send({"data": answer(self.rfile.read(length).decode())})

    def log_message(self, format: str, *words: object) -> None:
        """Say nothing of requests."""

    def _send(self, value: object) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def main() -> None:
    """Serve until the process is ended; the port is the first line of output."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Responder)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
