# SPDX-License-Identifier: EUPL-1.2
"""Logging in at the broker for one delivery: authorization code flow with PKCE, as a client.

OpenID Connect Core 1.0 section 3.1, RFC 7636 (S256), RFC 8252 (a loopback address to return to).
The broker is simulated, and so is the browser: the login page is filled in here. ``prompt=login``
asks for a new login, whoever was logged in before; the nonce is what the login is to sign.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from urllib.parse import parse_qs, urlsplit

import httpx

from gateway.errors import GatewayError

RETURN = "http://127.0.0.1/terug"
"""Where the broker sends the user back to. Nobody listens: we read where we are sent."""

TIMEOUT_S = 10.0


class LoginError(GatewayError):
    """The broker did not let this user in, or did not answer."""

    code = "login"


def log_in(broker: str, client: str, user: str, nonce: str, secret: bytes, state: str) -> str:
    """Log in and give the token (``id_token``). ``secret`` and ``state`` are fresh chance.

    Raises :class:`LoginError`; nothing that it says holds a code or a token.
    """
    verifier = _base64url(secret)
    asked = {
        "response_type": "code",
        "client_id": client,
        "redirect_uri": RETURN,
        "scope": "openid",
        "state": state,
        "nonce": nonce,
        "prompt": "login",
        "code_challenge": _base64url(hashlib.sha256(verifier.encode()).digest()),
        "code_challenge_method": "S256",
    }
    try:
        with httpx.Client(timeout=TIMEOUT_S, trust_env=False) as http:
            found = _json(http.get(f"{broker}/.well-known/openid-configuration"))
            page = http.get(str(found["authorization_endpoint"]), params=asked)
            said = {"verzoek": _request_in(page), "gebruiker": user}
            back = http.post(str(found["login_endpoint"]), data=said)
            code = _code(back, state)
            token = http.post(
                str(found["token_endpoint"]),
                data={"grant_type": "authorization_code", "code": code, "redirect_uri": RETURN,
                      "client_id": client, "code_verifier": verifier},
            )  # fmt: skip
            return str(_json(token)["id_token"])
    except (httpx.HTTPError, ValueError, TypeError, KeyError) as error:
        raise LoginError(
            f"no login at {broker}: {type(error).__name__}",
            hint="is the broker running? Start it with: knooppunt idp run",
        ) from None


def _json(response: httpx.Response) -> dict[str, object]:
    if response.status_code != httpx.codes.OK:
        raise LoginError(f"the broker refused: {response.text[:200]}")
    return dict(response.json())


def _request_in(page: httpx.Response) -> str:
    """The number of the request, in the login page."""
    _, sep, rest = page.text.partition('name="verzoek" value="')
    if page.status_code != httpx.codes.OK or not sep:
        raise LoginError(f"the broker refused: {page.text[:200]}")
    return rest.partition('"')[0]


def _code(response: httpx.Response, state: str) -> str:
    query = parse_qs(urlsplit(response.headers.get("location", "")).query)
    if response.status_code != httpx.codes.SEE_OTHER or query.get("state") != [state]:
        raise LoginError(f"the broker refused: {response.text[:200]}")
    if "code" not in query:
        raise LoginError(f"the broker refused: {query.get('error', ['?'])[0]}")
    return str(query["code"][0])


def _base64url(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
