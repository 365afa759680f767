"""Who may act for an org: the proof a Vapi request carries."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

WINDOW = timedelta(minutes=5)
SIGNATURE_HEADERS = ("x-signature", "x-vapi-signature")
TIMESTAMP_HEADER = "x-timestamp"
PROOF_HEADERS = (*SIGNATURE_HEADERS, "authorization", "x-vapi-secret")

# The digest's length names its algorithm. SHA-1 (20 bytes) is left out on purpose: Vapi can be told
# to use it, and a credential set up that way must fail loudly rather than be accepted.
_ALGORITHMS = {32: "sha256", 64: "sha512"}
_FIRST_MILLISECOND_STAMP = 100_000_000_000  # in seconds that would be the year 5138


class Verdict(StrEnum):
    """Say how a sender proved itself, or why it was refused; the value is safe to log."""

    BEARER = "bearer"
    SECRET_HEADER = "secret_header"  # noqa: S105 - the name of a method, not a secret
    HMAC = "hmac"
    NOT_CONFIGURED = "not_configured"
    NO_CREDENTIALS = "no_credentials"
    BAD_TOKEN = "bad_token"  # noqa: S105 - a reason, not a token
    BAD_SIGNATURE = "bad_signature"
    STALE_TIMESTAMP = "stale_timestamp"
    MALFORMED = "malformed"

    @property
    def ok(self) -> bool:
        """Tell whether the sender may act for the org whose secrets were tried."""
        return self in (Verdict.BEARER, Verdict.SECRET_HEADER, Verdict.HMAC)


def derive_secret(master_key: str, org_id: UUID, generation: int) -> str:
    """Derive the secret one org's Vapi credential carries.

    Nothing is stored and nothing is fetched: the same master key, org and generation give the same
    text, `fd_` and 43 base64url characters (256 bits). Raises ValueError for an empty master key,
    since HMAC accepts one and everybody could then derive every secret.
    """
    if not master_key:
        message = "the master key of the Vapi secrets is empty"
        raise ValueError(message)
    text = f"vapi:v1:{org_id}:{generation}".encode()
    digest = hmac.digest(master_key.encode(), text, "sha256")
    return "fd_" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def live_secrets(
    master_keys: Sequence[str],
    org_id: UUID,
    generation: int,
    previous_expires_at: datetime | None,
    now: datetime,
) -> tuple[str, ...]:
    """List every secret that proves an org at `now`, the current one first.

    Each master key (current, then the previous one while it is being rotated) gives the org's
    current generation; the generation before it stays live until `previous_expires_at` (aware).
    Empty master keys are skipped, so that an unconfigured stack has no live secret at all.
    """
    generations = [generation]
    if previous_expires_at is not None and now < previous_expires_at:
        generations.append(generation - 1)
    return tuple(derive_secret(key, org_id, each) for each in generations for key in master_keys if key)


def verify_vapi(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> Verdict:
    """Decide whether a request comes from the holder of one of an org's live secrets.

    `headers` have lower-cased names, `body` is the raw body (base64 already undone), `now` is aware.
    Three proofs are taken: `Authorization: Bearer`, `X-Vapi-Secret`, and an HMAC over
    `{timestamp}.{body}` in `x-signature` or `x-vapi-signature` (hex or base64, `sha256=` allowed in
    front; SHA-256 or SHA-512 by length) with `x-timestamp` in seconds or milliseconds, at most five
    minutes old or early. Where a signature is present it must verify, whatever token stands beside
    it; of two tokens one good one is enough. No secrets: refused.

    A signed message older than the window is refused. Within it a replay does no harm: every tool
    is idempotent by its tool call id, and answers a repeat with the stored sentence. Header names
    and payload format: Vapi's OpenAPI, BearerAuthenticationPlan and HMACAuthenticationPlan.
    """
    keys = [secret.encode() for secret in secrets if secret]
    if not keys:
        return Verdict.NOT_CONFIGURED
    signatures = [headers[name].strip() for name in SIGNATURE_HEADERS if name in headers]
    if signatures:
        return _signed(signatures, headers.get(TIMESTAMP_HEADER, "").strip(), body, keys, now)
    return _tokened(headers, keys)


def _tokened(headers: Mapping[str, str], keys: Sequence[bytes]) -> Verdict:
    scheme, _, bearer = headers.get("authorization", "").strip().partition(" ")
    bearer = bearer.strip() if scheme.lower() == "bearer" else ""
    plain = headers.get("x-vapi-secret", "").strip()
    if not bearer and not plain:
        return Verdict.NO_CREDENTIALS
    bearer_good, plain_good = _is_one_of(bearer, keys), _is_one_of(plain, keys)
    if bearer_good:
        return Verdict.BEARER
    return Verdict.SECRET_HEADER if plain_good else Verdict.BAD_TOKEN


def _is_one_of(token: str, keys: Sequence[bytes]) -> bool:
    """Compare with every key, so that the time taken does not tell which one came close."""
    given = token.encode("utf-8", "surrogatepass")
    found = False
    for key in keys:
        found |= hmac.compare_digest(given, key)
    return found


def _signed(
    signatures: Sequence[str], stamp: str, body: bytes, keys: Sequence[bytes], now: datetime
) -> Verdict:
    sent_at = _moment(stamp)
    digests = [_digest(signature) for signature in signatures]
    if sent_at is None or any(digest is None for digest in digests):
        return Verdict.MALFORMED
    if abs(now.astimezone(UTC) - sent_at) > WINDOW:
        return Verdict.STALE_TIMESTAMP
    message = stamp.encode() + b"." + body
    good = True
    for digest in digests:
        good &= digest is not None and _is_signed_by_one_of(digest, message, keys)
    return Verdict.HMAC if good else Verdict.BAD_SIGNATURE


def _is_signed_by_one_of(digest: bytes, message: bytes, keys: Sequence[bytes]) -> bool:
    algorithm = _ALGORITHMS.get(len(digest))
    if algorithm is None:
        return False
    found = False
    for key in keys:
        found |= hmac.compare_digest(digest, hmac.digest(key, message, algorithm))
    return found


def _moment(stamp: str) -> datetime | None:
    # isdecimal alone would take digits of other scripts, which were never signed as ASCII.
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 14):
        return None
    number = int(stamp)
    seconds = number / 1000 if number >= _FIRST_MILLISECOND_STAMP else number
    return datetime.fromtimestamp(seconds, UTC)


def _digest(signature: str) -> bytes | None:
    """Undo hex or base64; None where the text is neither, or its prefix names another algorithm."""
    text = signature
    named = None
    for algorithm in (*_ALGORITHMS.values(), "sha1"):
        if text.lower().startswith(algorithm + "="):
            named, text = algorithm, text[len(algorithm) + 1 :]
    try:
        digest = _undo(text)
    except (binascii.Error, ValueError):
        return None
    if named is not None and len(digest) != hashlib.new(named, usedforsecurity=False).digest_size:
        return None
    return digest


def _undo(text: str) -> bytes:
    # No hex text of a digest (40, 64, 128 characters) has the length of a base64 one (28, 44, 88).
    if len(text) in (40, 64, 128):
        return binascii.unhexlify(text)
    ascii_text = text.encode("ascii").translate(bytes.maketrans(b"-_", b"+/"))
    return base64.b64decode(ascii_text + b"=" * (-len(ascii_text) % 4), validate=True)
