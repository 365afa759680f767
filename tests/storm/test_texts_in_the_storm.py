"""Every text once, whatever Twilio, SQS and the weather do. `make storm` runs all of it at full size."""

import json
import random
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from frontdesk import db, outbox, settings, sms_messages
from functions.sms_worker import twilio_sms
from tests.clinics import call, one
from tests.database import Database
from tests.storm.house import FULL, House, Killed, assert_everybody_was_told_once, standing

pytestmark = pytest.mark.timeout(1500)


def test_twilio_takes_texts_and_does_not_say_so(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 2,000 sends 10 % time out and 5 % fail after Twilio took them, 10 % get a 429: 0 lost, 0 twice."""
    texts = 2000 if FULL else 80
    with standing(database, monkeypatch, 4101, clinics=20 if FULL else 4) as house:
        house.faults(timeout_after_accept=0.1, error_500_after_accept=0.05, error_429=0.1, seed=4101)
        phones = house.book(texts)
        house.pass_time(60)
        started = time.monotonic()
        steps = house.settle()
        happened = house.twilio.twilio.trouble.happened
        print(f"{texts} texts, {steps} virtual minutes, {time.monotonic() - started:.0f} s, {happened}")
        for fault in ("timeout_after_accept", "error_500_after_accept", "error_429"):
            assert happened[fault] > 0, f"{fault} never happened: this proved nothing"
        assert_everybody_was_told_once(house, phones)


def test_twilio_loses_texts_and_does_not_say_so_either(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Timeouts and 500s before Twilio took the text look the same to us: two looks, then one more attempt."""
    texts = 400 if FULL else 24
    with standing(database, monkeypatch, 4102, clinics=4) as house:
        house.faults(timeout_before_accept=0.15, error_500_before_accept=0.1, seed=4102)
        phones = house.book(texts)
        house.pass_time(60)
        house.work()
        house.survive_dispatch()
        house.work()
        assert house.states()["unknown"] > 0
        house.faults(seed=4102)  # the weather clears: one resend is all a text gets
        house.settle()
        assert_everybody_was_told_once(house, phones)


def _kill_once(
    names: set[str], inner: Callable[..., Any], name_of: Callable[..., str], *, after: bool
) -> Any:
    """Wrap a function so that it dies once for each name, before or after its work."""

    def dying(*args: Any, **kwargs: Any) -> Any:
        name = name_of(*args, **kwargs)
        first = name not in names
        names.add(name)
        if first and not after:
            raise Killed
        answer = inner(*args, **kwargs)
        if first:
            raise Killed
        return answer

    return dying


WORKER_POINTS: dict[str, tuple[Any, str, Callable[..., str], bool]] = {
    "before next_sms": (sms_messages, "next_sms", lambda _org, row: str(row), False),
    "after next_sms": (sms_messages, "next_sms", lambda _org, row: str(row), True),
    "before the claim": (sms_messages, "claim", lambda _org, text, *_: str(text), False),
    "after the claim": (sms_messages, "claim", lambda _org, text, *_: str(text), True),
    "before Twilio is called": (twilio_sms, "send", lambda _account, text, *_: str(text.to), False),
    "after Twilio took it": (twilio_sms, "send", lambda _account, text, *_: str(text.to), True),
    "before it is recorded": (sms_messages, "record", lambda _org, text, *_a, **_k: str(text), False),
    "after it is recorded": (sms_messages, "record", lambda _org, text, *_a, **_k: str(text), True),
}
CRASHES = 100 if FULL else 5


@pytest.mark.parametrize("point", WORKER_POINTS)
def test_the_worker_dies_at_this_point(
    database: Database, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """Once for each of 100 texts: none is lost, and each patient has exactly one."""
    module, function, name_of, after = WORKER_POINTS[point]
    with standing(database, monkeypatch, 4200, clinics=2) as house:
        phones = house.book(CRASHES)
        house.pass_time(60)
        seen: set[str] = set()
        monkeypatch.setattr(
            module, function, _kill_once(seen, getattr(module, function), name_of, after=after)
        )
        # One message a batch: every death is one text's own, and its five receives are enough.
        house.settle(batch=1)
        assert house.outcomes["killed"] >= CRASHES
        assert_everybody_was_told_once(house, phones)


DISPATCH_POINTS: dict[str, tuple[str, bool]] = {
    "before rows are claimed": ("claim", False),
    "after rows were claimed": ("claim", True),
    "in the middle of sending": ("_send_batch", True),
    "after all were sent": ("send", True),
    "before they are marked": ("acknowledge", False),
    "after they were marked": ("acknowledge", True),
}


@pytest.mark.parametrize("point", DISPATCH_POINTS)
def test_dispatch_dies_at_this_point(database: Database, monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    """A hundred runs die there, each over a text of its own: none is lost, and each patient has one text."""
    function, after = DISPATCH_POINTS[point]
    with standing(database, monkeypatch, 4300, clinics=2) as house:
        inner = getattr(outbox, function)
        runs_to_die = [False]

        def dying(*args: Any, **kwargs: Any) -> Any:
            dies, runs_to_die[0] = runs_to_die[0], False
            if dies and not after:
                raise Killed
            answer = inner(*args, **kwargs)
            if dies:
                raise Killed
            return answer

        monkeypatch.setattr(outbox, function, dying)
        phones = []
        for _ in range(CRASHES):
            phones += house.book(1)
            house.pass_time(20)  # past the row's head start; what earlier deaths left leased comes back later
            runs_to_die[0] = True
            house.survive_dispatch()
        assert house.outcomes["killed"] == CRASHES
        house.settle()
        assert_everybody_was_told_once(house, phones)


STRANGE_ORG = "00000000-0000-4000-8000-000000000001"
POISON = (
    "",
    "null",
    "[]",
    "{}",
    "not json",
    '{"outbox_id": "1", "org_id": "x"}',
    '{"outbox_id": 1}',
    '{"outbox_id": true}',
    f'{{"outbox_id": 1, "org_id": "{STRANGE_ORG}"}}',
    '{"outbox_id": 99999999999, "org_id": "ORG"}',
)


def test_messages_come_twice_out_of_order_and_poisoned(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """5,000 messages, 20 % twice, shuffled, 5 % poison: the good ones told once, the bad ones in the DLQ."""
    texts = 4750 if FULL else 95
    poison = texts // 19  # a twentieth of all
    with standing(database, monkeypatch, 4400, clinics=40 if FULL else 4, duplicates=0.2) as house:
        phones = house.book(texts)
        house.pass_time(60)
        house.dispatch()
        queue = house.sqs.queues["sms"]
        for number in range(poison):
            queue.put(POISON[number % len(POISON)].replace("ORG", str(house.clinics[0].id)))
        sent = len(queue.waiting)
        for _ in range(8):
            house.work()
            house.pass_time(200)
            house.survive_dispatch()
        house.settle()
        print(f"{texts + poison} messages, {sent} deliveries, {len(queue.dead)} dead")
        assert sent > 1.1 * (texts + poison)
        poisoned = {message.id.partition("-")[0] for message in queue.dead}
        assert len(poisoned) == poison
        queue.dead.clear()
        assert_everybody_was_told_once(house, phones)


@pytest.mark.parametrize("poison", ["a kind nobody knows", "a row that breaks the worker"])
def test_poison_of_a_known_row_is_written_down_with_its_reason(
    database: Database, monkeypatch: pytest.MonkeyPatch, poison: str
) -> None:
    """Its message ends in the DLQ and the row says why, by a code; its neighbour is told as ever."""
    with standing(database, monkeypatch, 4401, clinics=1) as house:
        [bad, good] = house.book(2)
        house.pass_time(60)
        row = one(house.owner, "SELECT min(id) FROM frontdesk.outbox WHERE queue = 'sms'")
        if poison == "a kind nobody knows":
            house.owner.execute(
                "UPDATE frontdesk.outbox SET kind = 'appointment.vanished' WHERE id = %s", [row]
            )
        else:
            inner = sms_messages.next_sms

            def breaking(org_id: uuid.UUID, outbox_id: int) -> dict[str, Any]:
                if outbox_id == row:
                    raise ValueError("a defect, quoting +13035600000")
                return inner(org_id, outbox_id)

            monkeypatch.setattr(sms_messages, "next_sms", breaking)
        house.survive_dispatch()
        for _ in range(6):
            house.work()
            house.pass_time(200)
        arrived = house.arrived()
        assert (arrived[bad], arrived[good]) == (0, 1)
        assert [json.loads(message.body)["outbox_id"] for message in house.dead()] == [row]
        dead = house.owner.execute(
            "SELECT id, last_error_code AS code FROM frontdesk.outbox WHERE dead_at IS NOT NULL"
        ).fetchall()
        assert [entry["id"] for entry in dead] == [row]
        assert dead[0]["code"] in ("other_kind", "ValueError")


def test_an_hour_without_twilio(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the hour it answers 503, half of it nothing listens: afterwards everybody is told, once."""
    texts = 100 if FULL else 6
    with standing(database, monkeypatch, 4500, clinics=3) as house:
        house.faults(unavailable=1.0)
        phones = house.book(texts)
        house.pass_time(60)
        for minutes in range(0, 60, 5):
            if minutes == 30:
                monkeypatch.setenv("TWILIO_API_BASE", "http://127.0.0.1:9")
                db.close()
                settings.current.cache_clear()
            house.survive_dispatch()
            house.work()
            house.pass_time(300)
        assert not house.arrived()
        assert sum(house.states().values()) == texts
        house.faults()
        monkeypatch.setenv("TWILIO_API_BASE", house.twilio.url)
        settings.current.cache_clear()
        house.settle(step=600)
        assert_everybody_was_told_once(house, phones)


def test_one_clinic_with_wrong_credentials_waits_and_the_others_do_not(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It pauses with a visible reason after one refusal; put right and resumed, its texts are sent."""
    texts = 60 if FULL else 12
    with standing(database, monkeypatch, 4600, clinics=3) as house:
        wrong, *right = house.clinics
        good = dict(house.secrets[wrong.id])
        house.secrets[wrong.id]["auth_token"] = "f" * 32
        waiting = house.book(texts // 3, [wrong])
        others = house.book(texts, right)
        house.pass_time(60)
        for _ in range(6):
            house.survive_dispatch()
            house.work()
            house.pass_time(65)
        arrived = house.arrived()
        assert [arrived[phone] for phone in others] == [1] * len(others)
        assert not any(arrived[phone] for phone in waiting)
        paused = house.owner.execute(
            "SELECT id, sms_paused_reason AS why FROM frontdesk.orgs WHERE sms_paused_reason IS NOT NULL"
        ).fetchall()
        assert [(row["id"], row["why"]) for row in paused] == [(wrong.id, "20003")]
        house.secrets[wrong.id].update(good)
        told = call(house.owner, "resume_sms", org_id=wrong.id)
        assert told["outcome"] == "resumed"
        house.settle(step=600)
        assert_everybody_was_told_once(house, waiting + others)


def test_stop_races_with_texts_that_are_queued(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patients say STOP while their texts are on the way: no text is claimed after the opt-out committed."""
    texts = 500 if FULL else 36
    with standing(database, monkeypatch, 4700, clinics=4) as house:
        phones = house.book(texts)
        house.pass_time(60)
        house.dispatch()
        early, racing = phones[: texts // 6], phones[texts // 6 :]
        stopped: dict[str, Any] = {}
        for phone in early:
            _stop(house, phone, stopped)
        dice = random.Random(4700)
        rest = dice.sample(racing, len(racing) * 2 // 3)

        def stop_them() -> None:
            for phone in rest:
                time.sleep(dice.uniform(0, 0.03))
                _stop(house, phone, stopped)
            db.close()

        stopping = threading.Thread(target=stop_them)
        stopping.start()
        house.work()
        stopping.join(120)
        house.settle()
        assert len(stopped) == len(early) + len(rest)
        late = house.owner.execute(
            "SELECT phone, claimed_at FROM frontdesk.sms_messages"
            " WHERE direction = 'out' AND claimed_at IS NOT NULL"
        ).fetchall()
        assert not [
            row for row in late if row["phone"] in stopped and row["claimed_at"] > stopped[row["phone"]]
        ]
        arrived = house.arrived()
        assert not any(arrived[phone] for phone in early), "texted after STOP"
        assert all(arrived[phone] == 1 for phone in set(racing) - set(rest)), "who said nothing is told"
        assert all(arrived[phone] <= 1 for phone in rest)
        print(
            f"{texts} texts, {len(stopped)} stopped, of the racing {sum(arrived[p] for p in rest)} came first"
        )


def _stop(house: House, phone: str, stopped: dict[str, Any]) -> None:
    clinic, _ = house.booked[phone]
    sender = next(account.number for account in house.twilio.twilio.accounts.values()
                  if account.sid == house.secrets[clinic.id]["account_sid"])  # fmt: skip
    told = sms_messages.receive(clinic.id, f"SM{phone[1:]:0>32}", phone, sender, "STOP", "stop")
    assert told["reply"] == "stopped"
    # By the database's own clock, after the commit: what is claimed later than this was claimed too late.
    stopped[phone] = one(house.owner, "SELECT clock_timestamp()")


def test_sqs_itself_fails_now_and_then(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fifth of the calls get no answer and a fifth of the entries are refused: all is told, once."""
    texts = 300 if FULL else 24
    with standing(database, monkeypatch, 4800, clinics=4, duplicates=0.1) as house:
        house.sqs.failing_calls = house.sqs.failing_entries = 0.2
        phones = house.book(texts)
        house.pass_time(60)
        house.settle()
        assert_everybody_was_told_once(house, phones)
