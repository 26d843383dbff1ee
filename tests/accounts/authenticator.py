"""A passkey made of software: what a browser and its device answer, right or in a chosen way wrong."""

import base64
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData

SITE = "http://localhost:8000"
FLAG = AuthenticatorData.FLAG


@dataclass
class SoftPasskey:
    """One passkey of one person. `verifies` says whether it looked at finger, face or PIN."""

    origin: str = SITE
    party: str = "localhost"
    verifies: bool = True
    handle: bytes = b""
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(16))
    _key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: dict[str, Any]) -> str:
        """The answer to what `passkeys.ask_to_add` asks."""
        asked = json.loads(json.dumps(options))["publicKey"]
        self.handle = _bytes(asked["user"]["id"])
        public = ES256.from_cryptography_key(self._key.public_key())  # type: ignore[no-untyped-call]
        attested = AttestedCredentialData.create(Aaguid.NONE, self.credential_id, public)
        data = AuthenticatorData.create(self._party_hash, self._flags | FLAG.AT, 0, attested)
        attestation = AttestationObject.create("none", data, {})
        return self._answer("webauthn.create", asked["challenge"], attestationObject=bytes(attestation))

    def use(self, options: dict[str, Any]) -> str:
        """The answer to what `passkeys.ask_to_use` asks."""
        asked = json.loads(json.dumps(options))["publicKey"]
        data = bytes(AuthenticatorData.create(self._party_hash, self._flags, 1))
        client_data = self._client_data("webauthn.get", asked["challenge"])
        signed = data + hashlib.sha256(client_data).digest()
        signature = self._key.sign(signed, ec.ECDSA(hashes.SHA256()))
        parts = {"authenticatorData": data, "signature": signature, "userHandle": self.handle}
        return self._answer("webauthn.get", asked["challenge"], **parts)

    @property
    def _party_hash(self) -> bytes:
        return hashlib.sha256(self.party.encode()).digest()

    @property
    def _flags(self) -> FLAG:
        return FLAG.UP | FLAG.UV if self.verifies else FLAG.UP

    def _client_data(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin}).encode()

    def _answer(self, kind: str, challenge: str, **parts: bytes) -> str:
        response = {"clientDataJSON": self._client_data(kind, challenge), **parts}
        answer = {
            "id": websafe_encode(self.credential_id),
            "rawId": websafe_encode(self.credential_id),
            "type": "public-key",
            "response": {name: websafe_encode(part) for name, part in response.items()},
            "clientExtensionResults": {},
        }
        return json.dumps(answer)


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
