"""The clinic in figures: for the board, and as a table that no spreadsheet runs."""

import csv
import io
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from functions.staff_api import insight
from tests.clinics import Clinic, Connection, put_visit
from tests.staff.conftest import Member, ask

DAYS = "from=2026-03-09&to=2026-03-11"


def put_call(owner: Connection, clinic: Clinic, reason: str) -> None:
    """Write a call that made a lead with this reason."""
    owner.execute(
        "WITH made AS (INSERT INTO frontdesk.calls (org_id, id, vapi_call_id, state, outcome, started_at)"
        " VALUES (%(org)s, gen_random_uuid(), 'v1', 'ended', 'no_booking', '2026-03-09 15:00Z') RETURNING id)"
        " INSERT INTO frontdesk.leads (org_id, id, phone, reason, call_id)"
        " SELECT %(org)s, gen_random_uuid(), '+12025550147', %(reason)s, id FROM made",
        {"org": clinic.id, "reason": reason},
    )


def test_figures_come_by_day_with_their_sum(owner: Connection, clinic: Clinic, reader: Member) -> None:
    """A day each, days with nothing too; whoever may look may look."""
    start = datetime(2026, 3, 10, 9, tzinfo=ZoneInfo("America/New_York"))
    put_visit(owner, clinic, start, status="no_show", created_at=start - timedelta(days=1))
    put_call(owner, clinic, "price")
    told = ask(reader, "GET", "/insight", query=DAYS)
    assert told.status == 200
    assert [each["day"] for each in told.body["items"]] == ["2026-03-09", "2026-03-10", "2026-03-11"]
    totals = told.body["totals"]
    assert (totals["bookings"], totals["no_shows"], totals["no_show_rate"], totals["calls"]) == (1, 1, 1.0, 1)
    assert totals["lost_reasons"] == {"price": 1}
    assert (told.body["currency"], told.body["estimated"], told.body["next"]) == ("USD", True, None)


def test_without_dates_it_is_the_last_thirty_days_of_the_clinic(clinic: Clinic, reader: Member) -> None:
    """Today, on the clinic's calendar, is the last of them."""
    items = ask(reader, "GET", "/insight").body["items"]
    today = datetime.now(ZoneInfo(clinic.time_zone)).date()
    assert (len(items), items[-1]["day"]) == (30, today.isoformat())


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-03-09&to=2026-03-08", "to"),
        ("from=2025-01-01&to=2026-12-31", "to"),
        ("from=yesterday", "from"),
        ("from=1900-01-01&to=1900-01-02", "to"),
        ("from=1900-01-01", "from"),
        ("to=0001-01-03", "to"),
        ("to=9999-12-31", "to"),
        ("days=3", "days"),
    ],
)
def test_a_span_that_makes_no_sense_names_its_field(reader: Member, query: str, field: str) -> None:
    """Backwards, too long, no day, another time, unknown."""
    told = ask(reader, "GET", "/insight", query=query)
    assert (told.status, told.body["errors"][0]["field"]) == (422, field)


def test_the_table_is_csv_with_a_line_a_day(owner: Connection, clinic: Clinic, reader: Member) -> None:
    """RFC 4180: CR LF, a header, the same columns in every line; a rate of nothing is empty."""
    put_call(owner, clinic, "price")
    told = ask(reader, "GET", "/insight.csv", query=DAYS)
    assert (told.status, told.headers["content-type"]) == (200, "text/csv; charset=utf-8; header=present")
    assert told.headers["content-disposition"] == 'attachment; filename="insight-2026-03-09-2026-03-11.csv"'
    assert told.body.count("\r\n") == 4
    rows = list(csv.DictReader(io.StringIO(told.body)))
    assert [row["day"] for row in rows] == ["2026-03-09", "2026-03-10", "2026-03-11"]
    assert (rows[0]["calls"], rows[0]["lost_price"], rows[0]["no_show_rate"]) == ("1", "1", "")
    assert set(insight.FIGURES) < set(rows[0])


@pytest.mark.parametrize("reason", ["=HYPERLINK(1)", "+1", "-1", "@x", "\t=1", 'a"b,c\nd'])
def test_no_cell_is_a_formula_and_none_breaks_out_of_its_quotes(reason: str) -> None:
    """A reason is a code; were it ever a caller's words, a spreadsheet would still only show them."""
    figures = dict.fromkeys(insight.FIGURES, 0) | {
        "lost_reasons": {reason: 1},
        "bookings_by_source": dict.fromkeys(insight.SOURCES, 0),
    }
    found = {"items": [figures | {"day": reason}], "totals": figures, "currency": "USD"}
    header, row = csv.reader(io.StringIO(insight.table(found), newline=""))
    assert len(header) == len(row)
    for cell in (*header, *row):
        assert not cell.startswith(("=", "+", "-", "@", "\t"))
    assert row[0].removeprefix("'") == reason


def test_another_clinic_s_figures_are_never_told(
    owner: Connection, clinic: Clinic, reader: Member, stranger: Member
) -> None:
    """An admin elsewhere counts their own; nobody signed in counts nothing."""
    put_call(owner, clinic, "price")
    assert ask(stranger, "GET", "/insight", query=DAYS).body["totals"]["calls"] == 0
    assert "price" not in ask(stranger, "GET", "/insight.csv", query=DAYS).body
    assert ask(None, "GET", "/insight").status == 401
    assert ask(None, "GET", "/insight.csv").status == 401


def test_the_board_begins_with_what_waits(owner: Connection, clinic: Clinic, reader: Member) -> None:
    """Overdue ones are counted for everybody who signs in."""
    owner.execute(
        "INSERT INTO frontdesk.follow_ups (org_id, id, message, due_at)"
        " VALUES (%s, gen_random_uuid(), 'Call', now() - interval '1 hour')",
        [clinic.id],
    )
    told = ask(reader, "GET", "/me").body["follow_ups"]
    assert told == {"open": 1, "overdue": 1, "unassigned": 1, "snoozed": 0}


def test_the_clinic_sets_its_days_its_rules_and_its_price(admin: Member, staff: Member) -> None:
    """Admins only; what cannot be is refused by name."""
    wanted = {
        "transcript_days": 30,
        "message_days": 60,
        "recording_days": 7,
        "follow_up_rules": ["no_show"],
        "sms_segment_price_micros": 7900,
        "sms_price_currency": "EUR",
    }
    told = ask(admin, "PATCH", "/settings", wanted)
    assert told.status == 200
    assert {name: told.body[name] for name in wanted} == wanted
    assert ask(staff, "PATCH", "/settings", wanted).status == 403
    for field, bad in (("transcript_days", 0), ("sms_price_currency", "euro"), ("recording_days", 4000)):
        refused = ask(admin, "PATCH", "/settings", {field: bad})
        assert (refused.status, refused.body["errors"][0]["field"]) == (422, field)
    assert ask(admin, "PATCH", "/settings", {"follow_up_rules": ["astrology"]}).status == 422


def test_a_day_is_the_clinic_s_and_not_the_server_s(
    owner: Connection, clinic: Clinic, reader: Member
) -> None:
    """Eleven at night in New York is the next day in UTC."""
    start = datetime(2026, 3, 9, 23, tzinfo=ZoneInfo("America/New_York"))
    put_visit(owner, clinic, start, status="completed", created_at=start)
    items = ask(reader, "GET", "/insight", query=DAYS).body["items"]
    assert [each["visits"] for each in items] == [1, 0, 0]
    assert items[0]["day"] == date(2026, 3, 9).isoformat()
