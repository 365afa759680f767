"""Who may act for an org."""

import base64
import hashlib
import hmac
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontdesk.senders import Verdict, derive_secret, live_secrets, verify_vapi

NOW = datetime(2026, 11, 2, 12, 0, tzinfo=UTC)
MASTER = "master-key-of-the-tests-0123456789"
ORG = UUID("7b0a6f0e-0000-4000-8000-000000000001")
OTHER_ORG = UUID("7b0a6f0e-0000-4000-8000-000000000002")
SECRET = derive_secret(MASTER, ORG, 1)
BODY = b'{"message":{"type":"tool-calls"}}'


def sign(
    body: bytes, secret: str, stamp: str, *, algorithm: str = "sha256", form: str = "hex", prefix: str = ""
) -> dict[str, str]:
    """Sign as Vapi's HMAC credential does, with the standard library's other interface."""
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, getattr(hashlib, algorithm)).digest()
    text = digest.hex() if form == "hex" else base64.b64encode(digest).decode()
    return {"x-signature": prefix + text, "x-timestamp": stamp}


def seconds(moment: datetime) -> str:
    """Write a moment as Unix seconds."""
    return str(int(moment.timestamp()))


def test_a_derived_secret_never_changes() -> None:
    """Clinics paste the secret into Vapi: another value for the same org would cut every one of them off."""
    by_hand = hmac.new(MASTER.encode(), f"vapi:v1:{ORG}:1".encode(), hashlib.sha256).digest()
    assert "fd_" + base64.urlsafe_b64encode(by_hand).decode().rstrip("=") == SECRET
    assert re.fullmatch(r"fd_[A-Za-z0-9_-]{43}", SECRET)


def test_org_generation_and_master_key_each_change_the_secret() -> None:
    """Nothing of one org, of one generation or of one master key works for another."""
    masters, orgs = (MASTER, MASTER + "x"), (ORG, OTHER_ORG)
    secrets = {derive_secret(m, o, g) for m in masters for o in orgs for g in range(1, 4)}
    assert len(secrets) == 12


def test_an_empty_master_key_is_refused() -> None:
    """HMAC takes an empty key, and then anybody can derive every secret."""
    with pytest.raises(ValueError, match="empty"):
        derive_secret("", ORG, 1)


def test_the_previous_generation_lives_until_it_expires() -> None:
    """A rotation leaves the clinic time to paste the new secret; the current one is listed first."""
    later = NOW + timedelta(hours=1)
    assert live_secrets([MASTER], ORG, 2, later, NOW) == (
        derive_secret(MASTER, ORG, 2),
        derive_secret(MASTER, ORG, 1),
    )
    assert live_secrets([MASTER], ORG, 2, later, later) == (derive_secret(MASTER, ORG, 2),)
    assert live_secrets([MASTER], ORG, 2, None, NOW) == (derive_secret(MASTER, ORG, 2),)


def test_every_master_key_gives_every_live_generation() -> None:
    """While the master key is rotated both keys count, for both generations."""
    secrets = live_secrets([MASTER, "older-master"], ORG, 5, NOW + timedelta(days=1), NOW)
    assert secrets[0] == derive_secret(MASTER, ORG, 5)
    assert set(secrets) == {derive_secret(m, ORG, g) for m in (MASTER, "older-master") for g in (4, 5)}


@pytest.mark.parametrize("secrets", [(), ("",), live_secrets(["", ""], ORG, 1, None, NOW)])
def test_an_org_without_secrets_refuses_everybody(secrets: tuple[str, ...]) -> None:
    """Unconfigured means refused: an empty token never equals an empty secret."""
    for headers in ({"authorization": "Bearer "}, {"x-vapi-secret": ""}, sign(BODY, "", seconds(NOW)), {}):
        assert verify_vapi(headers, BODY, secrets, NOW) is Verdict.NOT_CONFIGURED


@pytest.mark.parametrize(
    ("headers", "verdict"),
    [
        ({"authorization": f"Bearer {SECRET}"}, Verdict.BEARER),
        ({"authorization": f"bearer   {SECRET} "}, Verdict.BEARER),
        ({"x-vapi-secret": SECRET}, Verdict.SECRET_HEADER),
        ({"authorization": "Bearer wrong", "x-vapi-secret": SECRET}, Verdict.SECRET_HEADER),
        ({"authorization": f"Bearer {SECRET[:-1]}"}, Verdict.BAD_TOKEN),
        ({"authorization": f"Bearer {SECRET}x"}, Verdict.BAD_TOKEN),
        ({"authorization": "Bearer \u00e9\ud800"}, Verdict.BAD_TOKEN),
        ({"x-vapi-secret": SECRET.upper()}, Verdict.BAD_TOKEN),
        ({"authorization": SECRET}, Verdict.NO_CREDENTIALS),
        ({"authorization": f"Basic {SECRET}"}, Verdict.NO_CREDENTIALS),
        ({"authorization": "Bearer"}, Verdict.NO_CREDENTIALS),
        ({"x-timestamp": seconds(NOW)}, Verdict.NO_CREDENTIALS),
        ({}, Verdict.NO_CREDENTIALS),
    ],
)
def test_a_token_must_be_the_secret(headers: dict[str, str], verdict: Verdict) -> None:
    """The scheme may be spelled in any case; the token must be equal, and any text may be sent."""
    assert verify_vapi(headers, BODY, (SECRET,), NOW) is verdict


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@pytest.mark.parametrize("form", ["hex", "base64"])
@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("milliseconds", [True, False])
def test_every_signature_vapi_can_be_set_to_is_accepted(
    algorithm: str, form: str, named: bool, milliseconds: bool
) -> None:
    """Hex or base64, SHA-256 or SHA-512, prefixed or bare, seconds or milliseconds, either header."""
    stamp = seconds(NOW) + ("123" if milliseconds else "")
    headers = sign(
        BODY, SECRET, stamp, algorithm=algorithm, form=form, prefix=f"{algorithm}=" if named else ""
    )
    assert verify_vapi(headers, BODY, (SECRET,), NOW) is Verdict.HMAC
    older_name = {"x-vapi-signature": headers["x-signature"], "x-timestamp": stamp}
    assert verify_vapi(older_name, BODY, (SECRET,), NOW) is Verdict.HMAC


@pytest.mark.parametrize("form", ["hex", "base64"])
@pytest.mark.parametrize("prefix", ["", "sha1=", "sha256="])
def test_sha1_is_refused(form: str, prefix: str) -> None:
    """Vapi offers SHA-1; a right SHA-1 signature still proves too little."""
    headers = sign(BODY, SECRET, seconds(NOW), algorithm="sha1", form=form, prefix=prefix)
    assert not verify_vapi(headers, BODY, (SECRET,), NOW).ok


@pytest.mark.parametrize(
    ("age", "verdict"),
    [
        (timedelta(minutes=5), Verdict.HMAC),
        (timedelta(minutes=-5), Verdict.HMAC),
        (timedelta(minutes=5, seconds=1), Verdict.STALE_TIMESTAMP),
        (timedelta(minutes=-5, seconds=-1), Verdict.STALE_TIMESTAMP),
    ],
)
def test_the_window_is_five_minutes_both_ways(age: timedelta, verdict: Verdict) -> None:
    """A message older than five minutes, or from the future by more, is refused though well signed."""
    assert verify_vapi(sign(BODY, SECRET, seconds(NOW - age)), BODY, (SECRET,), NOW) is verdict


@pytest.mark.parametrize("stamp", ["", "soon", "-5", "1.5", "1e9", "٣", "9" * 15, "²"])
def test_a_timestamp_that_is_no_number_is_malformed(stamp: str) -> None:
    """Only ASCII digits are a timestamp, and no length of them raises."""
    headers = sign(BODY, SECRET, stamp)
    assert verify_vapi(headers, BODY, (SECRET,), NOW) is Verdict.MALFORMED


@pytest.mark.parametrize("signature", ["zz" * 32, "é", "sha256=", "sha512=" + "ab" * 32, "a"])
def test_a_signature_that_is_no_digest_is_refused(signature: str) -> None:
    """Neither hex nor base64, nothing at all, or a digest that its prefix contradicts."""
    headers = {"x-signature": signature, "x-timestamp": seconds(NOW)}
    assert not verify_vapi(headers, BODY, (SECRET,), NOW).ok


def test_a_bad_signature_spoils_a_good_token() -> None:
    """Whoever signs means to be judged by the signature, or a leaked token would make it worthless."""
    bad = {**sign(BODY, SECRET, seconds(NOW)), "authorization": f"Bearer {SECRET}"}
    assert verify_vapi(bad, BODY + b" ", (SECRET,), NOW) is Verdict.BAD_SIGNATURE
    both = {**sign(BODY, SECRET, seconds(NOW)), "x-vapi-signature": "ab" * 32}
    assert verify_vapi(both, BODY, (SECRET,), NOW) is Verdict.BAD_SIGNATURE


def test_both_live_secrets_are_tried() -> None:
    """During a rotation the old and the new secret prove the sender, by token and by signature."""
    secrets = (SECRET, derive_secret(MASTER, ORG, 0))
    for secret in secrets:
        assert verify_vapi({"x-vapi-secret": secret}, BODY, secrets, NOW).ok
        assert verify_vapi(sign(BODY, secret, seconds(NOW)), BODY, secrets, NOW).ok


@settings(max_examples=250, deadline=None)
@given(
    body=st.binary(max_size=300),
    generation=st.integers(1, 9),
    age=st.integers(-300, 300),
    algorithm=st.sampled_from(["sha256", "sha512"]),
    form=st.sampled_from(["hex", "base64"]),
)
def test_a_genuine_signature_is_always_accepted_and_never_for_another_org(
    body: bytes, generation: int, age: int, algorithm: str, form: str
) -> None:
    """250 signed messages: each proves its own org, and none the org next to it."""
    secrets = live_secrets([MASTER], ORG, generation, NOW + timedelta(days=1), NOW)
    theirs = live_secrets([MASTER], OTHER_ORG, generation, NOW + timedelta(days=1), NOW)
    headers = sign(body, secrets[0], seconds(NOW - timedelta(seconds=age)), algorithm=algorithm, form=form)
    assert verify_vapi(headers, body, secrets, NOW) is Verdict.HMAC
    assert verify_vapi(headers, body, theirs, NOW) is Verdict.BAD_SIGNATURE
    assert verify_vapi({"x-vapi-secret": secrets[0]}, body, theirs, NOW) is Verdict.BAD_TOKEN


@settings(max_examples=300, deadline=None)
@given(body=st.binary(min_size=1, max_size=200), data=st.data())
def test_a_forged_or_expired_message_is_always_refused(body: bytes, data: st.DataObject) -> None:
    """300 messages with one thing changed after signing: body, digest, time or key."""
    good = sign(body, SECRET, seconds(NOW))
    kind = data.draw(st.sampled_from(["body", "digest", "stamp", "old", "key", "retired"]))
    headers, sent, now = dict(good), body, NOW
    if kind == "body":
        place = data.draw(st.integers(0, len(body) - 1))
        sent = body[:place] + bytes([body[place] ^ data.draw(st.integers(1, 255))]) + body[place + 1 :]
    elif kind == "digest":
        place = data.draw(st.integers(0, 63))
        digit = data.draw(st.sampled_from([d for d in "0123456789abcdef" if d != good["x-signature"][place]]))
        headers["x-signature"] = good["x-signature"][:place] + digit + good["x-signature"][place + 1 :]
    elif kind == "stamp":
        headers["x-timestamp"] = seconds(NOW + timedelta(seconds=data.draw(st.integers(1, 300))))
    elif kind == "old":
        now = NOW + timedelta(seconds=data.draw(st.integers(301, 10**7)))
    else:
        forged = data.draw(st.text(max_size=40)) if kind == "key" else derive_secret(MASTER, ORG, 0)
        headers = sign(body, forged.encode("utf-8", "replace").decode(), seconds(NOW))
    assert not verify_vapi(headers, sent, (SECRET,), now).ok


HEADERS = st.sampled_from(
    ["authorization", "x-vapi-secret", "x-signature", "x-vapi-signature", "x-timestamp"]
)


@settings(max_examples=300, deadline=None)
@given(headers=st.dictionaries(HEADERS, st.text(max_size=90)), body=st.binary(max_size=50))
def test_no_header_makes_the_check_raise(headers: dict[str, str], body: bytes) -> None:
    """Whatever a stranger sends, the answer is a refusal and not an exception."""
    assert not verify_vapi(headers, body, (SECRET,), NOW).ok


def test_the_comparison_is_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every live secret is compared by compare_digest even when the first one matches."""
    seen: list[object] = []
    compare = hmac.compare_digest

    def counting(left: bytes, right: bytes) -> bool:
        seen.append(right)
        return compare(left, right)

    monkeypatch.setattr("frontdesk.senders.hmac.compare_digest", counting)
    secrets = (SECRET, "second", "third")
    assert verify_vapi({"x-vapi-secret": SECRET}, BODY, secrets, NOW).ok
    assert {s.encode() for s in secrets} <= set(seen)
    seen.clear()
    assert verify_vapi(sign(BODY, SECRET, seconds(NOW)), BODY, secrets, NOW).ok
    assert len(seen) == 3
