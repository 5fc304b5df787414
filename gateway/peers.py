# SPDX-License-Identifier: EUPL-1.2
"""One call to a party beside the chain, over HTTP: a witness, a time stamping authority, a webhook.

Never on the engine's thread. An address on this machine is called straight; for any other the
proxies of the environment count. A redirect is an answer, and is not followed: what was posted
would become a question, and a login page that answers it well would pass for having taken it.
"""

from __future__ import annotations

from http.client import HTTPException
from typing import Any, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import (
    HTTPRedirectHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    build_opener,
)

from gateway.errors import GatewayError

MAX_REPLY = 1 << 20
_HERE = frozenset({"127.0.0.1", "::1", "localhost"})


class Unreachable(GatewayError):  # noqa: N818  what it is
    """Nobody answered there, or not in time."""

    code = "unreachable"


class Reply(NamedTuple):
    """What was answered, refusals and redirects too."""

    status: int
    content_type: str
    body: bytes


def call(
    url: str, body: bytes | None, content_type: str, seconds: float, *, heard: bool = True
) -> Reply:
    """POST a body, or GET for None. :class:`Unreachable` when there was no answer.

    ``heard``: what is said with it counts; else its status alone, and no body is waited for.
    """
    headers = {"User-Agent": "knooppunt"} | ({"Content-Type": content_type} if body else {})
    try:
        request = Request(url, body, headers)  # noqa: S310  config and policy: http(s) only
        return _answer(_opener(url), request, seconds, body=heard)
    except URLError as error:
        reason = getattr(error.reason, "strerror", None) or type(error.reason).__name__
        raise Unreachable(f"no answer: {reason}") from None
    except (OSError, HTTPException, ValueError) as error:
        raise Unreachable(f"no answer: {type(error).__name__}") from None


def _answer(opener: OpenerDirector, request: Request, seconds: float, *, body: bool) -> Reply:
    try:
        with opener.open(request, timeout=seconds) as reply:
            said = reply.read(MAX_REPLY) if body else b""
            return Reply(reply.status, reply.headers.get_content_type(), said)
    except HTTPError as error:  # reading what it says may fail as reading an answer does
        with error:
            return Reply(error.code, error.headers.get_content_type(), error.read(MAX_REPLY))


class _Unfollowed(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Nowhere: then it is an :class:`HTTPError` with its code."""


def _opener(url: str) -> OpenerDirector:
    if urlsplit(url).hostname in _HERE:
        return build_opener(ProxyHandler({}), _Unfollowed)
    return build_opener(_Unfollowed)
