"""Twilio's API through the real SDK: one request each, our time limits, and what every failure means."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import requests

from functions.sms_worker import twilio_sms
from functions.sms_worker.twilio_sms import Account, Answer, Text
from local.fake_twilio import FakeTwilio
from tests.fake_twilio import BRIGHT
from tests.sms.conftest import sent, set_faults

ACCOUNT = Account(BRIGHT.sid, BRIGHT.auth_token)
TEXT = Text("+12025550147", BRIGHT.number, "Bright Smiles: see you Monday.", "", 3600)
YEAR = timedelta(days=365)


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[tuple[str, list[int]]]:
    """Run a server that handles each connection with `answer`; gives its URL and counts connections."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.1)
    connections: list[int] = []
    over = threading.Event()

    def run() -> None:
        while not over.is_set():
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            connections.append(1)
            with connection:
                answer(connection)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.getsockname()[1]}", connections
    finally:
        over.set()
        thread.join(5)
        server.close()


def replying(status: str, body: str, *headers: str) -> Callable[[socket.socket], None]:
    """Answer every request with these words."""

    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        head = "\r\n".join(
            [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
        )
        connection.sendall(f"{head}\r\n\r\n{body}".encode())

    return answer


def hang_up(connection: socket.socket) -> None:
    """Read the request and close without a word."""
    connection.recv(65536)


def stay_silent(connection: socket.socket) -> None:
    """Read the request and say nothing for a while."""
    connection.recv(65536)
    time.sleep(1.5)


def test_a_text_is_handed_over_and_found_again(fake: FakeTwilio) -> None:
    """The SID of the answer is the one the list gives for the same words since then."""
    since = datetime.now(UTC) - timedelta(seconds=5)
    made = twilio_sms.send(ACCOUNT, TEXT, fake.url)
    assert made.result == "accepted"
    assert twilio_sms.find(ACCOUNT, TEXT, since, fake.url) == Answer("accepted", sids=made.sids)
    assert [text["sid"] for text in sent(fake)] == list(made.sids)


def test_other_words_another_number_or_an_earlier_time_are_not_found(fake: FakeTwilio) -> None:
    """A look must never adopt a text that is not the one that was lost."""
    twilio_sms.send(ACCOUNT, TEXT, fake.url)
    since = datetime.now(UTC) - timedelta(seconds=5)
    other_words = Text(TEXT.to, TEXT.sender, "Bright Smiles: see you Tuesday.", "", 0)
    other_number = Text("+12025550148", TEXT.sender, TEXT.body, "", 0)
    later = datetime.now(UTC) + timedelta(minutes=1)
    assert twilio_sms.find(ACCOUNT, other_words, since, fake.url).result == "absent"
    assert twilio_sms.find(ACCOUNT, other_number, since, fake.url).result == "absent"
    assert twilio_sms.find(ACCOUNT, TEXT, later, fake.url).result == "absent"


def test_a_trial_accounts_own_sentence_does_not_hide_a_text() -> None:
    """Twilio writes "Sent from your Twilio trial account - " before every text of such an account."""
    assert twilio_sms._same_words(f"Sent from your Twilio trial account - {TEXT.body}", TEXT.body)
    assert not twilio_sms._same_words(None, TEXT.body)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        ("400 Bad Request", '{"code": 21211, "message": "x", "status": 400}', ("permanent", "21211", None)),
        ("400 Bad Request", '{"code": 21610, "message": "x", "status": 400}', ("opted_out", "21610", None)),
        ("401 Unauthorized", '{"code": 20003, "message": "x", "status": 401}', ("config", "20003", None)),
        ("400 Bad Request", '{"code": 77777, "message": "x", "status": 400}', ("permanent", "77777", None)),
        ("403 Forbidden", "no json", ("config", "http_403", None)),
        ("404 Not Found", "<html>", ("permanent", "http_404", None)),
        ("429 Too Many Requests", '{"code": 20429, "message": "x", "status": 429}', ("rate", "20429", 30)),
        ("500 Server Error", '{"code": 20500, "message": "x", "status": 500}', ("unknown", "20500", None)),
        ("503 Unavailable", "", ("unknown", "http_503", None)),
        ("302 Found", "", ("unknown", "http_302", None)),
        ("201 Created", "<html>", ("unknown", "unreadable", None)),
        ("201 Created", "{}", ("unknown", "no_sid", None)),
        ("201 Created", '{"sid": ', ("unknown", "unreadable", None)),
    ],
)
def test_every_answer_has_its_class(status: str, body: str, expected: tuple[str, str, int | None]) -> None:
    """And no answer makes the SDK ask twice: the server counts one connection."""
    with serving(replying(status, body)) as (url, connections):
        answer = twilio_sms.send(ACCOUNT, TEXT, url)
    assert (str(answer.result), answer.code, answer.retry_seconds) == expected
    assert len(connections) == 1


@pytest.mark.parametrize(("header", "seconds"), [("7", 7), ("0", 1), ("100000", 900), ("soon", 30)])
def test_twilios_own_wait_is_kept_within_reason(header: str, seconds: int) -> None:
    """Retry-After counts, from a second to a quarter of an hour."""
    body = '{"code": 20429, "message": "x", "status": 429}'
    with serving(replying("429 Too Many Requests", body, f"Retry-After: {header}")) as (url, _):
        assert twilio_sms.send(ACCOUNT, TEXT, url).retry_seconds == seconds


def test_a_connection_that_breaks_after_the_request_is_ambiguous() -> None:
    """Read and closed without an answer: nobody knows."""
    with serving(hang_up) as (url, connections):
        answer = twilio_sms.send(ACCOUNT, TEXT, url)
    assert (answer.result, answer.code) == ("unknown", "connection_lost")
    assert len(connections) == 1


def test_silence_ends_after_the_time_limit_and_is_ambiguous(monkeypatch: pytest.MonkeyPatch) -> None:
    """The read timeout is ours (10 s; here half a second), not the system's."""
    monkeypatch.setattr(twilio_sms, "READ_SECONDS", 0.5)
    with serving(stay_silent) as (url, connections):
        started = time.monotonic()
        answer = twilio_sms.send(ACCOUNT, TEXT, url)
        took = time.monotonic() - started
    assert (answer.result, answer.code) == ("unknown", "timeout")
    assert took < 1.4
    assert len(connections) == 1


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://no-such-host.invalid"])
def test_what_never_left_is_safe_to_repeat(url: str) -> None:
    """Refused or without an address: certainly not sent."""
    answer = twilio_sms.send(ACCOUNT, TEXT, url)
    assert (answer.result, answer.code, answer.retry_seconds) == ("retry", "unreachable", 60)


def test_a_certificate_that_is_not_twilios_is_safe_to_repeat() -> None:
    """A handshake that fails on the certificate ends before any word of the text."""
    reason = requests.exceptions.SSLError(
        type("Failed", (Exception,), {"reason": ssl.SSLCertVerificationError("CERTIFICATE_VERIFY_FAILED")})()
    )
    assert twilio_sms._never_left(reason)
    assert not twilio_sms._never_left(requests.exceptions.SSLError("decryption failed or bad record mac"))


def test_both_time_limits_reach_the_wire_and_nothing_is_repeated() -> None:
    """Connect 3 s, read 10 s, no pool and no retries in the SDK's client."""
    http = twilio_sms._OneRequest("")
    assert http.timeout == (3.0, 10.0)
    assert http.session is None
    assert requests.Session().get_adapter("https://").max_retries.total == 0


@pytest.mark.parametrize(
    ("status", "body", "seconds"),
    [
        ("503 Unavailable", '{"code": 20503, "message": "x", "status": 503}', 60),
        ("429 Too Many Requests", '{"code": 20429, "message": "x", "status": 429}', 30),
        ("401 Unauthorized", '{"code": 20003, "message": "x", "status": 401}', 60),
        ("200 OK", "<html>", 60),
        ("200 OK", '{"messages": "none"}', 60),
    ],
)
def test_a_look_that_fails_is_not_an_empty_look(status: str, body: str, seconds: int) -> None:
    """Only a list that was read can say that a text is not there."""
    with serving(replying(status, body)) as (url, _):
        answer = twilio_sms.find(ACCOUNT, TEXT, datetime.now(UTC) - YEAR, url)
    assert (answer.result, answer.retry_seconds) == ("unknown", seconds)


def test_a_look_while_twilio_is_away_is_not_an_empty_look(fake: FakeTwilio) -> None:
    """The fake's whole API answers 503."""
    set_faults(fake, unavailable=1)
    assert twilio_sms.find(ACCOUNT, TEXT, datetime.now(UTC) - YEAR, fake.url).result == "unknown"


@pytest.mark.parametrize(("asked", "given"), [(-5, 1), (0, 1), (60, 60), (172_800, 36_000)])
def test_the_validity_is_one_twilio_takes(asked: int, given: int) -> None:
    """1 to 36,000 seconds (T-1)."""
    seen: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        connection.settimeout(2)
        data = connection.recv(65536)
        if b"ValidityPeriod" not in data:
            data += connection.recv(65536)
        seen.append(data)
        connection.sendall(b"HTTP/1.1 500 x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    with serving(answer) as (url, _):
        twilio_sms.send(ACCOUNT, Text(TEXT.to, TEXT.sender, TEXT.body, "", asked), url)
    assert f"ValidityPeriod={given}".encode() in seen[0]


def test_an_account_never_shows_its_token() -> None:
    """Neither in a traceback nor in a debugger's list."""
    assert BRIGHT.auth_token not in repr(ACCOUNT)
    assert BRIGHT.auth_token not in f"{ACCOUNT}"
