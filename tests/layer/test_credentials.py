"""Sealed credentials: what opens them, what never does, and for how long an opened one is kept."""

import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from frontdesk import credentials
from frontdesk.credentials import Sealed
from frontdesk.errors import (
    CredentialsMissingError,
    CredentialsUnavailableError,
    CredentialsUnreadableError,
    SettingsError,
)
from local.moto_server import ROOT
from tests.keys import KeyService, point_at, running_kms

TOKEN = "canary-token-7f3a9c"
SECRET = {"account_sid": "AC0123456789abcdef0123456789abcdef", "auth_token": TOKEN}
ORG = uuid.UUID("11111111-1111-4111-8111-111111111111")
OTHER = uuid.UUID("22222222-2222-4222-8222-222222222222")


@pytest.fixture(scope="module")
def kms() -> Iterator[KeyService]:
    """Start one KMS for this file."""
    with running_kms() as service:
        yield service


@pytest.fixture(autouse=True)
def pointed(kms: KeyService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Use that KMS."""
    point_at(kms, monkeypatch)


class Stored:
    """Stands in for the database: the records `current_credentials` gives, and how often it was asked."""

    def __init__(self, *records: Sealed) -> None:
        self.records = list(records)
        self.asked = 0

    def __call__(self, org_id: uuid.UUID, purpose: str) -> list[Sealed]:
        """Give the records of that org and purpose."""
        self.asked += 1
        return [each for each in self.records if (each.org_id, each.purpose) == (org_id, purpose)]


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> Stored:
    """Answer for the database, with nothing stored yet."""
    records = Stored()
    monkeypatch.setattr(credentials, "_stored", records)
    return records


def test_what_was_sealed_opens() -> None:
    """open_sealed gives back what seal was given."""
    assert credentials.open_sealed(credentials.seal(ORG, "twilio", 1, SECRET)) == SECRET


def test_nothing_readable_is_stored() -> None:
    """No part of the record holds the token, and the data key is there only as KMS wrapped it."""
    sealed = credentials.seal(ORG, "twilio", 1, SECRET)
    assert TOKEN not in repr(sealed)
    assert TOKEN.encode() not in sealed.ciphertext + sealed.wrapped_key
    plain_key = credentials._kms().decrypt(
        CiphertextBlob=sealed.wrapped_key,
        EncryptionContext={"org_id": str(ORG), "purpose": "twilio", "version": "1"},
    )["Plaintext"]
    assert len(plain_key) == 32
    assert plain_key not in sealed.wrapped_key + sealed.ciphertext + sealed.nonce


def test_every_record_has_a_key_and_a_nonce_of_its_own() -> None:
    """Two seals of one secret share neither nonce, nor data key, nor ciphertext."""
    first, second = (credentials.seal(ORG, "twilio", 1, SECRET) for _ in range(2))
    assert len(first.nonce) == 12
    assert first.nonce != second.nonce
    assert first.wrapped_key != second.wrapped_key
    assert first.ciphertext != second.ciphertext


def _flip(data: bytes, place: int) -> bytes:
    return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda s: replace(s, org_id=OTHER), id="another org"),
        pytest.param(lambda s: replace(s, purpose="google"), id="another purpose"),
        pytest.param(lambda s: replace(s, version=2), id="another version"),
        pytest.param(lambda s: replace(s, ciphertext=_flip(s.ciphertext, 0)), id="first byte of the text"),
        pytest.param(lambda s: replace(s, ciphertext=_flip(s.ciphertext, -1)[: len(s.ciphertext)]), id="tag"),
        pytest.param(lambda s: replace(s, ciphertext=s.ciphertext[:-1]), id="shortened text"),
        pytest.param(lambda s: replace(s, ciphertext=b""), id="no text"),
        pytest.param(lambda s: replace(s, nonce=_flip(s.nonce, 5)), id="nonce"),
        pytest.param(lambda s: replace(s, nonce=b""), id="no nonce"),
        pytest.param(lambda s: replace(s, wrapped_key=_flip(s.wrapped_key, 60)), id="wrapped key"),
        pytest.param(lambda s: replace(s, wrapped_key=b""), id="no wrapped key"),
        pytest.param(
            lambda s: replace(s, wrapped_key=credentials.seal(ORG, "twilio", 1, {}).wrapped_key),
            id="the wrapped key of another record with the same context",
        ),
        pytest.param(lambda s: replace(s, key_id="no-such-key"), id="a key that is gone"),
    ],
)
def test_what_was_changed_never_opens(change: Callable[[Sealed], Sealed]) -> None:
    """A record moved to another org, purpose or version, or touched, never opens; nothing is told."""
    changed = change(credentials.seal(ORG, "twilio", 1, SECRET))
    with pytest.raises(CredentialsUnreadableError) as caught:
        credentials.open_sealed(changed)
    assert str(caught.value).startswith(
        f"The {changed.purpose} credentials of org {changed.org_id} do not open: "
    )
    assert TOKEN not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_data_is_bound_beside_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A KMS that ignored the context opens no other clinic's record: the data carries it too."""
    sealed = credentials.seal(ORG, "twilio", 1, SECRET)
    key = credentials._kms().decrypt(
        CiphertextBlob=sealed.wrapped_key,
        EncryptionContext={"org_id": str(ORG), "purpose": "twilio", "version": "1"},
    )
    monkeypatch.setattr(credentials, "_ask_kms", lambda *_args, **_kwargs: key)
    assert credentials.open_sealed(sealed) == SECRET
    for changed in (
        replace(sealed, org_id=OTHER),
        replace(sealed, purpose="google"),
        replace(sealed, version=2),
    ):
        with pytest.raises(CredentialsUnreadableError):
            credentials.open_sealed(changed)


def test_rewrapping_changes_the_key_and_nothing_else(kms: KeyService) -> None:
    """Under another KMS key the data, nonce and version stay, and it opens."""
    sealed = credentials.seal(ORG, "twilio", 3, SECRET)
    again = credentials.rewrap(sealed, kms.other_key_id)
    assert again.key_id == kms.other_key_id != sealed.key_id
    assert again.wrapped_key != sealed.wrapped_key
    assert replace(again, key_id=sealed.key_id, wrapped_key=sealed.wrapped_key) == sealed
    assert credentials.open_sealed(again) == SECRET


def test_rewrapping_does_not_move_a_record_to_another_clinic(kms: KeyService) -> None:
    """KMS refuses to rewrap under a context the key was not wrapped with."""
    sealed = credentials.seal(ORG, "twilio", 1, SECRET)
    with pytest.raises(CredentialsUnreadableError):
        credentials.rewrap(replace(sealed, org_id=OTHER), kms.other_key_id)


def test_without_a_key_nothing_is_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing CREDENTIALS_KEY_ID is named."""
    monkeypatch.delenv("CREDENTIALS_KEY_ID")
    with pytest.raises(SettingsError, match="CREDENTIALS_KEY_ID is missing"):
        credentials.seal(ORG, "twilio", 1, SECRET)


def test_a_kms_that_is_away_is_not_the_clinics_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection to KMS raises the error that is tried again, not the one that pauses a clinic."""
    sealed = credentials.seal(ORG, "twilio", 1, SECRET)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    credentials._kms.cache_clear()
    with pytest.raises(CredentialsUnavailableError, match="KMS was not reached, EndpointConnectionError"):
        credentials.open_sealed(sealed)


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "AccessDeniedException", "DisabledException", "KMSInternalException"]
)
def test_what_kms_may_say_of_every_record_is_tried_again(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Throttling, a missing permission, a disabled key concern all clinics: none of them is paused for it."""
    from botocore.exceptions import ClientError

    class Refusing:
        def decrypt(self, **_arguments: object) -> None:
            raise ClientError({"Error": {"Code": code, "Message": f"quotes {TOKEN}"}}, "Decrypt")

    sealed = credentials.seal(ORG, "twilio", 1, SECRET)
    monkeypatch.setattr(credentials, "_kms", Refusing)
    with pytest.raises(CredentialsUnavailableError) as caught:
        credentials.open_sealed(sealed)
    assert str(caught.value).endswith(f"are out of reach for now: KMS answered {code}.")


def test_a_clinic_without_credentials(stored: Stored) -> None:
    """There is None or nothing, or an error where one is required; and it is asked anew each time."""
    assert credentials.current(ORG, "twilio") is None
    assert credentials.live(ORG, "twilio") == []
    with pytest.raises(CredentialsMissingError, match=f"Org {ORG} has no twilio credentials"):
        credentials.required(ORG, "twilio")
    assert stored.asked == 3


def test_the_current_secret_comes_first_then_the_former(stored: Stored) -> None:
    """During a rotation both are live, the current one first."""
    stored.records = [
        credentials.seal(ORG, "twilio", 2, {"auth_token": "new"}),
        credentials.seal(ORG, "twilio", 1, {"auth_token": "old"}),
    ]
    assert credentials.current(ORG, "twilio") == {"auth_token": "new"}
    assert [each["auth_token"] for each in credentials.live(ORG, "twilio")] == ["new", "old"]


def test_a_former_secret_that_does_not_open_stops_nobody(stored: Stored) -> None:
    """A retired record whose key is gone is left out; a current one that does not open is an error."""
    new, old = (credentials.seal(ORG, "twilio", version, SECRET) for version in (2, 1))
    stored.records = [new, replace(old, key_id="no-such-key")]
    assert credentials.live(ORG, "twilio") == [SECRET]
    credentials.forget()
    stored.records = [replace(new, key_id="no-such-key"), old]
    with pytest.raises(CredentialsUnreadableError):
        credentials.live(ORG, "twilio")


def test_an_opened_secret_serves_a_hundred_uses(stored: Stored) -> None:
    """The hundredth use comes from memory, the hundred and first asks again."""
    stored.records = [credentials.seal(ORG, "twilio", 1, SECRET)]
    for _ in range(100):
        credentials.current(ORG, "twilio")
    assert stored.asked == 1
    credentials.current(ORG, "twilio")
    assert stored.asked == 2


def test_an_opened_secret_is_kept_for_five_minutes(stored: Stored, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 299 seconds it comes from memory, at 300 it is asked for again, so a rotation is seen by then."""
    now = [1000.0]
    monkeypatch.setattr("frontdesk.credentials.time.monotonic", lambda: now[0])
    stored.records = [credentials.seal(ORG, "twilio", 1, {"auth_token": "old"})]
    assert credentials.current(ORG, "twilio") == {"auth_token": "old"}
    stored.records = [credentials.seal(ORG, "twilio", 2, {"auth_token": "new"})]
    now[0] += 299
    assert credentials.current(ORG, "twilio") == {"auth_token": "old"}
    now[0] += 1
    assert credentials.current(ORG, "twilio") == {"auth_token": "new"}


def test_what_is_kept_cannot_be_changed_by_who_used_it(stored: Stored) -> None:
    """Each caller gets a copy."""
    stored.records = [credentials.seal(ORG, "twilio", 1, SECRET)]
    got: Any = credentials.current(ORG, "twilio")
    got["auth_token"] = "spoiled"
    assert credentials.current(ORG, "twilio") == SECRET


def test_clinics_are_kept_apart_in_memory(stored: Stored) -> None:
    """One clinic's kept secret is never another's, nor another purpose's."""
    stored.records = [credentials.seal(ORG, "twilio", 1, SECRET)]
    assert credentials.current(ORG, "twilio") == SECRET
    assert credentials.current(OTHER, "twilio") is None
    assert credentials.current(ORG, "google") is None


def test_importing_it_loads_neither_boto3_nor_cryptography() -> None:
    """A function that only imports the module pays for no AWS SDK and no OpenSSL."""
    script = (
        "import sys, frontdesk.credentials;"
        " print(sorted({'boto3', 'botocore', 'cryptography'} & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(ROOT / "layers" / "shared")},
    )
    assert ran.stdout.strip() == "[]"
