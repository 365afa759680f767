"""A clinic's secrets with others (Twilio, Google): sealed in the database, opened with the help of KMS.

Every record has a data key of its own, which KMS made and wrapped. Wrapping and encryption are both bound to
the clinic, the purpose and the version (docs/decisions/0007), so a record copied to another clinic's row
does not open. boto3 and cryptography are loaded where they are used: nobody who only imports this pays.
"""

import base64
import json
import os
import secrets
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any
from uuid import UUID

import msgspec

from frontdesk import db
from frontdesk.errors import (
    CredentialsMissingError,
    CredentialsUnavailableError,
    CredentialsUnreadableError,
    FrontdeskError,
    SettingsError,
)

NONCE_BYTES = 12  # 96 bits, what GCM is specified for (NIST SP 800-38D, 8.2)
KEY_SPEC = "AES_256"
# An opened secret is kept in memory for so long and for so many uses, then KMS is asked again: a revoked
# grant or a rotation reaches every container within five minutes.
KEPT_FOR = 5 * 60.0
KEPT_USES = 100
MAX_KEPT = 500
MAX_SAVES = 5  # two operators saving at once: the later one takes the next version
# What KMS says of a record that will never open (API reference of Decrypt and ReEncrypt, "Errors"). All else,
# a missing permission or a disabled key too, concerns every clinic at once and can be put right: tried again.
_NEVER_OPENS = frozenset({"InvalidCiphertextException", "IncorrectKeyException", "NotFoundException"})


@dataclass(frozen=True, slots=True)
class Sealed:
    """One version of a secret as the database holds it; nothing in it opens without KMS."""

    org_id: UUID
    purpose: str
    version: int
    key_id: str  # the KMS key that wrapped the data key
    wrapped_key: bytes
    nonce: bytes
    ciphertext: bytes


@dataclass(slots=True)
class _Kept:
    secrets: list[dict[str, str]] = field(repr=False)
    until: float
    uses_left: int


_kept: dict[tuple[UUID, str], _Kept] = {}


def seal(org_id: UUID, purpose: str, version: int, secret: Mapping[str, str]) -> Sealed:
    """Encrypt a secret under a new data key of the KMS key CREDENTIALS_KEY_ID.

    Raises SettingsError without that variable, CredentialsUnavailableError when KMS refuses.
    """
    context = _context(org_id, purpose, version)
    made = _ask_kms(
        "generate_data_key",
        org_id,
        purpose,
        KeyId=_key_id(),
        KeySpec=KEY_SPEC,
        EncryptionContext=context,
    )
    nonce = secrets.token_bytes(NONCE_BYTES)
    ciphertext = _aes(made["Plaintext"]).encrypt(
        nonce, msgspec.json.encode(dict(secret)), _canonical(context)
    )
    return Sealed(org_id, purpose, version, made["KeyId"], made["CiphertextBlob"], nonce, ciphertext)


def open_sealed(sealed: Sealed) -> dict[str, str]:
    """Decrypt a sealed secret.

    Raises CredentialsUnreadableError when anything about it was changed, CredentialsUnavailableError when KMS
    cannot be asked now.
    """
    from cryptography.exceptions import InvalidTag

    context = _context(sealed.org_id, sealed.purpose, sealed.version)
    answer = _ask_kms(
        "decrypt",
        sealed.org_id,
        sealed.purpose,
        CiphertextBlob=sealed.wrapped_key,
        KeyId=sealed.key_id,
        EncryptionContext=context,
    )
    try:
        plain = _aes(answer["Plaintext"]).decrypt(sealed.nonce, sealed.ciphertext, _canonical(context))
        return msgspec.json.decode(plain, type=dict[str, str])
    except (InvalidTag, ValueError):  # ValueError: a nonce or a text of impossible length, or no JSON inside
        raise CredentialsUnreadableError(sealed.org_id, sealed.purpose, "they were changed") from None


def rewrap(sealed: Sealed, key_id: str) -> Sealed:
    """Wrap the same data key under another KMS key; the data, its nonce and its version stay as they are.

    KMS does it inside (ReEncrypt), so the data key is never seen here. Raises as `open_sealed` does.
    """
    context = _context(sealed.org_id, sealed.purpose, sealed.version)
    answer = _ask_kms(
        "re_encrypt",
        sealed.org_id,
        sealed.purpose,
        CiphertextBlob=sealed.wrapped_key,
        SourceKeyId=sealed.key_id,
        SourceEncryptionContext=context,
        DestinationKeyId=key_id,
        DestinationEncryptionContext=context,
    )
    return replace(sealed, key_id=answer["KeyId"], wrapped_key=answer["CiphertextBlob"])


def current(org_id: UUID, purpose: str) -> dict[str, str] | None:
    """Return the clinic's current secret of this purpose, or None when it never had one.

    Raises CredentialsUnreadableError (will never open), CredentialsUnavailableError (KMS cannot be asked now)
    or DatabaseUnavailableError.
    """
    return next(iter(live(org_id, purpose)), None)


def required(org_id: UUID, purpose: str) -> dict[str, str]:
    """Return the current secret, or raise CredentialsMissingError when there is none."""
    found = current(org_id, purpose)
    if found is None:
        raise CredentialsMissingError(org_id, purpose)
    return found


def live(org_id: UUID, purpose: str) -> list[dict[str, str]]:
    """Return every secret still in use: the current one and, for a day after a rotation, the one before.

    Kept in memory for five minutes or a hundred uses; copies are returned. A clinic without a secret is
    asked for again every time, since its operator may just be adding one. Raises as `current` does.
    """
    kept = _kept.get((org_id, purpose))
    if kept is None or kept.uses_left <= 0 or time.monotonic() >= kept.until:
        _kept.pop((org_id, purpose), None)
        kept = _Kept(_opened(_stored(org_id, purpose)), time.monotonic() + KEPT_FOR, KEPT_USES)
        if kept.secrets:
            if len(_kept) >= MAX_KEPT:
                _kept.clear()
            _kept[org_id, purpose] = kept
    kept.uses_left -= 1
    return [dict(each) for each in kept.secrets]


def _opened(records: list[Sealed]) -> list[dict[str, str]]:
    """Open the current record, and of the retired ones those that open: an old key's end stops nobody."""
    opened = [open_sealed(each) for each in records[:1]]
    for retired in records[1:]:
        with suppress(CredentialsUnreadableError):
            opened.append(open_sealed(retired))
    return opened


def save(org_id: UUID, purpose: str, secret: Mapping[str, str], overlap_hours: int = 24) -> int:
    """Store a secret as the next version and return that version.

    The former one is retired: `live` still gives it for so many hours, and it is never erased. Raises
    CredentialsUnavailableError, DatabaseUnavailableError, SettingsError.
    """
    stored = _stored(org_id, purpose)
    version = stored[0].version + 1 if stored else 1
    for _ in range(MAX_SAVES):
        sealed = seal(org_id, purpose, version, secret)
        # Not repeatable: after a lost answer the version is taken, and nobody could say by whom.
        told = db.call("set_credentials", repeatable=False, **_row(sealed), overlap_hours=overlap_hours)
        if told["outcome"] == "set":
            forget(org_id)
            return version
        if told["outcome"] != "version_conflict":
            raise FrontdeskError(f"The database refused the {purpose} credentials: {told.get('rule')}.")
        version = told["next_version"]
    raise CredentialsUnavailableError(org_id, purpose, "others kept replacing them at the same time")


def rewrap_all(org_id: UUID, purpose: str, key_id: str) -> int:
    """Wrap every stored version of a clinic's secret under another KMS key; return how many were changed.

    What is wrapped under that key already is left alone, so a run that broke off is simply started again.
    """
    changed = 0
    for record in db.call("credentials_of", repeatable=True, org_id=org_id, purpose=purpose):
        before = _sealed(org_id, purpose, record)
        after = rewrap(before, key_id)
        if after.key_id != before.key_id:
            db.call("rewrap_credentials", repeatable=True, **_row(after))
            changed += 1
    return changed


def as_json(sealed: Sealed) -> dict[str, Any]:
    """Write a sealed record as the database's functions take and give it: binary parts in base64."""
    row = _row(sealed)
    return {name: row[name] for name in ("version", "key_id", "wrapped_key", "nonce", "ciphertext")}


def open_json(org_id: UUID, purpose: str, record: Mapping[str, Any]) -> dict[str, str]:
    """Open a record that an SQL function returned (credential_json); raises as `open_sealed` does."""
    return open_sealed(_sealed(org_id, purpose, record))


def forget(org_id: UUID | None = None) -> None:
    """Forget what is kept in memory, of one clinic or of all (after a rotation, and for tests)."""
    for key in [key for key in _kept if org_id in {None, key[0]}]:
        del _kept[key]


def _stored(org_id: UUID, purpose: str) -> list[Sealed]:
    """Read the records still in use: the current one and, for a while after a rotation, the one before."""
    found = db.call("current_credentials", repeatable=True, org_id=org_id, purpose=purpose)
    records = [found, found["previous"]] if found else []
    return [_sealed(org_id, purpose, record) for record in records if record]


def _sealed(org_id: UUID, purpose: str, record: Mapping[str, Any]) -> Sealed:
    wrapped_key, nonce, ciphertext = (
        base64.b64decode(record[name]) for name in ("wrapped_key", "nonce", "ciphertext")
    )
    # The clinic and the purpose are those that were asked for, never what the row says of itself.
    return Sealed(org_id, purpose, record["version"], record["key_id"], wrapped_key, nonce, ciphertext)


def _row(sealed: Sealed) -> dict[str, Any]:
    return {
        "org_id": sealed.org_id,
        "purpose": sealed.purpose,
        "version": sealed.version,
        "key_id": sealed.key_id,
        "wrapped_key": base64.b64encode(sealed.wrapped_key).decode(),
        "nonce": base64.b64encode(sealed.nonce).decode(),
        "ciphertext": base64.b64encode(sealed.ciphertext).decode(),
    }


def _context(org_id: UUID, purpose: str, version: int) -> dict[str, str]:
    return {"org_id": str(org_id), "purpose": purpose, "version": str(version)}


def _canonical(context: Mapping[str, str]) -> bytes:
    return json.dumps(context, sort_keys=True, separators=(",", ":")).encode()


def _key_id() -> str:
    chosen = os.environ.get("CREDENTIALS_KEY_ID", "")
    if not chosen:
        raise SettingsError(
            "CREDENTIALS_KEY_ID is missing: the KMS key that clinics' credentials are sealed with."
        )
    return chosen


def _aes(key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM(key)


def _ask_kms(operation: str, org_id: UUID, purpose: str, **arguments: Any) -> dict[str, Any]:
    """Ask KMS; its own errors never leave here, since they may quote the request."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        answer: dict[str, Any] = getattr(_kms(), operation)(**arguments)
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown")
        kind = CredentialsUnreadableError if code in _NEVER_OPENS else CredentialsUnavailableError
        raise kind(org_id, purpose, f"KMS answered {code}") from None
    except BotoCoreError as error:
        why = f"KMS was not reached, {type(error).__name__}"
        raise CredentialsUnavailableError(org_id, purpose, why) from None
    return answer


@cache
def _kms() -> Any:
    """Make the client once a process; its endpoint is the SDK's own AWS_ENDPOINT_URL where that is set."""
    import boto3
    from botocore.config import Config

    # Shorter than a worker's patience: what fails here is a message that comes back.
    limits = Config(connect_timeout=2, read_timeout=4, retries={"mode": "standard", "max_attempts": 3})
    return boto3.client("kms", region_name=os.environ.get("AWS_REGION", "us-east-1"), config=limits)
