"""The KMS key that seals clinics' credentials on this machine; the same after every restart.

moto makes new random keys in every process, and what was sealed under yesterday's could never be opened
again. So id and material of this one key come from a secret kept in .local/.
"""

import hashlib
from dataclasses import dataclass, field
from uuid import UUID

from local.http_events import ACCOUNT_ID

REGION = "us-east-1"
ALIAS = "alias/frontdesk-credentials"


@dataclass(frozen=True, slots=True)
class KmsKey:
    """A symmetric key: its id, and the 32 bytes nobody but KMS would know."""

    id: str
    material: bytes = field(repr=False)


def key_from(secret: str) -> KmsKey:
    """Derive the key from a kept secret."""
    name = hashlib.sha256(f"id:{secret}".encode()).digest()[:16]
    return KmsKey(str(UUID(bytes=name, version=4)), hashlib.sha256(f"material:{secret}".encode()).digest())


def put_into_moto(key: KmsKey) -> None:
    """Make the key, with its alias, in the moto of this process.

    Through moto's own records, because KMS's API has no way to choose a key's id or (in moto) its material.
    """
    from moto.kms.models import kms_backends

    backend = kms_backends[ACCOUNT_ID][REGION]
    made = backend.create_key(None, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "Frontdesk credentials", None)
    del backend.keys[made.id]
    made.arn = made.arn.replace(made.id, key.id)
    made.id, made.key_material = key.id, key.material
    backend.keys[key.id] = made
    backend.create_alias(key.id, ALIAS)
