"""Events on their way to the boards: the push handler with real SQL and a fake @connections."""

import json
import uuid
from typing import Any

import pytest

from frontdesk import db, settings
from functions.ws_notify import push, sockets
from tests.clinics import Connection, one
from tests.ws.conftest import Clock, Desk, make_desk
from tests.ws.fake_connections import FakeConnections


def batch(*rows: tuple[Desk, int], bodies: tuple[str, ...] = ()) -> dict[str, Any]:
    """Build an SQS batch of outbox rows, and of bodies as they are."""
    texts = [json.dumps({"outbox_id": row, "org_id": str(desk.clinic.id)}) for desk, row in rows]
    return {
        "Records": [{"messageId": f"m-{place}", "body": body} for place, body in enumerate([*texts, *bodies])]
    }


def pushed(event: dict[str, Any], clock: Clock | None = None) -> list[str]:
    """Push a batch and return the ids of the messages that must come again."""
    failures = push.handler(event, clock or Clock())["batchItemFailures"]
    return [failure["itemIdentifier"] for failure in failures]


def seqs(gateway: FakeConnections, connection: str) -> list[int]:
    """Return the seqs a connection was told, in order."""
    return [told["seq"] for told in gateway.said.get(connection, [])]


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the pauses between tries short."""
    monkeypatch.setattr(sockets, "PAUSES", (0.01, 0.01))


def test_every_board_gets_every_event_in_order(desk: Desk, gateway: FakeConnections) -> None:
    """A batch out of order reaches each greeted connection by seq; who did not say hello hears nothing."""
    boards = [desk.connection(f"b-{place}=") for place in range(12)]
    desk.connection("shy=", greeted=False)
    rows = desk.happen(10)
    assert pushed(batch(*((desk, row) for row in reversed(rows)))) == []
    for board in boards:
        assert seqs(gateway, board) == list(range(1, 11))
    assert "shy=" not in gateway.said
    assert one(desk.owner, "SELECT count(*) FROM frontdesk.outbox WHERE sent_at IS NULL") == 0


def test_at_most_ten_are_told_at_once(desk: Desk, gateway: FakeConnections) -> None:
    """Thirty boards, a slow gateway: never more than ten posts together, and more than one."""
    for place in range(30):
        desk.connection(f"b-{place}")
    gateway.seconds = 0.05
    assert pushed(batch((desk, desk.happen(1)[0]))) == []
    assert 1 < gateway.most_at_once <= sockets.AT_ONCE
    assert len(gateway.said) == 30


def test_each_clinics_boards_hear_of_their_own_clinic(
    owner: Connection, desk: Desk, gateway: FakeConnections
) -> None:
    """One batch may hold many clinics' rows."""
    other = make_desk(owner)
    desk.connection("ours")
    other.connection("theirs")
    ours, theirs = desk.happen(2), other.happen(1)
    assert pushed(batch((desk, ours[0]), (other, theirs[0]), (desk, ours[1]))) == []
    assert (seqs(gateway, "ours"), seqs(gateway, "theirs")) == ([1, 2], [1])


def test_a_board_that_is_gone_is_forgotten_and_no_other(desk: Desk, gateway: FakeConnections) -> None:
    """410 takes that connection out of the table; its neighbour gets everything, the message is done."""
    for name in ("gone", "here"):
        desk.connection(name)
    gateway.answers["gone"] = [410]
    rows = desk.happen(2)
    assert pushed(batch(*((desk, row) for row in rows))) == []
    assert desk.open() == ["here"]
    assert (gateway.tries["gone"], seqs(gateway, "here")) == (1, [1, 2])


def test_what_is_throttled_is_tried_three_times_and_then_left(desk: Desk, gateway: FakeConnections) -> None:
    """Two refusals are overcome; three end it for this board, whose later events would only be a gap."""
    for name in ("patient", "stuck", "broken"):
        desk.connection(name)
    gateway.answers = {"patient": [429, 503], "stuck": [429, 429, 429], "broken": [500, 502, 504]}
    rows = desk.happen(2)
    assert pushed(batch(*((desk, row) for row in rows))) == []
    assert seqs(gateway, "patient") == [1, 2]
    assert gateway.tries == {"patient": 4, "stuck": 3, "broken": 3}
    assert gateway.said.keys() == {"patient"}
    assert desk.open() == ["broken", "patient", "stuck"], "they catch up"


def test_an_event_too_large_becomes_a_resync(desk: Desk, gateway: FakeConnections) -> None:
    """413: the board is told to read anew, and hears what follows."""
    desk.connection("b")
    gateway.answers["b"] = [413]
    rows = desk.happen(2)
    assert pushed(batch(*((desk, row) for row in rows))) == []
    assert gateway.said["b"][0] == {"action": "resync", "lastSeq": 1}
    assert gateway.said["b"][1]["seq"] == 2


def test_a_missing_permission_is_counted_and_fails_nothing(
    desk: Desk, gateway: FakeConnections, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """403 is ours to repair: an error line and the metric an alarm looks at; no retry would help."""
    desk.connection("b")
    gateway.answers["b"] = [403]
    assert pushed(batch((desk, desk.happen(1)[0]))) == []
    printed = capsys.readouterr().out + str([vars(line) for line in caplog.records])
    assert '"BoardsRefused":[1.0]' in printed.replace(" ", "")
    assert "push refused" in printed
    assert (gateway.tries["b"], desk.open()) == (1, ["b"])


def test_with_no_time_left_boards_are_left_to_catch_up(desk: Desk, gateway: FakeConnections) -> None:
    """The function ends before Lambda ends it; the message is done, as the rows say."""
    desk.connection("b")
    assert pushed(batch((desk, desk.happen(1)[0])), Clock(push.LEAST_LEFT - 1)) == []
    assert gateway.said == {}


def test_a_board_nobody_can_reach_fails_nothing(
    desk: Desk, gateway: FakeConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No answer at all is not tried again."""
    desk.connection("b")
    monkeypatch.setenv("WS_CONNECTIONS_URL", "http://127.0.0.1:1")
    assert pushed(batch((desk, desk.happen(1)[0]))) == []
    assert desk.open() == ["b"]


def test_what_can_never_be_pushed_comes_again_until_it_is_dead(desk: Desk, gateway: FakeConnections) -> None:
    """Garbage and rows that are not there fail; their neighbour is told."""
    desk.connection("b")
    bodies = ("nonsense", "[]", '{"outbox_id": true, "org_id": "x"}', '{"outbox_id": 1}', "[" * 2000)
    good = desk.happen(1)[0]
    failed = pushed(batch((desk, good), (desk, 10**9), bodies=bodies))
    assert sorted(failed) == ["m-1", "m-2", "m-3", "m-4", "m-5", "m-6"]
    assert seqs(gateway, "b") == [1]


def test_an_unknown_clinic_fails_its_own_messages(desk: Desk, gateway: FakeConnections) -> None:
    """The other clinic's are told."""
    desk.connection("b")
    stranger = json.dumps({"outbox_id": 1, "org_id": str(uuid.uuid4())})
    assert pushed(batch((desk, desk.happen(1)[0]), bodies=(stranger,))) == ["m-1"]
    assert seqs(gateway, "b") == [1]


def test_without_a_database_the_messages_come_again(
    desk: Desk, gateway: FakeConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them."""
    event = batch(*((desk, row) for row in desk.happen(2)))
    monkeypatch.setenv("DATABASE_URL", "postgresql://frontdesk_app@127.0.0.1:1/nowhere")
    db.close()
    settings.current.cache_clear()
    assert sorted(pushed(event)) == ["m-0", "m-1"]


def test_a_revoked_persons_sockets_are_ended_by_the_next_push(desk: Desk, gateway: FakeConnections) -> None:
    """Whatever the event is about; they hear that they are closed, and not the event."""
    desk.connection("b")
    desk.revoke()
    assert pushed(batch((desk, desk.happen(1)[0]))) == []
    assert gateway.said["b"] == [{"action": "closing"}]
    assert (gateway.closed, desk.open()) == (["b"], [])


def test_the_sweep_ends_what_is_over(desk: Desk, gateway: FakeConnections) -> None:
    """Every minute, without any event: a revoked person's socket is closed, a live one stays."""
    desk.connection("live")
    fired = make_desk(desk.owner)
    fired.connection("fired")
    fired.revoke()
    assert push.sweep({}, Clock()) == {"closed": 1}
    assert (gateway.closed, desk.open()) == (["fired"], ["live"])
