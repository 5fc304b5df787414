# SPDX-License-Identifier: EUPL-1.2
"""A time stamping authority of our own, for development: ``openssl ts`` behind HTTP (RFC 3161).

One process and one request at a time: ``openssl ts`` keeps its serial number in a file and is not
made for two at once. A real authority is used by giving its address instead.

The configuration names no ``certs``: an answer with two certificates in it is refused by some
clients. Who verifies has the intermediate certificate from elsewhere (``vertrouwen/``).
"""

from __future__ import annotations

import os
import subprocess
from http.server import BaseHTTPRequestHandler, HTTPServer

from gateway import durable
from gateway.audit.stamp import QUERY_TYPE, REPLY_TYPE
from gateway.errors import GatewayError
from gateway.ports import OWN_FOLDER, listening

LOOPBACK = "127.0.0.1"
MAX_QUERY = 16 * 1024
SILENCE_SECONDS = 5.0
REPLY_SECONDS = 20.0

POLICY = "1.3.6.1.4.1.22408.1.2.3.45"
"""Policy of these stamps: the example of openssl's own documentation; none rests on it."""

_CONFIG = """\
# Made by knooppunt tsa run; made again at each start.
[ tsa ]
default_tsa = knooppunt
[ knooppunt ]
serial = {serial}
crypto_device = builtin
signer_cert = {certificate}
signer_key = {key}
signer_digest = sha256
default_policy = {policy}
digests = sha256, sha512
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


class TsaError(GatewayError):
    """The time stamping authority cannot work."""

    code = "tsa"


class Authority(HTTPServer):
    """Answers one question after another; ``directory`` holds its configuration and serial."""

    def __init__(self, directory: str, certificate: str, key: str, port: int) -> None:
        for path in (certificate, key):
            if not os.access(path, os.R_OK):
                raise TsaError(f"{path} cannot be read", hint="make it with: knooppunt init")
        durable.make_dir(directory, 0o700)
        self._lock = durable.lock(
            os.path.join(directory, "lock"),
            "another authority is running in this folder",
            OWN_FOLDER,
        )
        self._config = os.path.join(directory, "openssl.cnf")
        serial = os.path.join(directory, "serial")
        if not os.path.exists(serial):
            durable.put(serial, b"01\n", 0o600)
        text = _CONFIG.format(serial=serial, certificate=certificate, key=key, policy=POLICY)
        durable.put(self._config, text.encode(), 0o600)
        with listening(port):
            super().__init__((LOOPBACK, port), _Handler)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self.server_address[1]}"

    def reply(self, query: bytes) -> bytes:
        """The answer of ``openssl ts``; a refusal is an answer too. Empty: it could not answer."""
        command = ["openssl", "ts", "-reply", "-config", self._config, "-queryfile", "/dev/stdin"]
        try:
            done = subprocess.run(  # noqa: S603  no shell, fixed words, our own paths
                command, input=query, capture_output=True, timeout=REPLY_SECONDS, check=False
            )
        except FileNotFoundError:
            raise TsaError("there is no openssl on this machine", hint="install it") from None
        except subprocess.TimeoutExpired:
            return b""
        return done.stdout if done.returncode == 0 else b""

    def server_close(self) -> None:
        """Stop listening, and let another process hold the folder."""
        super().server_close()
        os.close(self._lock)


class _Handler(BaseHTTPRequestHandler):
    timeout = SILENCE_SECONDS  # one at a time: who says nothing must not hold up the others
    server: Authority

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        if self.headers.get("Content-Type") != QUERY_TYPE:
            self._send(415, f"post an {QUERY_TYPE}\n".encode())
        elif not length.isdecimal() or int(length) > MAX_QUERY:
            self._send(400, b"give a Content-Length that a question can have\n")
        else:
            answer = self.server.reply(self.rfile.read(int(length)))
            if answer:
                self._send(200, answer, REPLY_TYPE)
            else:
                self._send(500, b"openssl gave no answer\n")

    def _send(self, status: int, body: bytes, content_type: str = "text/plain") -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: who asks, and how often, is no news."""
