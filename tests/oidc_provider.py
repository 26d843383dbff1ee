"""A small OpenID Connect provider on loopback: discovery, keys, authorisation with PKCE, tokens, user info.

It signs with RS256 and is strict: a code works once, for its client, redirect URI and PKCE verifier. What a test wants
to be wrong with a token is said in `claims`, `without`, `signs_with` and `algorithm`.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID, CLIENT_SECRET = "heartbeet", "a-client-secret"


def new_key() -> rsa.RSAPrivateKey:
    """A key to sign tokens with."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


KEY = new_key()


class OIDCProvider:
    """Use it as a context; `issuer` is its address. `person` is who signs in there."""

    def __init__(self) -> None:
        self.key = KEY
        self.signs_with: Any = self.key
        self.algorithm = "RS256"
        self.person: dict[str, Any] = {
            "sub": "ada-1",
            "email": "ada@example.com",
            "email_verified": True,
            "name": "Ada",
        }
        self.claims: dict[str, Any] = {}
        self.without: set[str] = set()
        self.user_info: dict[str, Any] | None = None
        self.is_broken = False
        self.asked: list[dict[str, str]] = []
        self._codes: dict[str, dict[str, str]] = {}

    def __enter__(self) -> "OIDCProvider":
        provider = self

        class Handler(_Handler):
            served = provider

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser goes when the person has signed in."""
        self.asked.append(asked)
        code = secrets.token_urlsafe(12)
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def tokens(self, given: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The answer to a code; each wrong thing about the request is an error."""
        asked = self._codes.pop(given.get("code", ""), {})
        hashed = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(hashed).decode().rstrip("=")
        wrong = (
            given.get("client_id") != CLIENT_ID
            or given.get("client_secret") != CLIENT_SECRET
            or given.get("redirect_uri") != asked.get("redirect_uri")
            or asked.get("code_challenge_method") != "S256"
            or asked.get("code_challenge") != challenge
        )
        if wrong:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "an-access-token", "token_type": "Bearer", "id_token": self._id_token(asked)}

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": asked.get("nonce", ""),
            **self.person,
            **self.claims,
        }
        kept = {name: value for name, value in claims.items() if name not in self.without}
        return jwt.encode(kept, self.signs_with, algorithm=self.algorithm, headers={"kid": "one"})

    def documents(self) -> dict[str, Any]:
        """What stands at which path."""
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {
            "/.well-known/openid-configuration": {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "jwks_uri": f"{self.issuer}/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            },
            "/keys": {"keys": [{**public, "kid": "one", "use": "sig", "alg": "RS256"}]},
            "/userinfo": self.user_info if self.user_info is not None else self.person,
        }


class _Handler(BaseHTTPRequestHandler):
    served: OIDCProvider
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        documents = self.served.documents()
        if self.served.is_broken:
            self._answer(500, {"error": "server_error"})
        elif parts.path == "/authorize":
            self._redirect(self.served.authorize(_flat(parts.query)))
        else:
            self._answer(200 if parts.path in documents else 404, documents.get(parts.path, {}))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(*self.served.tokens(_flat(body.decode())))

    def _answer(self, status: int, document: dict[str, Any]) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _redirect(self, url: str) -> None:
        self.send_response(302)
        self.send_header("Location", url)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Quiet."""


def _flat(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
