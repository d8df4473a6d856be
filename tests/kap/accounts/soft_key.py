"""A passkey in Python, which obeys nobody: it says what it is told to say, as a thief's would."""

import hashlib
import json
import os

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

HOST, ORIGIN = "localhost", "http://localhost"  # the one origin that browsers trust without https
FLAG = AuthenticatorData.FLAG


class SoftKey:
    def __init__(self):
        self.id, self.secret = os.urandom(16), ec.generate_private_key(ec.SECP256R1())

    def made(self, asked: dict, *, count=0, verified=True, origin=ORIGIN) -> str:
        """The answer to `navigator.credentials.create`."""
        public = ES256.from_cryptography_key(self.secret.public_key())
        data = AttestedCredentialData.create(bytes(16), self.id, public)
        told = AttestationObject.create("none", self._told(count, verified, data, FLAG.AT), {})
        return self._answer(asked, "webauthn.create", origin, attestationObject=websafe_encode(told))

    def signed(self, asked: dict, *, count=0, verified=True, origin=ORIGIN, cut=None) -> str:
        """The answer to `navigator.credentials.get`. `cut`: only so many bytes of what the key says."""
        told = bytes(self._told(count, verified))[:cut]
        client = self._client(asked, "webauthn.get", origin)
        signature = self.secret.sign(told + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._answer(
            asked, "webauthn.get", origin, authenticatorData=websafe_encode(told), signature=websafe_encode(signature)
        )  # fmt: skip

    def _told(self, count, verified, data=b"", more=0):
        flags = FLAG.UP | (FLAG.UV if verified else 0) | more
        return AuthenticatorData.create(hashlib.sha256(HOST.encode()).digest(), FLAG(flags), count, data)

    def _client(self, asked, kind, origin) -> bytes:
        said = {"type": kind, "challenge": asked["publicKey"]["challenge"], "origin": origin}
        return json.dumps(said).encode()

    def _answer(self, asked, kind, origin, **response) -> str:
        response["clientDataJSON"] = websafe_encode(self._client(asked, kind, origin))
        key = websafe_encode(self.id)
        return json.dumps(
            {
                "id": key,
                "rawId": key,
                "type": "public-key",
                "clientExtensionResults": {},
                "response": response,
            }
        )
