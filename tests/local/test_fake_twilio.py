"""The fake Twilio, spoken to by Twilio's own SDK."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from local.fake_twilio import FakeTwilio
from local.fake_twilio_faults import BadFaultsError, Faults, parse_faults
from local.fake_twilio_messages import Account, segments
from tests.fake_twilio import BRIGHT, SOL, running_fake

DANA = "+12025550147"


class Redirected(TwilioHttpClient):  # type: ignore[misc]
    """The SDK's HTTP client, sent to the fake: only scheme and host of its URLs are other ones."""

    def __init__(self, base: str, timeout: float = 5) -> None:
        super().__init__(timeout=timeout)
        self.base = urlsplit(base)

    def request(self, method: str, url: str, *rest: Any, **named: Any) -> Response:
        """Ask the fake instead of Twilio."""
        parts = urlsplit(url)._replace(scheme=self.base.scheme, netloc=self.base.netloc)
        return super().request(method, urlunsplit(parts), *rest, **named)


def client(fake: FakeTwilio, account: Account = BRIGHT, token: str | None = None, **named: Any) -> Client:
    """Make the SDK's client for an account of the fake."""
    return Client(account.sid, token or account.auth_token, http_client=Redirected(fake.url, **named))


@pytest.fixture
def fake() -> Iterator[FakeTwilio]:
    """Run a fake with the two clinics' accounts."""
    with running_fake() as running:
        yield running


def call(url: str, body: Any = None) -> Any:
    """Ask one of the fake's own switches."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data), timeout=10) as answer:
        return json.loads(answer.read() or b"null")


def until[T](look: Callable[[], T]) -> T:
    """Look again until it is true, for five seconds at most."""
    deadline = time.monotonic() + 5
    while not (seen := look()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return seen


def send(twilio: Client, to: str = DANA, body: str = "Hello", **more: Any) -> Any:
    """Send a text from the clinic's number."""
    return twilio.messages.create(to=to, from_=BRIGHT.number, body=body, **more)


def test_a_sent_text_is_queued_and_soon_delivered(fake: FakeTwilio) -> None:
    """The SDK reads every field of the answer; the resource then moves on by itself."""
    twilio = client(fake)
    made = send(twilio, body="Your visit is on Tuesday.")
    assert made.sid.startswith("SM")
    assert len(made.sid) == 34
    assert (made.status, made.direction, made.num_segments) == ("queued", "outbound-api", "1")
    assert (made.from_, made.to, made.error_code, made.date_sent) == (BRIGHT.number, DANA, None, None)
    assert abs(made.date_created - datetime.now(UTC)) < timedelta(seconds=10)
    assert until(lambda: twilio.messages(made.sid).fetch().status == "delivered")
    assert twilio.messages(made.sid).fetch().date_sent


def test_what_was_accepted_is_listed_for_whoever_tests(fake: FakeTwilio) -> None:
    """GET /messages has the six keys of the design, in the order of acceptance."""
    twilio = client(fake)
    first = send(twilio, status_callback="http://127.0.0.1:1/status?m=1")
    second = send(twilio, to="+12025550148")
    assert until(lambda: [one["status"] for one in call(fake.url + "/messages")] == ["delivered"] * 2)
    assert call(fake.url + "/messages") == [
        {
            "sid": first.sid, "to": DANA, "from": BRIGHT.number, "body": "Hello",
            "status_callback": "http://127.0.0.1:1/status?m=1", "status": "delivered",
        },
        {
            "sid": second.sid, "to": "+12025550148", "from": BRIGHT.number, "body": "Hello",
            "status_callback": "", "status": "delivered",
        },
    ]  # fmt: skip


def test_a_messaging_service_chooses_the_number_later(fake: FakeTwilio) -> None:
    """Accepted with no sender and no segments counted; the clinic's number is there once it was sent."""
    twilio = client(fake)
    made = twilio.messages.create(to=DANA, messaging_service_sid=BRIGHT.messaging_service_sid, body="Hi")
    assert (made.status, made.from_, made.num_segments) == ("accepted", None, "0")
    assert made.messaging_service_sid == BRIGHT.messaging_service_sid
    assert until(lambda: twilio.messages(made.sid).fetch().from_ == BRIGHT.number)


@pytest.mark.parametrize(
    ("to", "sender", "body", "code"),
    [
        ("+15005550001", BRIGHT.number, "Hi", 21211),
        ("+15005550002", BRIGHT.number, "Hi", 21612),
        ("+15005550003", BRIGHT.number, "Hi", 21408),
        ("+15005550004", BRIGHT.number, "Hi", 21610),
        ("+15005550009", BRIGHT.number, "Hi", 21614),
        ("12025550147", BRIGHT.number, "Hi", 21211),
        (BRIGHT.number, BRIGHT.number, "Hi", 21266),
        (DANA, "+15005550001", "Hi", 21212),
        (DANA, "+15005550007", "Hi", 21606),
        (DANA, "+15005550008", "Hi", 21611),
        (DANA, SOL.number, "Hi", 21606),
        (DANA, "MG" + "9" * 32, "Hi", 21701),
        (DANA, "", "Hi", 21603),
        ("", BRIGHT.number, "Hi", 21604),
        (DANA, BRIGHT.number, "", 21602),
        (DANA, BRIGHT.number, "x" * 1601, 21617),
    ],
)
def test_a_refused_text_has_twilios_code_and_is_not_accepted(
    fake: FakeTwilio, to: str, sender: str, body: str, code: int
) -> None:
    """HTTP 400 with code, message, more_info and status, and nothing in the list."""
    with pytest.raises(TwilioRestException) as refused:
        client(fake).messages.create(to=to, from_=sender, body=body)
    assert (refused.value.status, refused.value.code) == (400, code)
    form = {"To": to, "From": sender, "Body": body}
    raw = requests.post(
        f"{fake.url}/2010-04-01/Accounts/{BRIGHT.sid}/Messages.json",
        data=form, auth=(BRIGHT.sid, BRIGHT.auth_token), timeout=5,
    )  # fmt: skip
    answer = raw.json()
    assert set(answer) == {"code", "message", "more_info", "status"}
    assert answer["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert call(fake.url + "/messages") == []


@pytest.mark.parametrize(
    ("code", "status"),
    [(30003, "undelivered"), (30006, "undelivered"), (30034, "undelivered"), (30036, "failed")],
)
def test_some_numbers_fail_only_after_the_text_was_accepted(fake: FakeTwilio, code: int, status: str) -> None:
    """+1 500 555 3006 is a landline: 201 first, 30006 later; any number can be told to behave so."""
    call(fake.url + "/faults", {"numbers": {"+12025550123": code}, "status_step_seconds": 0.01})
    twilio = client(fake)
    for number in (f"+1500555{code - 27000:04}", "+12025550123"):
        made = send(twilio, to=number)
        assert made.error_code is None
        assert until(lambda sid=made.sid: twilio.messages(sid).fetch().status == status)  # type: ignore[misc]
        assert twilio.messages(made.sid).fetch().error_code == code


def test_a_number_told_to_be_refused_is_refused(fake: FakeTwilio) -> None:
    """A 2xxxx code of `numbers` answers the creation itself."""
    call(fake.url + "/faults", {"numbers": {DANA: 21614}})
    with pytest.raises(TwilioRestException) as refused:
        send(client(fake))
    assert refused.value.code == 21614


@pytest.mark.parametrize("token", ["wrong", "b" * 32])
def test_a_wrong_token_is_a_401_with_20003(fake: FakeTwilio, token: str) -> None:
    """Also another account's token, and one's own token on another account's texts."""
    with pytest.raises(TwilioRestException) as refused:
        send(client(fake, token=token))
    assert (refused.value.status, refused.value.code) == (401, 20003)
    with pytest.raises(TwilioException, match="20003"):  # the SDK's error when a list fails has no code
        client(fake).api.v2010.accounts(SOL.sid).messages.list()
    answer = requests.get(f"{fake.url}/2010-04-01/Accounts/{BRIGHT.sid}/Messages.json", timeout=5)
    assert answer.status_code == 401


def test_an_unknown_text_is_a_404_and_other_accounts_texts_are_unknown(fake: FakeTwilio) -> None:
    """20404 for what does not exist, for the neighbour's text and for resources the fake has not."""
    made = send(client(fake))
    asks: tuple[Callable[[], Any], ...] = (
        lambda: client(fake).messages("SM" + "0" * 32).fetch(),
        lambda: client(fake, SOL).messages(made.sid).fetch(),
        lambda: client(fake).calls("CA" + "0" * 32).fetch(),
    )
    for ask in asks:
        with pytest.raises(TwilioRestException) as refused:
            ask()
        assert (refused.value.status, refused.value.code) == (404, 20404)


def test_the_list_is_newest_first_filtered_and_paged(fake: FakeTwilio) -> None:
    """To and From filter; pages of two join without gap or repetition; other accounts stay unseen."""
    twilio = client(fake)
    sids = [send(twilio, body=f"Text {n}").sid for n in range(5)]
    send(twilio, to="+12025550148")
    client(fake, SOL).messages.create(to=DANA, from_=SOL.number, body="Hola")
    assert [one.sid for one in twilio.messages.list(to=DANA)] == sids[::-1]
    assert [one.sid for one in twilio.messages.list(to=DANA, page_size=2)] == sids[::-1]
    assert [one.sid for one in twilio.messages.list(to=DANA, limit=3)] == sids[:1:-1]
    assert len(twilio.messages.list(from_=BRIGHT.number)) == 6
    assert twilio.messages.list(from_=SOL.number) == []


def test_a_text_that_comes_between_two_pages_shifts_nothing(fake: FakeTwilio) -> None:
    """The token is a place in the list and no offset."""
    twilio = client(fake)
    sids = [send(twilio, body=f"Text {n}").sid for n in range(4)]
    page = twilio.messages.page(page_size=2)
    send(twilio, body="in between")
    following = page.next_page()
    assert following is not None
    assert [one.sid for one in following] == [sids[1], sids[0]]


def test_a_text_not_sent_yet_fits_no_date(fake: FakeTwilio) -> None:
    """DateSent is empty until a text is sent; so who looks for a lost one must not filter by it."""
    call(fake.url + "/faults", {"numbers": {}, "status_step_seconds": 60})
    twilio = client(fake)
    send(twilio)
    yesterday, tomorrow = (datetime.now(UTC) + timedelta(days=days) for days in (-1, 1))
    assert twilio.messages.list(date_sent_after=yesterday) == []
    call(fake.url + "/faults", {"status_step_seconds": 0.01})
    sent = send(twilio)
    assert until(lambda: twilio.messages(sent.sid).fetch().status == "delivered")
    assert [one.sid for one in twilio.messages.list(date_sent_after=yesterday)] == [sent.sid]
    assert [one.sid for one in twilio.messages.list(date_sent_before=tomorrow)] == [sent.sid]
    assert [one.sid for one in twilio.messages.list(date_sent=datetime.now(UTC))] == [sent.sid]
    assert twilio.messages.list(date_sent_after=tomorrow) == []


def test_a_lagging_list_shows_a_text_later_and_the_text_itself_at_once(fake: FakeTwilio) -> None:
    """With list_lag_seconds only the list is late."""
    call(fake.url + "/faults", {"list_lag_seconds": 0.6})
    twilio = client(fake)
    made = send(twilio)
    assert twilio.messages.list() == []
    assert twilio.messages(made.sid).fetch().sid == made.sid
    assert until(lambda: [one.sid for one in twilio.messages.list()] == [made.sid])


def test_a_delivered_text_can_be_blanked_and_deleted(fake: FakeTwilio) -> None:
    """Only a blank body, only once it is complete (20009 before), and deleted is gone."""
    call(fake.url + "/faults", {"status_step_seconds": 0.3})
    twilio = client(fake)
    made = send(twilio)
    changes: tuple[Callable[[], Any], ...] = (made.delete, lambda: made.update(body=""))
    for change in changes:
        with pytest.raises(TwilioRestException) as refused:
            change()
        assert (refused.value.status, refused.value.code) == (409, 20009)
    assert until(lambda: twilio.messages(made.sid).fetch().status == "delivered")
    with pytest.raises(TwilioRestException):
        made.update(body="something else")
    assert made.update(body="").body == ""
    assert twilio.messages(made.sid).fetch().body == ""
    assert twilio.messages(made.sid).delete()
    assert twilio.messages.list() == []


def test_a_timeout_after_accept_leaves_the_text_on_its_way(fake: FakeTwilio) -> None:
    """The caller knows nothing, Twilio sends all the same; before accept, nothing was sent."""
    call(fake.url + "/faults", {"timeout_after_accept": 1, "status_step_seconds": 0.01, "hold_seconds": 5})
    with pytest.raises(requests.ReadTimeout):
        send(client(fake, timeout=0.2))
    assert until(lambda: [one["status"] for one in call(fake.url + "/messages")] == ["delivered"])
    call(fake.url + "/faults", {"timeout_before_accept": 1, "hold_seconds": 0})
    with pytest.raises(requests.ConnectionError):
        send(client(fake))
    assert len(call(fake.url + "/messages")) == 1


@pytest.mark.parametrize(
    ("fault", "status", "code", "accepted"),
    [
        ("error_500_after_accept", 500, 20500, 1),
        ("error_500_before_accept", 500, 20500, 0),
        ("error_429", 429, 20429, 0),
        ("unavailable", 503, 20503, 0),
    ],
)
def test_an_injected_error_says_what_twilio_says(
    fake: FakeTwilio, fault: str, status: int, code: int, accepted: int
) -> None:
    """Each fault has its status and code, is counted, and accepts the text or not as its name says."""
    call(fake.url + "/faults", {fault: 1})
    with pytest.raises(TwilioRestException) as refused:
        send(client(fake))
    assert (refused.value.status, refused.value.code) == (status, code)
    assert len(call(fake.url + "/messages")) == accepted
    assert call(fake.url + "/faults")["happened"][fault] == 1
    call(fake.url + "/faults", {})
    assert send(client(fake)).sid


def test_a_rate_limit_says_when_to_come_again(fake: FakeTwilio) -> None:
    """429 carries Retry-After in seconds."""
    call(fake.url + "/faults", {"error_429": 1, "retry_after_seconds": 7})
    answer = requests.post(
        f"{fake.url}/2010-04-01/Accounts/{BRIGHT.sid}/Messages.json",
        data={}, auth=(BRIGHT.sid, BRIGHT.auth_token), timeout=5,
    )  # fmt: skip
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


def test_the_same_seed_throws_the_same_faults(fake: FakeTwilio) -> None:
    """Two runs of 200 sends fail at the same places, near the probabilities asked for."""
    wanted = {"error_500_after_accept": 0.05, "error_429": 0.1, "seed": 7, "status_step_seconds": 60}

    def run() -> list[int]:
        call(fake.url + "/faults", wanted)
        twilio = client(fake)
        codes = []
        for _ in range(200):
            try:
                send(twilio)
                codes.append(0)
            except TwilioRestException as refused:
                codes.append(refused.code or 0)
        return codes

    first, second = run(), run()
    assert first == second
    assert 8 <= first.count(20429) <= 35
    assert 2 <= first.count(20500) <= 22


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ([], "JSON object"),
        ({"error_418": 1}, "unknown fault error_418"),
        ({"error_429": 1.5}, "probability from 0 to 1"),
        ({"error_429": True}, "probability from 0 to 1"),
        ({"error_429": 0.6, "timeout_after_accept": 0.6}, "must not exceed 1"),
        ({"list_lag_seconds": -1}, "seconds from 0"),
        ({"seed": 1.5}, "whole number"),
        ({"numbers": {"+12025550123": "30006"}}, "map numbers to codes"),
    ],
)
def test_faults_that_make_no_sense_are_refused_by_name(fake: FakeTwilio, body: Any, sentence: str) -> None:
    """HTTP 400 with a sentence, and the faults in force stay."""
    with pytest.raises(BadFaultsError, match=sentence):
        parse_faults(body)
    with pytest.raises(urllib.error.HTTPError) as refused:
        call(fake.url + "/faults", body)
    assert refused.value.code == 400
    assert sentence in json.loads(refused.value.read())["error"]
    assert call(fake.url + "/faults")["error_429"] == 0


def test_texts_outlive_the_process_and_go_on(tmp_path: Path) -> None:
    """After a restart the same texts are there, STOP included, and one under way is delivered."""
    journal = tmp_path / "twilio.jsonl"
    with running_fake(journal=journal, faults=Faults(status_step_seconds=60)) as before:
        made = send(client(before))
        call(before.url + "/inbound", {"from": "+12025550148", "to": BRIGHT.number, "body": "Stop "})
    with journal.open("a", encoding="utf-8") as file:
        file.write('{"sid": "SMhalf')  # what a kill in the middle of a line leaves
    with running_fake(journal=journal) as after:
        twilio = client(after)
        assert until(lambda: twilio.messages(made.sid).fetch().status == "delivered")
        with pytest.raises(TwilioRestException) as refused:
            send(twilio, to="+12025550148")
        assert refused.value.code == 21610
        assert send(twilio).sid
    with running_fake(journal=journal) as third:
        assert len(call(third.url + "/messages")) == 2


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 69 + "\u2019", 1),
        ("a" * 70 + "\u2019", 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_segments_are_counted_as_they_are_billed(body: str, count: int) -> None:
    """GSM-7 160/153 with € taking two places, otherwise UCS-2 70/67 in UTF-16 units."""
    assert segments(body) == count
