"""Only Twilio, with the clinic's own token, is listened to; everybody else gets 403 and changes nothing."""

import base64
import random
import string
from collections.abc import Callable
from typing import Any

import pytest

from frontdesk import settings
from functions.sms_worker import webhook
from tests.clinics import Clinic, Connection, one
from tests.fake_twilio import BRIGHT, SOL
from tests.sms.conftest import BASE, PATIENT, Surroundings, book, request, sign, texting_clinic

TOKEN = BRIGHT.auth_token
PAIRS = [
    ("MessageSid", "SM" + "0" * 32),
    ("From", PATIENT),
    ("To", BRIGHT.number),
    ("Body", "C"),
    ("MediaUrl", "b"),
    ("MediaUrl", "a"),
    ("MediaUrl", "b"),
    ("FromCity", ""),
    ("Body2", "  spaces stay  & = + % ñ "),
]
Event = dict[str, Any]


def genuine(**changed: Any) -> Event:
    """Write a request that holds: repeated and blank fields, spaces, an accent."""
    return request("inbound", PAIRS, **changed)


def status(event: Event) -> int:
    """Return the answer's status, and see that a refusal says nothing."""
    answer = webhook.handler(event, None)
    if answer["statusCode"] == 403:
        assert not answer.get("body")
    return int(answer["statusCode"])


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("query", ["", "x=1&y=&z=a%20b"])
def test_a_genuine_request_is_accepted(
    app: Connection, owner: Connection, clinic: Clinic, encoded: bool, query: str
) -> None:
    """Plain and base64 bodies, with and without a query, repeated and blank fields."""
    appointment, _ = book(app, clinic)
    assert status(genuine(encoded=encoded, query=query)) == 200
    assert (
        one(owner, "SELECT status FROM frontdesk.appointments WHERE id = %s", appointment["id"])
        == "confirmed"
    )


def test_the_previous_token_holds_during_a_rotation(clinic: Clinic, around: Surroundings) -> None:
    """Twilio signs with the old token until the new one is promoted; both are accepted, a third is not."""
    around.secrets[clinic.id].insert(0, {"account_sid": BRIGHT.sid, "auth_token": "n" * 32})
    assert status(genuine(token="n" * 32)) == 200
    assert status(genuine()) == 200
    assert status(genuine(token="o" * 32)) == 403


def test_a_stage_in_the_path_is_not_part_of_the_address(clinic: Clinic) -> None:
    """API Gateway puts a mapping's or stage's name before the path; Twilio never saw it."""
    assert status(genuine() | {"rawPath": "/prod/api/twilio/inbound"}) == 200


def test_without_a_configured_address_the_matched_domain_counts(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """API Gateway itself says which domain was matched; a Host header never decides."""
    monkeypatch.setenv("PUBLIC_BASE_URL", "")
    settings.current.cache_clear()
    assert status(genuine()) == 200
    event = genuine()
    event["requestContext"] = {"domainName": "elsewhere.example.test"}
    event["headers"]["host"] = "front.example.test"
    assert status(event) == 403


def _signed_elsewhere(url: str) -> Event:
    return genuine(signed=sign(TOKEN, url, PAIRS))


def _body(pairs: list[tuple[str, str]]) -> Event:
    return genuine() | {"body": request("inbound", pairs)["body"]}


def _headers(**headers: str) -> Event:
    event = genuine()
    event["headers"] = {"content-type": "application/x-www-form-urlencoded", **headers}
    return event


def _good() -> str:
    return sign(TOKEN, f"{BASE}/api/twilio/inbound", PAIRS)


FORGED: dict[str, Callable[[], Event]] = {
    "no signature": _headers,
    "an empty signature": lambda: genuine(signed=""),
    "no headers at all": lambda: genuine() | {"headers": None},
    "the signature under another name": lambda: _headers(**{"x-signature": _good()}),
    "another clinic's token": lambda: genuine(token=SOL.auth_token),
    "an empty token": lambda: genuine(token=""),
    "the account SID as the token": lambda: genuine(token=BRIGHT.sid),
    "lower case": lambda: genuine(signed=_good().lower()),
    "hex instead of base64": lambda: genuine(signed=base64.b64decode(_good()).hex()),
    "a space before it": lambda: genuine(signed=" " + _good()),
    "twice, joined": lambda: genuine(signed=f"{_good()},{_good()}"),
    "without its padding": lambda: genuine(signed=_good().rstrip("=")),
    "not ASCII": lambda: genuine(signed=_good()[:-2] + "ñ="),
    "signed for the other route": lambda: _signed_elsewhere(f"{BASE}/api/twilio/status"),
    "signed for http": lambda: _signed_elsewhere(f"{BASE}/api/twilio/inbound".replace("https", "http")),
    "signed for another host": lambda: _signed_elsewhere("https://evil.example/api/twilio/inbound"),
    "signed with a query that is gone": lambda: _signed_elsewhere(f"{BASE}/api/twilio/inbound?a=1"),
    "signed without the query it has": lambda: genuine() | {"rawQueryString": "a=1"},
    "a slash more": lambda: _signed_elsewhere(f"{BASE}/api/twilio/inbound/"),
    "a field more": lambda: _body([*PAIRS, ("Extra", "1")]),
    "a field less": lambda: _body(PAIRS[:-1]),
    "a blank field less": lambda: _body([pair for pair in PAIRS if pair[0] != "FromCity"]),
    "another sender": lambda: _body([("From", "+12025550666") if n == "From" else (n, v) for n, v in PAIRS]),
    "other words": lambda: _body([("Body", "STOP") if n == "Body" else (n, v) for n, v in PAIRS]),
    "trimmed words": lambda: _body([(n, v.strip()) for n, v in PAIRS]),
    "a repeated field's other value": lambda: _body([*PAIRS, ("MediaUrl", "c")]),
    "a body of JSON": lambda: genuine() | {"body": '{"Body": "C"}'},
    "no body": lambda: genuine() | {"body": None},
    "broken base64": lambda: genuine(encoded=True) | {"body": "***"},
    "base64 that is not said to be": lambda: genuine(encoded=True) | {"isBase64Encoded": False},
    "bytes that are no text": lambda: (
        genuine(encoded=True) | {"body": base64.b64encode(b"\xff\xfe=1").decode()}
    ),
    "a thousand fields": lambda: _body([("a", "1")] * 1000),
    "a body of 100 kB": lambda: _body([("a", "x" * 100_000)]),
    "an unknown receiving number": lambda: request(
        "inbound", [("To", "+19995550100") if n == "To" else (n, v) for n, v in PAIRS]
    ),
    "no receiving number": lambda: request("inbound", [pair for pair in PAIRS if pair[0] != "To"]),
    "a shared key's signature": lambda: _headers(
        **{
            "x-twilio-signature": "A" * 43 + "=",
            "x-twilio-webhooks-signature-settings": "key=x,algorithm=HMAC_SHA256",
        }
    ),
}


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_request_is_refused(app: Connection, owner: Connection, clinic: Clinic, case: str) -> None:
    """403, no body, nothing changed."""
    book(app, clinic)
    before = _everything(owner)
    assert status(FORGED[case]()) == 403
    assert _everything(owner) == before


def test_two_hundred_spoiled_requests_are_all_refused(
    app: Connection, owner: Connection, clinic: Clinic
) -> None:
    """Any one character of signature, address or body changed, 250 times; the seed is fixed."""
    book(app, clinic)
    before = _everything(owner)
    chance = random.Random(20261122)
    for _ in range(250):
        event = genuine(query="x=1")
        part = chance.choice(("signature", "body", "query"))
        if part == "signature":
            event["headers"]["x-twilio-signature"] = _spoil(event["headers"]["x-twilio-signature"], chance)
        elif part == "body":
            # Letters and digits only: a changed escape may decode to the same text, and is then no change.
            event["body"] = _spoil(event["body"], chance)
        else:
            event["rawQueryString"] = _spoil(event["rawQueryString"], chance)
        assert status(event) == 403, event
    assert _everything(owner) == before


def test_a_status_for_another_text_or_attempt_does_not_hold(
    app: Connection, owner: Connection, clinic: Clinic, around: Surroundings
) -> None:
    """The address is signed: no genuine callback can be replayed against another text, attempt, clinic."""
    other = texting_clinic(owner, around, sms_sender=SOL.number)
    message = "0190a0a0-0000-7000-8000-000000000001"
    owner.execute(
        "INSERT INTO frontdesk.sms_messages (org_id, id, direction, kind, dedupe_key, phone, language, state,"
        " attempt, next_at, sweep_at, valid_until)"
        " VALUES (%s, %s, 'out', 'booked', 'k', %s, 'en', 'claimed', 1, now(), now(), 'infinity')",
        [clinic.id, message, PATIENT],
    )
    pairs = [("MessageSid", "SM" + "7" * 32), ("MessageStatus", "delivered")]
    held = request("status", pairs, query=f"m={message}&a=1&o={clinic.id}")
    for query in (
        f"m={message}&a=2&o={clinic.id}",
        f"m={message}&a=1&o={other.id}",
        f"m={clinic.id}&a=1&o={clinic.id}",
        f"m={message}&a=1",
        f"a=1&o={clinic.id}",
        f"m={message}&a=1&o=not-an-id",
        f"a=1&m={message}&o={clinic.id}",
        f"m={message}&a=1&o={clinic.id}&",
        "",
    ):
        assert status(held | {"rawQueryString": query}) == 403, query
    assert one(owner, "SELECT state FROM frontdesk.sms_messages") == "claimed"
    assert status(held) == 204
    assert one(owner, "SELECT state FROM frontdesk.sms_messages") == "delivered"


def test_a_clinic_without_credentials_listens_to_nobody(clinic: Clinic, around: Surroundings) -> None:
    """Unconfigured means refused, also for a signature made with an empty token."""
    around.secrets[clinic.id] = []
    assert status(genuine(token="")) == 403
    around.secrets[clinic.id] = [{"account_sid": BRIGHT.sid, "auth_token": ""}]
    assert status(genuine(token="")) == 403


def _everything(owner: Connection) -> tuple[Any, ...]:
    """Count all that a webhook can change."""
    return tuple(
        one(owner, query)
        for query in (
            "SELECT count(*) FROM frontdesk.events",
            "SELECT count(*) FROM frontdesk.outbox",
            "SELECT count(*) FROM frontdesk.sms_messages",
            "SELECT count(*) FROM frontdesk.sms_opt_outs",
            "SELECT count(*) FROM frontdesk.webhook_seen",
            "SELECT string_agg(status || version, ',' ORDER BY id) FROM frontdesk.appointments",
        )
    )


def _spoil(text: str, chance: random.Random) -> str:
    """Change one letter or digit into another."""
    places = [
        place
        for place, character in enumerate(text)
        if character in string.ascii_letters + string.digits
        and "%" not in text[max(0, place - 2) : place + 1]
    ]
    place = chance.choice(places)
    other = chance.choice([c for c in string.ascii_letters + string.digits if c != text[place]])
    return text[:place] + other + text[place + 1 :]
