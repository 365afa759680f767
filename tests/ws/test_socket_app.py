"""What a board says on its socket, and what it hears: the handler with real SQL and a fake @connections."""

import json
from typing import Any

import pytest

from functions.ws_notify import app, sockets
from tests.clinics import Connection, one
from tests.ws.conftest import ORIGIN, Desk, connect_event, make_desk, socket_event
from tests.ws.fake_connections import FakeConnections


def connect(ticket: str | None, origin: str | None = ORIGIN) -> int:
    """Connect and return the status."""
    return int(app.handler(connect_event(ticket, origin), None)["statusCode"])


def say(message: Any, connection: str = "c-1=") -> None:
    """Send a message as that connection."""
    body = message if isinstance(message, str) else json.dumps(message)
    assert app.handler(socket_event("MESSAGE", connection, body=body), None) == {"statusCode": 200}


def test_a_ticket_opens_a_socket_once(desk: Desk, gateway: FakeConnections) -> None:
    """200 and a connection; the same ticket again, or none, 401. Nothing is posted to a socket half open."""
    ticket = desk.ticket()
    assert [connect(ticket), connect(ticket), connect(None), connect(""), connect("x" * 5000)] == [
        200, 401, 401, 401, 401
    ]  # fmt: skip
    assert desk.open() == ["c-1="]
    assert gateway.said == {}


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (ORIGIN, 200),
        ("https://other.example", 200),
        (None, 200),
        ("https://evil.example", 403),
        ("null", 403),
        ("", 403),
        (f"{ORIGIN}.evil.example", 403),
    ],
)
def test_only_our_pages_may_open_sockets(
    desk: Desk, gateway: FakeConnections, origin: str | None, status: int
) -> None:
    """Programs, which name no origin, may too; whoever is refused has not used the ticket up."""
    ticket = desk.ticket()
    assert connect(ticket, origin) == status
    assert connect(ticket) == (401 if status == 200 else 200)


def test_without_a_setting_no_page_may_open_sockets(
    desk: Desk, gateway: FakeConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unconfigured means refused."""
    monkeypatch.setenv("BOARD_ORIGIN", "")
    assert [connect(desk.ticket()), connect(desk.ticket(), "")] == [403, 403]


def test_the_header_is_found_in_any_case(desk: Desk, gateway: FakeConnections) -> None:
    """API Gateway hands names on as they came: `origin` from HTTP/2 is an origin too."""
    event = connect_event(desk.ticket(), None)
    event["headers"]["origin"] = "https://evil.example"
    assert app.handler(event, None)["statusCode"] == 403


def test_hello_brings_what_was_missed_in_order(desk: Desk, gateway: FakeConnections) -> None:
    """First the seq of now, then each event; from here on the connection is pushed to."""
    desk.connection("c-1=", greeted=False)
    desk.happen(5)
    say({"action": "hello", "lastSeq": 2})
    hello, *events = gateway.said["c-1="]
    assert hello == {"action": "hello", "lastSeq": 5}
    assert [(event["action"], event["seq"]) for event in events] == [("event", 3), ("event", 4), ("event", 5)]
    assert one(desk.owner, "SELECT greeted_at IS NOT NULL FROM frontdesk.connections")


def test_type_is_another_word_for_action(desk: Desk, gateway: FakeConnections) -> None:
    """Both spellings of the contract are heard."""
    desk.connection("c-1=")
    say({"type": "hello", "lastSeq": 0})
    say({"type": "ping"})
    assert gateway.said["c-1="] == [{"action": "hello", "lastSeq": 0}, {"action": "pong", "lastSeq": 0}]


def test_who_missed_too_much_reads_anew(desk: Desk, gateway: FakeConnections) -> None:
    """200 come one by one; of 201 the board hears one word."""
    desk.connection("c-1=")
    desk.happen(201)
    say({"action": "hello", "lastSeq": 1})
    assert len(gateway.said["c-1="]) == 201
    gateway.said.clear()
    say({"action": "hello", "lastSeq": 0})
    assert gateway.said["c-1="] == [
        {"action": "hello", "lastSeq": 201},
        {"action": "resync", "lastSeq": 201},
    ]


def test_a_catch_up_that_is_throttled_goes_on_and_one_that_fails_stops(
    desk: Desk, gateway: FakeConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 429 is tried again; after three the rest stays away, so that the board sees a gap and not a hole."""
    monkeypatch.setattr(sockets, "PAUSES", (0.01, 0.01))
    desk.connection("c-1=")
    desk.happen(3)
    gateway.answers["c-1="] = [200, 429, 500, 200, 429, 429, 429]
    say({"action": "hello", "lastSeq": 0})
    assert [told.get("seq") for told in gateway.said["c-1="]] == [None, 1]


def test_a_board_that_is_gone_is_forgotten(desk: Desk, gateway: FakeConnections) -> None:
    """410 on the way back: the row goes."""
    desk.connection("c-1=")
    gateway.answers["c-1="] = [410]
    say({"action": "hello", "lastSeq": 0})
    assert desk.open() == []


@pytest.mark.parametrize("last_seq", [None, -1, "5", 1.5, True, 2**63, [], {}])
def test_a_hello_that_makes_no_sense_is_told_so(
    desk: Desk, gateway: FakeConnections, last_seq: object
) -> None:
    """No catch-up, no greeting."""
    desk.connection("c-1=", greeted=False)
    say({"action": "hello", "lastSeq": last_seq})
    assert gateway.said["c-1="] == [{"action": "error", "code": "bad_last_seq"}]
    assert one(desk.owner, "SELECT greeted_at IS NULL FROM frontdesk.connections")


@pytest.mark.parametrize(
    "message",
    ["", "nonsense", "[]", "1", "null", '{"action": 5}', '{"action": "shout"}', "{}", "[" * 4000,
     '{"action": "ping", "more": "' + "x" * 5000 + '"}', '{"action": {"a": 1}}'],
)  # fmt: skip
def test_whatever_is_not_understood_changes_nothing(
    desk: Desk, gateway: FakeConnections, message: str
) -> None:
    """Garbage, other actions, messages that are too long: one error, nothing else."""
    desk.connection("c-1=", greeted=False)
    say(message)
    assert gateway.said["c-1="] == [{"action": "error", "code": "unknown_action"}]
    assert one(desk.owner, "SELECT greeted_at IS NULL FROM frontdesk.connections")


def test_a_ping_tells_the_seq_of_now(desk: Desk, gateway: FakeConnections) -> None:
    """So a board finds out that it missed the very last push."""
    desk.connection("c-1=")
    desk.happen(2)
    say({"action": "ping"})
    assert gateway.said["c-1="] == [{"action": "pong", "lastSeq": 2}]


@pytest.mark.parametrize("message", [{"action": "ping"}, {"action": "hello", "lastSeq": 0}])
def test_a_revoked_persons_socket_is_ended_at_its_next_word(
    desk: Desk, gateway: FakeConnections, message: dict[str, Any]
) -> None:
    """Not a single event is told; the socket hears that it is closed, and is."""
    desk.connection("c-1=", greeted=False)
    desk.happen(1)
    desk.revoke()
    say(message)
    assert gateway.said["c-1="] == [{"action": "closing"}]
    assert gateway.closed == ["c-1="]


def test_another_clinics_events_are_not_told(owner: Connection, desk: Desk, gateway: FakeConnections) -> None:
    """A connection hears of its own clinic only."""
    desk.connection("c-1=")
    make_desk(owner).happen(3)
    say({"action": "hello", "lastSeq": 0})
    assert gateway.said["c-1="] == [{"action": "hello", "lastSeq": 0}]


def test_a_disconnect_forgets_the_connection(desk: Desk, gateway: FakeConnections) -> None:
    """Also one that is not known; nothing is posted."""
    desk.connection("c-1=")
    for _ in range(2):
        assert app.handler(socket_event("DISCONNECT"), None) == {"statusCode": 200}
    assert (desk.open(), gateway.said) == ([], {})


def test_without_a_database_the_board_is_told_to_come_back(
    gateway: FakeConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 to a connect, a word to an open socket."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://frontdesk_app@127.0.0.1:1/nowhere")
    assert connect("a-ticket") == 503
    assert app.handler(socket_event("MESSAGE", body='{"action": "ping"}'), None) == {"statusCode": 503}
    assert gateway.said["c-1="] == [{"action": "error", "code": "unavailable"}]


def test_on_aws_answers_go_to_the_stage_the_message_came_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty setting means https://domain/stage."""
    monkeypatch.setenv("WS_CONNECTIONS_URL", "")
    told = socket_event("MESSAGE")["requestContext"]
    assert app._url(told) == "https://abc.execute-api.us-east-1.amazonaws.com/ws"


def test_no_ticket_and_no_name_is_logged(
    desk: Desk, gateway: FakeConnections, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """What the function prints names the clinic and codes only."""
    ticket = desk.ticket()
    connect(ticket)
    connect(ticket)
    say({"action": "hello", "lastSeq": 0})
    say({"action": "canary-word"})
    printed = capsys.readouterr().out + str([vars(line) for line in caplog.records])
    assert str(desk.clinic.id) in printed
    for secret in (ticket, "Canary", "canary"):
        assert secret not in printed
