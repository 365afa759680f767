"""The issuer's key, kept beside the stack's other secrets."""

import os
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from local.stack_file import DIRECTORY

NAME = "issuer_key.pem"


def kept_key(directory: Path = DIRECTORY) -> rsa.RSAPrivateKey:
    """Return the RSA key kept in a file of mode 600, made when it is missing."""
    path = directory / NAME
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        half = path.with_suffix(".new")
        half.unlink(missing_ok=True)
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(
                made.private_bytes(
                    serialization.Encoding.PEM,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
            )
        half.replace(path)
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        msg = f"{path} holds no RSA key: delete it, and the next start makes one."
        raise TypeError(msg)
    return key
