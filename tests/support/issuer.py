"""An OIDC issuer on a real port: it publishes keys, signs anything the tests want, exchanges codes once."""

import base64
import hashlib
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

AUDIENCE = "zhengshu-api"
CLIENT = "zhengshu-node"
SECRET = "secret of the node at the issuer"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public(kid: str, key: rsa.RSAPrivateKey = RSA, **members: Any) -> dict[str, Any]:
    """A public key as it is published."""
    jwk = json.loads(RSAAlgorithm.to_jwk(key.public_key()))
    return {"kty": "RSA", "n": jwk["n"], "e": jwk["e"], "kid": kid, "use": "sig"} | members


@dataclass
class Issuer:
    """What is published, what was asked; `down` answers 503 to everything."""

    url: str = ""
    keys: list[dict[str, Any]] = field(default_factory=lambda: [public("k1")])
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, Any]] = field(default_factory=dict)
    told: dict[str, Any] = field(default_factory=dict)
    down: bool = False

    def claims(self, **changed: Any) -> dict[str, Any]:
        """The claims of a good access token, but for what is changed; None leaves one out."""
        now = int(time.time())
        plain = {"iss": self.url, "sub": "u-1", "aud": AUDIENCE, "iat": now, "exp": now + 300}
        return {name: value for name, value in (plain | changed).items() if value is not None}

    def token(
        self, key: Any = RSA, algorithm: str = "RS256", kid: str = "k1", **changed: Any
    ) -> str:
        """A signed token."""
        return jwt.encode(self.claims(**changed), key, algorithm=algorithm, headers={"kid": kid})

    def sign_in(self, place: str, **changed: Any) -> dict[str, str]:
        """Somebody signs in where the browser was sent; what the browser carries back."""
        asked = dict(parse_qsl(urlsplit(place).query))
        code = f"code-{len(self.codes)}"
        self.codes[code] = {"asked": asked, "changed": changed}
        return {"code": code, "state": asked["state"]}

    def exchange(self, form: dict[str, str], basic: str) -> dict[str, Any] | None:
        """The tokens of a code, once, for the right client, verifier and address."""
        held = self.codes.pop(form["code"], None)
        right = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if held is None or basic != f"Basic {right}":
            return None
        asked = held["asked"]
        made = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest())
        if made.decode().rstrip("=") != asked["code_challenge"]:
            return None
        if form["redirect_uri"] != asked["redirect_uri"]:
            return None
        plain = {"aud": CLIENT, "nonce": asked["nonce"]}
        return {"id_token": self.token(**(plain | held["changed"])), "token_type": "Bearer"}

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.asked.append(scope["path"])
        headers = {key.decode(): value.decode() for key, value in scope["headers"]}
        status, told = self._answer(scope["path"], body, headers)
        head = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": json.dumps(told).encode()})

    def _answer(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, Any]:
        if self.down:
            return 503, {}
        if path == "/.well-known/openid-configuration":
            places = {
                "issuer": self.url,
                "jwks_uri": f"{self.url}/keys",
                "authorization_endpoint": f"{self.url}/authorize",
                "token_endpoint": f"{self.url}/token",
            }
            return 200, places | self.told
        if path == "/keys":
            return 200, {"keys": self.keys}
        form = dict(parse_qsl(body.decode()))
        told = self.exchange(form, headers.get("authorization", ""))
        return (200, told) if told else (400, {"error": "invalid_grant"})
