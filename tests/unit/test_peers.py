# SPDX-License-Identifier: EUPL-1.2
"""One call to a party beside the chain: what counts as an answer, and what as none."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from gateway.peers import Unreachable, call


class Party(BaseHTTPRequestHandler):
    """Redirects to a page that is well, or breaks off in the middle of an answer."""

    def do_POST(self) -> None:
        """Not here."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(503 if self.path == "/broken" else 302)
        self.send_header("Location", "/login")
        self.send_header("Content-Type", "text/plain")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"5\r\nthere\r\nnonsense" if self.path == "/broken" else b"0\r\n\r\n")

    def do_GET(self) -> None:
        """The page that is well; other paths lead to it."""
        self.send_response(200 if self.path == "/login" else 302)
        self.send_header("Location", "/login")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def party() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Party)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("body", [b"x", None])
def test_a_redirect_is_an_answer_and_is_not_followed(party: str, body: bytes | None) -> None:
    """Whoever asks sees its code: a question put to another page was not put to this one."""
    assert call(f"{party}/ask", body, "text/plain", 5.0).status == 302


def test_an_answer_that_breaks_off_is_none(party: str) -> None:
    """That of a refusal too."""
    with pytest.raises(Unreachable, match="no answer"):
        call(f"{party}/broken", b"x", "text/plain", 5.0)
