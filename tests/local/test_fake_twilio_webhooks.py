"""What the fake Twilio sends us: status callbacks and patients' texts, signed as Twilio signs."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator

from local.fake_twilio import FakeTwilio
from local.fake_twilio_webhooks import replies
from tests.fake_twilio import BRIGHT, SOL, running_fake
from tests.local.test_fake_twilio import DANA, call, client, send, until


@dataclass
class Ear:
    """A webhook of ours for tests: what it heard, and what it answers."""

    url: str = ""
    heard: list[tuple[str, dict[str, str], dict[str, str]]] = field(default_factory=list)
    status: int = 200
    answer: str = "<Response/>"
    failures: int = 0

    def statuses(self) -> list[str]:
        """Give the statuses heard so far, in order."""
        return [form["MessageStatus"] for _, form, _ in list(self.heard)]


@pytest.fixture
def ear() -> Iterator[Ear]:
    """Listen on a free port."""
    heard = Ear()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            heard.heard.append((self.path, dict(parse_qsl(body, keep_blank_values=True)), headers))
            if heard.failures > 0:
                heard.failures -= 1
                self.send_response(503)
                self.end_headers()
                return
            self.send_response(heard.status)
            self.send_header("content-type", "text/xml")
            self.end_headers()
            self.wfile.write(heard.answer.encode())

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    heard.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield heard
    server.shutdown()
    server.server_close()


@pytest.fixture
def fake(ear: Ear) -> Iterator[FakeTwilio]:
    """Run a fake which brings patients' texts to the ear."""
    with running_fake(inbound_url=f"{ear.url}/api/twilio/inbound") as running:
        yield running


def inbound(fake: FakeTwilio, body: str, patient: str = DANA, **more: Any) -> Any:
    """Play a patient's text to Bright Smiles."""
    return call(fake.url + "/inbound", {"from": patient, "to": BRIGHT.number, "body": body, **more})


def phone(fake: FakeTwilio, number: str = DANA) -> list[tuple[bool, str]]:
    """Read a phone: whether it is the patient's own text, and what it says."""
    view = call(fake.url + "/phone/view", {"number": number, "seen": None})
    return [(text["mine"], text["body"]) for text in view["texts"]]


def test_every_step_is_told_to_the_callback_and_signed(fake: FakeTwilio, ear: Ear) -> None:
    """Sent, then delivered, each over the very URL that was given, with a signature the SDK accepts."""
    callback = f"{ear.url}/api/twilio/status?m=0190%2Dab&a=1&o=x%20y"
    made = send(client(fake), status_callback=callback)
    assert until(lambda: ear.statuses() == ["sent", "delivered"])
    for path, form, headers in ear.heard:
        assert ear.url + path == callback
        assert headers["content-type"].startswith("application/x-www-form-urlencoded")
        assert headers["i-twilio-idempotency-token"]
        signature = headers["x-twilio-signature"]
        assert RequestValidator(BRIGHT.auth_token).validate(callback, form, signature)
        assert not RequestValidator(SOL.auth_token).validate(callback, form, signature)
        assert not RequestValidator(BRIGHT.auth_token).validate(callback + "1", form, signature)
        assert not RequestValidator(BRIGHT.auth_token).validate(callback, form | {"To": "+1"}, signature)
        assert (form["MessageSid"], form["AccountSid"]) == (made.sid, BRIGHT.sid)
        assert (form["From"], form["To"]) == (BRIGHT.number, DANA)
        assert "ErrorCode" not in form


def test_a_failure_is_told_with_its_code(fake: FakeTwilio, ear: Ear) -> None:
    """Undelivered carries ErrorCode."""
    send(client(fake), to="+15005553006", status_callback=ear.url)
    assert until(lambda: ear.statuses() == ["sent", "undelivered"])
    assert ear.heard[-1][1]["ErrorCode"] == "30006"


def test_callbacks_are_lost_doubled_and_reordered_when_told(fake: FakeTwilio, ear: Ear) -> None:
    """Each fault does what its name says; without faults the order is the true one."""
    twilio = client(fake)
    step = {"status_step_seconds": 0.01}
    call(fake.url + "/faults", step | {"callback_reorder": 1})
    send(twilio, status_callback=ear.url)
    assert until(lambda: ear.statuses() == ["delivered", "sent"])
    ear.heard.clear()
    call(fake.url + "/faults", step | {"callback_duplicate": 1})
    send(twilio, status_callback=ear.url)
    assert until(lambda: ear.statuses() == ["sent", "sent", "delivered", "delivered"])
    ear.heard.clear()
    call(fake.url + "/faults", step | {"callback_loss": 1})
    lost = send(twilio, status_callback=ear.url)
    assert until(lambda: twilio.messages(lost.sid).fetch().status == "delivered")
    time.sleep(0.1)
    assert ear.heard == []
    assert call(fake.url + "/faults")["happened"]["callback_loss"] == 2


def test_a_failed_callback_comes_again_only_where_the_url_asks_for_it(fake: FakeTwilio, ear: Ear) -> None:
    """`#rc=2&rp=all` tries twice more and is neither sent nor signed; without it a 503 is the end."""
    ear.failures = 1
    callback = f"{ear.url}/status?m=1"
    send(client(fake), status_callback=f"{callback}#rc=2&rp=all")
    assert until(lambda: ear.statuses() == ["sent", "sent", "delivered"])
    for path, form, headers in ear.heard:
        assert path == "/status?m=1"
        assert RequestValidator(BRIGHT.auth_token).validate(callback, form, headers["x-twilio-signature"])
    ear.heard.clear()
    ear.failures = 1
    send(client(fake), status_callback=callback)
    assert until(lambda: ear.statuses() == ["sent", "delivered"])


def test_a_patients_text_is_signed_and_its_answer_comes_back(fake: FakeTwilio, ear: Ear) -> None:
    """Blank fields are sent and signed; the TwiML's text is the answer and lands on the phone."""
    ear.answer = (
        '<?xml version="1.0"?><Response><Message>See you &lt;soon&gt; &amp; well</Message></Response>'
    )
    answer = inbound(fake, " c ")
    [(path, form, headers)] = ear.heard
    assert path == "/api/twilio/inbound"
    assert RequestValidator(BRIGHT.auth_token).validate(ear.url + path, form, headers["x-twilio-signature"])
    assert (form["From"], form["To"], form["Body"]) == (DANA, BRIGHT.number, " c ")
    assert (form["MessageSid"], form["FromCity"], form["NumMedia"]) == (answer["sid"], "", "0")
    assert (answer["http_status"], answer["reply"]) == (200, "See you <soon> & well")
    assert phone(fake) == [(True, " c "), (False, "See you <soon> & well")]
    assert call(fake.url + "/messages") == [], "only what the API accepted is listed"


def test_the_same_text_can_be_brought_again(fake: FakeTwilio, ear: Ear) -> None:
    """With its sid a text is a repeated delivery: same MessageSid, nothing new on the phone."""
    ear.answer = "<Response><Message><Body>Done</Body></Message></Response>"
    first = inbound(fake, "C")
    again = inbound(fake, "C", sid=first["sid"])
    assert first["reply"] == again["reply"] == "Done"
    assert ear.heard[0][1] == ear.heard[1][1]
    assert phone(fake) == [(True, "C"), (False, "Done")]


def test_stop_blocks_that_pair_until_start(fake: FakeTwilio, ear: Ear) -> None:
    """Twilio answers by itself, refuses our reply and our texts (21610); another clinic's still arrive."""
    ear.answer = "<Response><Message>ours</Message></Response>"
    stopped = inbound(fake, " stop\n")
    assert stopped["automatic_reply"].startswith("You have successfully been unsubscribed")
    assert (stopped["reply"], stopped["reply_error"]) == ("ours", 21610)
    assert [body for mine, body in phone(fake) if not mine] == [stopped["automatic_reply"]]
    with pytest.raises(TwilioRestException) as refused:
        send(client(fake))
    assert (refused.value.status, refused.value.code) == (400, 21610)
    assert client(fake, SOL).messages.create(to=DANA, from_=SOL.number, body="Hola").sid
    assert send(client(fake), to="+12025550148").sid
    assert inbound(fake, "STOP")["automatic_reply"] is None, "said once"
    assert len(ear.heard) == 2, "our webhook hears of STOP as well"
    started = inbound(fake, "Start")
    assert started["automatic_reply"].startswith("You have successfully been re-subscribed")
    assert started["reply_error"] is None
    assert send(client(fake)).sid


@pytest.mark.parametrize("word", ["STOPALL", "unsubscribe", "Cancel", "END", "quit", "revoke", "OPTOUT"])
def test_every_stop_word_stops_and_a_sentence_with_one_does_not(fake: FakeTwilio, word: str) -> None:
    """Twilio compares the whole text."""
    assert inbound(fake, f"please {word}")["automatic_reply"] is None
    assert send(client(fake)).sid
    inbound(fake, word)
    with pytest.raises(TwilioRestException):
        send(client(fake))


def test_a_webhook_that_fails_or_answers_nonsense_is_reported(fake: FakeTwilio, ear: Ear) -> None:
    """The patient gets nothing; whoever plays the text learns why."""
    ear.status, ear.answer = 403, "<Response><Message>no</Message></Response>"
    assert inbound(fake, "C") | {"sid": "", "twiml": ""} == {
        "sid": "", "http_status": 403, "twiml": "", "reply": None, "reply_error": None,
        "automatic_reply": None,
    }  # fmt: skip
    ear.status, ear.answer = 200, "<Response><Message>"
    assert "12100" in inbound(fake, "C")["reply_error"]
    with running_fake() as deaf:
        assert inbound(deaf, "C")["http_status"] is None


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"from": DANA, "to": "+12025550199", "body": "C"}, "nobody has the number"),
        ({"from": "2025550147", "to": BRIGHT.number, "body": "C"}, "no patient's number"),
        ({"from": DANA, "to": BRIGHT.number}, "a patient's text is"),
        ([], "a patient's text is"),
    ],
)
def test_a_text_that_cannot_be_played_is_refused(
    fake: FakeTwilio, ear: Ear, body: Any, sentence: str
) -> None:
    """HTTP 400 with a sentence, and no webhook is called."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        call(fake.url + "/inbound", body)
    assert refused.value.code == 400
    assert sentence in json.loads(refused.value.read())["error"]
    assert ear.heard == []


def test_twiml_is_read_in_all_its_forms() -> None:
    """Text or Body, several messages, none; anything but <Response> is an error."""
    assert replies("") == replies("<Response/>") == []
    two = "<Response><Message>a</Message><Message to='+1'><Body> b </Body></Message></Response>"
    assert replies(two) == ["a", "b"]
    for wrong in ("OK", "<html/>", '{"message": "x"}'):
        with pytest.raises(ValueError, match="the answer"):
            replies(wrong)


def test_the_phone_page_is_served_with_a_strict_policy(fake: FakeTwilio) -> None:
    """Page, style and script come from the fake alone, and nothing of anybody else's may run in it."""
    for path, kind in (("", "text/html"), ("/phone.css", "text/css"), ("/phone.js", "text/javascript")):
        with urllib.request.urlopen(f"{fake.url}/phone{path}", timeout=5) as answer:
            assert answer.headers.get_content_type() == kind
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert b"innerHTML" not in answer.read()


def test_a_phone_shows_what_arrived_and_asks_again_for_nothing(fake: FakeTwilio) -> None:
    """Newest phone first, texts in order, failed ones marked; an unchanged view is an empty 204."""
    twilio = client(fake)
    empty = call(fake.url + "/phone/view", {"number": None, "seen": None})
    assert (empty["phones"], empty["texts"], empty["number"]) == ([], [], None)
    assert [clinic["name"] for clinic in empty["clinics"]] == [BRIGHT.name, SOL.name]
    for body in ("One", "Two"):
        send(twilio, body=body)
    send(twilio, to="+15005553006", body="Lost")
    assert until(
        lambda: {one["status"] for one in call(fake.url + "/messages")} == {"delivered", "undelivered"}
    )
    assert phone(fake) == [(False, "One"), (False, "Two")]
    view = call(fake.url + "/phone/view", {"number": None, "seen": None})
    assert view["phones"] == ["+15005553006", DANA]
    assert [(text["body"], text["error_code"]) for text in view["texts"]] == [("Lost", 30006)]
    assert call(fake.url + "/phone/view", {"number": DANA, "seen": view["changes"]}) is None
