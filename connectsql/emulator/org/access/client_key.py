"""The public key that a client's JWT logins are checked with."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from connectsql.errors import EmulatorError

_HINT = "It is the PEM of an RSA public key or of an X.509 certificate, not the private key."


def load_client_key(path: Path | None) -> RSAPublicKey | None:
    """Return the key in a file, or None without one.

    Raises ``EmulatorError`` for a file that cannot be read or holds no such key.
    """
    if path is None:
        return None
    try:
        pem = path.read_bytes()
    except OSError as broken:
        raise EmulatorError(f"{path} cannot be read: {broken.strerror}", hint=_HINT) from broken
    try:
        key = _certified(pem) if b"BEGIN CERTIFICATE" in pem else load_pem_public_key(pem)
    except ValueError as broken:
        raise EmulatorError(f"{path} holds no public key", hint=_HINT) from broken
    if not isinstance(key, RSAPublicKey):
        raise EmulatorError(f"the key in {path} is not an RSA key", hint=_HINT)
    return key


def _certified(pem: bytes) -> object:
    return load_pem_x509_certificate(pem).public_key()
