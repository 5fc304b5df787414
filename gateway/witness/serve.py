# SPDX-License-Identifier: EUPL-1.2
"""A witness over HTTP: ``POST /add-checkpoint`` and ``GET /<hash of the origin>/checkpoint``.

On the loopback address only: a witness of another machine stands behind a web server of its own,
with TLS. The second call gives the newest checkpoint that was cosigned; it is not in
c2sp.org/tlog-witness yet, and has the place that c2sp.org/tlog-mirror gives it. Ours alone is
``POST /add-successor``, for a log whose key was changed.
"""

from __future__ import annotations

import re
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from gateway.audit.submission import MAX_BODY, PATH, SUCCESSOR_PATH
from gateway.errors import AuditError
from gateway.ports import listening
from gateway.witness.record import Answer, Record

LOOPBACK = "127.0.0.1"
SILENCE_SECONDS = 30.0
_NEWEST = re.compile(r"/([0-9a-f]{64})/checkpoint")


class Server(ThreadingHTTPServer):
    """Serves one witness. ``broken`` holds the error of a disk that did not keep what it should."""

    daemon_threads = True

    def __init__(self, record: Record, port: int) -> None:
        self.record = record
        self.broken: OSError | AuditError | None = None
        with listening(port):
            super().__init__((LOOPBACK, port), _Handler)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self.server_address[1]}"

    def post(self, path: str, body: bytes) -> Answer:
        """Answer a request; after a disk that failed no other is answered."""
        if self.broken is None:
            try:
                record = self.record
                return record.add(body) if path == PATH else record.succeed(body)
            except (OSError, AuditError) as error:  # or its own file was changed
                self.broken = error
        return Answer(503, b"this witness cannot keep what it sees\n")

    def service_actions(self) -> None:
        """End when the disk failed: a restart reads what it really holds."""
        if self.broken is not None:
            raise self.broken


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keep-alive (tlog-witness)
    timeout = SILENCE_SECONDS
    server: Server

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.path not in (PATH, SUCCESSOR_PATH):
            self.close_connection = True
            self._send(Answer(404, b"post to /add-checkpoint\n"))
        elif not length.isdecimal() or int(length) > MAX_BODY:
            self.close_connection = True
            self._send(Answer(400, b"give a Content-Length that a request can have\n"))
        else:
            self._send(self.server.post(self.path, self.rfile.read(int(length))))

    def do_GET(self) -> None:
        found = _NEWEST.fullmatch(self.path)
        content = self.server.record.newest(found[1]) if found else None
        self._send(Answer(200, content) if content else Answer(404, b"not seen here\n"))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, *_: object) -> None:
        """Say nothing: who asks, and how often, is no news."""
