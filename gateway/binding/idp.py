# SPDX-License-Identifier: EUPL-1.2
"""The simulated identity broker: a small OpenID Connect provider, as eHerkenning's brokers are.

Authorization code flow with PKCE (S256, required), ES256 by the key of trust domain ``idp``. Users
are the employees of the configuration; each acts for one municipality. Claims as eTD's: the
employee as ActingSubjectID (a pseudonym), the municipality as LegalSubjectID (its OIN), and the
assurance class. It answers on the loopback address alone.

What this does not protect against: it is a simulation. No secret is asked: whoever reaches the page
can log in as any employee. What it signs is real; who logs in is not.
"""

from __future__ import annotations

import hashlib
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

from anyio import from_thread
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from gateway.binding.verklaring import ALGORITHM
from gateway.config_eherkenning import KLASSE, NIVEAUS

HOST = "127.0.0.1"
TOKEN_S = 600
CODE_S = 60
SESSION_S = 3600
WAITING = 1000
"""Requests to log in that are remembered; an older one must be made anew."""

_COOKIE = "inlogdienst"


class User(NamedTuple):
    """An employee who can log in, named ``0363/coordinator``."""

    naam: str
    pseudoniem: str
    oin: str
    niveau: str


@dataclass(slots=True)
class _Request:
    """A client asked to have a user log in; and, later, who did, and when."""

    query: dict[str, str]
    user: User | None = None
    auth_time: int = 0
    code_until: int = 0


@dataclass(slots=True)
class Broker:
    """The provider. ``now`` gives seconds since 1970, ``chance`` a word that nobody guesses."""

    issuer: str
    client: str
    key: ECKey
    users: Sequence[User]
    now: Callable[[], int]
    chance: Callable[[], str]
    _asked: dict[str, _Request] = field(default_factory=dict)
    _codes: dict[str, _Request] = field(default_factory=dict)
    _sessions: dict[str, tuple[User, int]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def app(self) -> Starlette:
        """What answers over HTTP."""
        routes = [
            Route("/.well-known/openid-configuration", self._discovery),
            Route("/jwks", self._jwks),
            Route("/inloggen", self._authorize),
            Route("/ingelogd", self._logged_in, methods=["POST"]),
            Route("/token", self._token, methods=["POST"]),
        ]
        here = Middleware(TrustedHostMiddleware, allowed_hosts=[HOST])
        return Starlette(routes=routes, middleware=[here])

    # --- what anybody may know ---

    def _discovery(self, _: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/inloggen",
                "login_endpoint": f"{self.issuer}/ingelogd",  # where the login page posts to
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/jwks",
                "response_types_supported": ["code"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": [ALGORITHM],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["none"],
                "acr_values_supported": [KLASSE + one for one in NIVEAUS],
                "scopes_supported": ["openid"],
            }
        )

    def _jwks(self, _: Request) -> Response:
        return JSONResponse({"keys": [public_jwk(self.key)]})

    # --- logging in ---

    def _authorize(self, request: Request) -> Response:
        query = dict(request.query_params)
        said = self._wrong_client(query)
        if said:  # never sent back to an address that is not the client's
            return _page("Deze aanvraag kan niet", f"<p>{escape(said)}</p>", 400)
        wrong = _wrong_request(query)
        if wrong:
            return _back(query, error=wrong)
        with self._lock:
            user, since = self._sessions.get(request.cookies.get(_COOKIE, ""), (None, 0))
            prompts = query.get("prompt", "").split()
            fresh = user is not None and self.now() - since < SESSION_S
            if user is not None and fresh and "login" not in prompts:
                return _back(query, code=self._code(_Request(query, user, since)))
            if "none" in prompts:
                return _back(query, error="login_required")
            number = self.chance()
            self._asked[number] = _Request(query)
            while len(self._asked) > WAITING:
                self._asked.pop(next(iter(self._asked)))
        return _page("Inloggen (simulatie)", self._form(number))

    def _wrong_client(self, query: dict[str, str]) -> str:
        if query.get("client_id") != self.client:
            return "De aanvraag komt van een onbekend systeem (client_id)."
        back = urlsplit(query.get("redirect_uri", ""))
        if back.scheme != "http" or back.hostname != HOST or back.fragment:
            return "Het adres om naar terug te keren (redirect_uri) is niet op deze machine."
        return ""

    def _form(self, number: str) -> str:
        options = "".join(
            f'<option value="{escape(one.naam)}">{escape(one.naam)} ({one.niveau})</option>'
            for one in self.users
        )
        return (
            "<p>Dit is een nagebootste inlogdienst: kies als wie u inlogt.</p>"
            '<form method="post" action="ingelogd">'
            f'<input type="hidden" name="verzoek" value="{number}">'
            f'<label for="g">Medewerker</label> <select id="g" name="gebruiker">{options}</select> '
            "<button>Inloggen</button></form>"
        )

    def _logged_in(self, request: Request) -> Response:
        form = _form_of(request)
        user = next((one for one in self.users if one.naam == form.get("gebruiker")), None)
        with self._lock:
            asked = self._asked.pop(form.get("verzoek", ""), None)
            if asked is None or user is None:
                text = "<p>Deze medewerker is hier niet bekend, of de aanvraag is verlopen.</p>"
                return _page("Inloggen is niet gelukt", text, 400)
            asked.user, asked.auth_time = user, self.now()
            session = self.chance()
            self._sessions[session] = user, asked.auth_time
            response = _back(asked.query, code=self._code(asked))
        response.set_cookie(_COOKIE, session, httponly=True, samesite="strict")
        return response

    def _code(self, asked: _Request) -> str:
        code = self.chance()
        asked.code_until = self.now() + CODE_S
        self._codes[code] = asked
        return code

    # --- the token ---

    def _token(self, request: Request) -> Response:
        form = _form_of(request)
        with self._lock:
            asked = self._codes.pop(form.get("code", ""), None)  # a code is used once
        if form.get("grant_type") != "authorization_code":
            return _refused("unsupported_grant_type")
        if asked is None or asked.user is None or self.now() > asked.code_until:
            return _refused("invalid_grant")
        same = all(asked.query[one] == form.get(one) for one in ("client_id", "redirect_uri"))
        if not same or _challenge(form.get("code_verifier", "")) != asked.query["code_challenge"]:
            return _refused("invalid_grant")
        token = self.id_token(asked.user, asked.query["nonce"], asked.auth_time)
        with self._lock:
            access = self.chance()
        return JSONResponse(
            {"access_token": access, "token_type": "Bearer", "expires_in": TOKEN_S,
             "id_token": token},
            headers={"Cache-Control": "no-store"},
        )  # fmt: skip

    def id_token(self, user: User, nonce: str, auth_time: int) -> str:
        """Sign that this user logged in then, for this nonce."""
        now = self.now()
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.client,
            "sub": user.pseudoniem,
            "iat": now,
            "exp": now + TOKEN_S,
            "auth_time": auth_time,
            "nonce": nonce,
            "acr": KLASSE + user.niveau,
            "ActingSubjectID": user.pseudoniem,
            "LegalSubjectID": user.oin,
        }
        header = {"alg": ALGORITHM, "kid": self.key.thumbprint(), "typ": "JWT"}
        return jwt.encode(header, claims, self.key, algorithms=[ALGORITHM])


def public_jwk(key: ECKey) -> dict[str, Any]:
    """A public key as a key set has it, named by its thumbprint (RFC 7638)."""
    return {**key.as_dict(private=False), "kid": key.thumbprint(), "use": "sig", "alg": ALGORITHM}


def _wrong_request(query: dict[str, str]) -> str:
    if query.get("response_type") != "code":
        return "unsupported_response_type"
    if "openid" not in query.get("scope", "").split():
        return "invalid_scope"
    if query.get("code_challenge_method") != "S256" or len(query.get("code_challenge", "")) != 43:
        return "invalid_request"
    return "" if 0 < len(query.get("nonce", "")) <= 200 else "invalid_request"


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def _back(query: dict[str, str], **said: str) -> Response:
    if "state" in query:
        said["state"] = query["state"]
    sep = "&" if urlsplit(query["redirect_uri"]).query else "?"
    return RedirectResponse(f"{query['redirect_uri']}{sep}{urlencode(said)}", 303)


def _form_of(request: Request) -> dict[str, str]:
    body: bytes = from_thread.run(request.body)
    return {name: values[-1] for name, values in parse_qs(body[:16_384].decode("latin-1")).items()}


def _refused(error: str) -> Response:
    return JSONResponse({"error": error}, 400, headers={"Cache-Control": "no-store"})


def _page(title: str, body: str, status: int = 200) -> Response:
    head = (
        f'<!DOCTYPE html><html lang="nl"><head><meta charset="utf-8"><title>{title}</title></head>'
    )
    policy = {"Content-Security-Policy": "default-src 'none'", "Cache-Control": "no-store"}
    return HTMLResponse(f"{head}<body><h1>{title}</h1>{body}</body></html>", status, policy)
