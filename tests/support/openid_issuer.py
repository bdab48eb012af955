"""A provider of OpenID Connect on this machine: it signs ID tokens, and publishes its keys."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID = "quantumtask"
USER_CODE = "WDJB-MJHT"


class Issuer:
    """The provider. `rotate` replaces its key; tokens of the earlier key are then not valid.

    Attributes:
        fetches: Paths of all requests with GET.
        forms: Path and fields of all requests with POST.
        errors: Answers to the next questions for tokens; then come tokens of `person`.
        person: Name and groups of the person who confirms each login.
        refresh_token: The only refresh token that is valid; each use replaces it.
        questions: Queries of the logins that browsers have begun, by the code of each.
        claims: Claims of the next tokens that differ from what is right.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.fetches: list[str] = []
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.errors: list[str] = []
        self.person = ("ada", "physics-staff")
        self.refresh_token = "refresh0"
        self.questions: dict[str, dict[str, str]] = {}
        self.claims: dict[str, Any] = {}
        self._number = 0
        self.rotate()

    def rotate(self) -> None:
        self._number += 1
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def key_id(self) -> str:
        return f"key{self._number}"

    def sign(self, name: str, *groups: str, **changes: Any) -> str:
        """Return an ID token; `changes` replace claims, and None removes one."""
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT_ID, "sub": f"id-of-{name}", "iat": now, "exp": now + 600,
            "preferred_username": name, "groups": list(groups), **changes,
        }  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self.key_id})

    def answer(self, path: str) -> Any:
        """Return the answer to GET."""
        self.fetches.append(path)
        if path == "/.well-known/openid-configuration":
            return {
                "issuer": self.url,
                "jwks_uri": f"{self.url}/keys",
                "token_endpoint": f"{self.url}/token",
                "authorization_endpoint": f"{self.url}/authorize",
                "device_authorization_endpoint": f"{self.url}/device",
                "scopes_supported": ["openid", "profile", "offline_access", "phone"],
            }
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self._key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": self.key_id, "use": "sig", "alg": "RS256"}]}

    def answer_form(self, path: str, form: dict[str, str]) -> tuple[int, Any]:
        """Return status and answer to POST."""
        self.forms.append((path, form))
        if form["client_id"] != CLIENT_ID:
            return 401, {"error": "invalid_client"}
        if path == "/device":
            return 200, {
                "device_code": "device1",
                "user_code": USER_CODE,
                "verification_uri": f"{self.url}/confirm",
                "expires_in": 60,
                "interval": 0.05,
            }
        if self.errors:
            return 400, {"error": self.errors.pop(0)}
        if form["grant_type"] == "authorization_code":
            return self._answer_code(form)
        if form["grant_type"] == "refresh_token":
            valid = form["refresh_token"] == self.refresh_token
        else:
            valid = form["device_code"] == "device1"
        return self._tokens() if valid else (400, {"error": "invalid_grant"})

    def authorize(self, query: dict[str, str]) -> str:
        """Return the address to which the browser of `person` goes, who confirms each login."""
        code = f"code{len(self.questions) + 1}"
        self.questions[code] = query
        back = {"code": code, "state": query["state"], "iss": self.url}
        return f"{query['redirect_uri']}?{urlencode(back)}"

    def _answer_code(self, form: dict[str, str]) -> tuple[int, Any]:
        """Return tokens for a code, once, to the client that has the verifier."""
        query = self.questions.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if query is None or (challenge, form["redirect_uri"]) != (
            query["code_challenge"],
            query["redirect_uri"],
        ):
            return 400, {"error": "invalid_grant"}
        return self._tokens(nonce=query["nonce"])

    def _tokens(self, **claims: Any) -> tuple[int, Any]:
        self.refresh_token = f"refresh{len(self.forms)}"
        return 200, {
            "token_type": "Bearer",
            "access_token": "opaque",
            "id_token": self.sign(*self.person, **{**claims, **self.claims}),
            "refresh_token": self.refresh_token,
        }


@contextmanager
def running_issuer() -> Iterator[Issuer]:
    """Run a provider in a thread."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            if path == "/authorize":
                self.send_response(302)
                self.send_header("Location", issuer.authorize(dict(parse_qsl(query))))
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self._send(200, issuer.answer(self.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._send(*issuer.answer_form(self.path, dict(parse_qsl(body))))

        def _send(self, status: int, answer: Any) -> None:
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer = Issuer(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
