"""What a clinic sets on its board, and that booked visits stay where they are whatever is set."""

import uuid
from typing import Any

import pytest

from frontdesk import texts
from tests.clinics import Clinic, Connection, book, call, every_row, one, utc
from tests.staff.conftest import Member, Reply, ask

WEEKDAYS = [{"weekday": day, "opens": "09:00", "closes": "17:00"} for day in range(1, 6)]


def refused(told: Reply) -> tuple[int, str]:
    """Return an answer's status and the first field it names."""
    return told.status, told.body["errors"][0]["field"]


def test_settings_change_one_by_one_and_what_is_set_holds(
    owner: Connection, app: Connection, clinic: Clinic, admin: Member, published: list[dict[str, Any]]
) -> None:
    """Only what is given; the phone is normalised; a shorter horizon refuses the next booking."""
    assert ask(admin, "GET", "/settings").body["version"] == 1
    body = {"front_desk_phone": "(202) 555-0101", "reminder_minutes": [1440], "quiet_from": "21:00"}
    told = ask(admin, "PATCH", "/settings", body)
    assert told.status == 200
    assert (told.body["front_desk_phone"], told.body["quiet_from"], told.body["name"]) == (
        "+12025550101",
        "21:00",
        "Bright Smiles",
    )
    assert [row["queue"] for row in published] == ["notify"]
    assert ask(admin, "PATCH", "/settings", {"booking_horizon_days": 1}).status == 200
    assert book(app, clinic, clinic.at(9))["outcome"] == "too_far"
    assert ask(admin, "PATCH", "/settings", {"front_desk_phone": None}).body["front_desk_phone"] is None
    events = owner.execute("SELECT type, actor, data FROM frontdesk.events ORDER BY seq").fetchall()
    assert events[0] == {
        "type": "settings.changed",
        "actor": admin.actor,
        "data": {"what": "settings", "fields": ["front_desk_phone", "quiet_from", "reminder_minutes"]},
    }


def test_of_two_who_change_settings_the_second_is_told(admin: Member) -> None:
    """With the version they saw: 409 and the settings now. Without one nobody is asked."""
    assert ask(admin, "PATCH", "/settings", {"version": 1, "name": "North Clinic"}).body["version"] == 2
    late = ask(admin, "PATCH", "/settings", {"version": 1, "name": "South Clinic"})
    assert (late.status, late.body["current"]["name"]) == (409, "North Clinic")
    assert ask(admin, "PATCH", "/settings", {"name": "South Clinic"}).body["name"] == "South Clinic"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"language": "xx"}, "language"),
        ({"slot_grid_minutes": 7}, "slot_grid_minutes"),
        ({"reminder_minutes": [5]}, "reminder_minutes.0"),
        ({"reminder_minutes": [60] * 6}, "reminder_minutes"),
        ({"quiet_from": "25:00"}, "quiet_from"),
        ({"quiet_from": "06:00", "quiet_until": "05:00"}, "quiet_until"),
        ({"calendar_detail": "everything"}, "calendar_detail"),
        ({"front_desk_phone": "12"}, "front_desk_phone"),
        ({"name": " "}, "name"),
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"sms_sender": "+12025550100"}, "sms_sender"),
        ({"minimum_notice_minutes": -1}, "minimum_notice_minutes"),
        ({"minimum_notice_minutes": "60"}, "minimum_notice_minutes"),
    ],
)
def test_a_setting_that_cannot_be_is_named(
    owner: Connection, clinic: Clinic, admin: Member, body: dict[str, Any], field: str
) -> None:
    """422 with the field's name; nothing changes."""
    before = every_row(owner, clinic.id)
    assert refused(ask(admin, "PATCH", "/settings", body)) == (422, field)
    after = every_row(owner, clinic.id)
    assert {**after, "staff": None} == {**before, "staff": None}


def test_hours_are_replaced_and_say_who_now_lies_outside(
    owner: Connection, app: Connection, clinic: Clinic, admin: Member
) -> None:
    """The visits stay; the count is of those that would not be booked so today."""
    late = book(app, clinic, clinic.at(16))["appointment"]["id"]
    book(app, clinic, clinic.at(9))
    path = f"/hours/{clinic.providers[0]}"
    week = [{**span, "closes": "12:00"} for span in WEEKDAYS] + [
        {"weekday": 6, "opens": "22:00", "closes": "24:00"}
    ]
    told = ask(admin, "PUT", path, {"hours": week})
    assert (told.status, told.body["outside_count"], told.body["version"]) == (200, 1, 2)
    assert ask(admin, "GET", path).body["hours"] == week
    assert one(owner, "SELECT status FROM frontdesk.appointments WHERE id = %s", late) == "pending"
    assert book(app, clinic, clinic.at(15))["outcome"] == "outside_hours"
    assert ask(admin, "PUT", path, {"hours": WEEKDAYS}).body["outside_count"] == 0


def test_visits_in_the_past_cancelled_or_overbooked_are_not_counted(
    owner: Connection, app: Connection, clinic: Clinic, admin: Member
) -> None:
    """They concern nobody any more, or are outside on purpose."""
    gone = book(app, clinic, clinic.at(9))["appointment"]["id"]
    call(app, "cancel_appointment_atomic", org_id=clinic.id, appointment_id=gone)
    book(app, clinic, clinic.at(10))
    owner.execute("UPDATE frontdesk.appointments SET overbooked = true WHERE status = 'pending'")
    assert ask(admin, "PUT", f"/hours/{clinic.providers[0]}", {"hours": []}).body["outside_count"] == 0


@pytest.mark.parametrize(
    ("hours", "field"),
    [
        ([{"weekday": 8, "opens": "09:00", "closes": "17:00"}], "hours.0.weekday"),
        ([{"weekday": 1, "opens": "9", "closes": "17:00"}], "hours.0.opens"),
        ([{"weekday": 1, "opens": "17:00", "closes": "09:00"}], "hours"),
        ([WEEKDAYS[0], {"weekday": 1, "opens": "16:00", "closes": "18:00"}], "hours"),
        ([WEEKDAYS[0], WEEKDAYS[0]], "hours"),
        ([{"weekday": 1, "opens": "09:00"}], "hours.0.closes"),
    ],
)
def test_hours_that_cannot_be_are_named(
    clinic: Clinic, admin: Member, hours: list[dict[str, Any]], field: str
) -> None:
    """422; the old week stays."""
    path = f"/hours/{clinic.providers[0]}"
    assert refused(ask(admin, "PUT", path, {"hours": hours})) == (422, field)
    assert ask(admin, "GET", path).body["hours"] == WEEKDAYS


def test_a_provider_begins_changes_and_leaves(
    owner: Connection, app: Connection, clinic: Clinic, admin: Member
) -> None:
    """A new one offers everything and is closed until hours are set; one who leaves cannot be booked."""
    made = ask(admin, "POST", "/providers", {"name": " Dr.  Ruiz "}, key="p1")
    assert (made.status, made.body["name"], made.body["hours"], len(made.body["service_ids"])) == (
        201,
        "Dr. Ruiz",
        [],
        2,
    )
    assert ask(admin, "POST", "/providers", {"name": " Dr.  Ruiz "}, key="p1").body == made.body
    assert ask(admin, "POST", "/providers", {"name": "Dr. Ruiz"}).body["code"] == "name_taken"
    path = f"/providers/{made.body['id']}"
    ask(admin, "PUT", f"/hours/{made.body['id']}", {"hours": WEEKDAYS})
    one_service = str(clinic.services["Check-up"])
    told = ask(admin, "PATCH", path, {"version": 2, "name": "Dr. Ana Ruiz", "service_ids": [one_service]})
    assert (told.status, told.body["service_ids"], told.body["version"]) == (200, [one_service], 3)
    assert ask(admin, "PATCH", path, {"version": 2, "name": "X"}).body["current"]["name"] == "Dr. Ana Ruiz"
    assert book(app, clinic, clinic.at(9), provider=made.body["id"])["outcome"] == "unknown_provider"
    booked = book(app, clinic, clinic.at(9), provider=made.body["id"], service_type="Check-up")
    assert booked["outcome"] == "booked"
    left = ask(admin, "PATCH", path, {"active": False})
    assert (left.body["active"], left.body["outside_count"]) == (False, 1)
    assert book(app, clinic, clinic.at(11), provider="Ruiz", service_type="Check-up")["outcome"] == (
        "unknown_provider"
    )
    unknown = ask(admin, "PATCH", path, {"service_ids": [str(uuid.uuid4())]})
    assert refused(unknown) == (422, "service_ids")
    assert ask(admin, "PATCH", path, {"name": "Dr. Patel"}).body["code"] == "name_taken"


def test_a_service_is_added_and_changed_and_booked_visits_keep_their_length(
    app: Connection, clinic: Clinic, admin: Member
) -> None:
    """Everybody offers a new one; the next booking takes the new length."""
    body = {"name": "Whitening", "duration_minutes": 90, "aliases": [" Bleaching ", "bleaching"]}
    made = ask(admin, "POST", "/services", body)
    assert (made.status, made.body["aliases"], made.body["version"]) == (201, ["bleaching"], 1)
    assert ask(admin, "POST", "/services", body).body["code"] == "name_taken"
    booked = book(app, clinic, clinic.at(9), service_type="bleaching")["appointment"]
    path = f"/services/{made.body['id']}"
    told = ask(admin, "PATCH", path, {"version": 1, "duration_minutes": 30, "buffer_after_minutes": 15})
    assert (told.body["duration_minutes"], told.body["buffer_after_minutes"], told.body["version"]) == (
        30,
        15,
        2,
    )
    assert ask(admin, "PATCH", path, {"version": 1, "active": False}).status == 409
    shown = ask(admin, "GET", f"/appointments/{booked['id']}").body
    assert (utc(shown["ends_at"]) - utc(shown["starts_at"])).total_seconds() == 90 * 60
    assert ask(admin, "PATCH", path, {"active": False}).body["active"] is False
    assert book(app, clinic, clinic.at(13), service_type="Whitening")["outcome"] == "unknown_service"
    assert refused(ask(admin, "PATCH", path, {"duration_minutes": 1})) == (422, "duration_minutes")
    assert [each["name"] for each in ask(admin, "GET", "/services").body["items"]] == [
        "Check-up",
        "Teeth cleaning",
        "Whitening",
    ]


def test_a_closure_says_whom_it_hits_and_can_be_taken_back(
    app: Connection, clinic: Clinic, admin: Member
) -> None:
    """Visits in it stay; nobody new is booked into it, until it is deleted."""
    book(app, clinic, clinic.at(9))
    body = {
        "starts_at": clinic.at(8).isoformat(),
        "ends_at": clinic.at(12).isoformat(),
        "reason": " Training ",
    }
    made = ask(admin, "POST", "/closures", body, key="c1")
    assert (made.status, made.body["outside_count"], made.body["provider_id"], made.body["reason"]) == (
        201,
        1,
        None,
        "Training",
    )
    assert ask(admin, "POST", "/closures", body, key="c1").body == made.body
    assert book(app, clinic, clinic.at(10))["reason"] == "closed"
    listed = ask(admin, "GET", "/closures").body["items"]
    assert [each["id"] for each in listed] == [made.body["id"]]
    day_after = clinic.at(0, day=1).isoformat().replace("+", "%2B")
    assert ask(admin, "GET", "/closures", query=f"from={day_after}").body["items"] == []
    assert ask(admin, "DELETE", f"/closures/{made.body['id']}").status == 204
    assert ask(admin, "DELETE", f"/closures/{made.body['id']}").status == 404
    assert book(app, clinic, clinic.at(10))["outcome"] == "booked"


def test_a_closure_that_cannot_be_is_named(clinic: Clinic, admin: Member) -> None:
    """It ends before it begins; it is for nobody who works here; its time has no offset."""
    start, end = clinic.at(8).isoformat(), clinic.at(12).isoformat()
    assert refused(ask(admin, "POST", "/closures", {"starts_at": end, "ends_at": start})) == (422, "ends_at")
    nobody = {"starts_at": start, "ends_at": end, "provider_id": str(uuid.uuid4())}
    assert refused(ask(admin, "POST", "/closures", nobody)) == (422, "provider_id")
    naive = {"starts_at": "2026-12-01T09:00:00", "ends_at": end}
    assert refused(ask(admin, "POST", "/closures", naive)) == (422, "starts_at")


def test_numbers_are_shown(owner: Connection, clinic: Clinic, reader: Member) -> None:
    """Those of the calls, and the one texts come from when there is one."""
    owner.execute("UPDATE frontdesk.orgs SET sms_sender = '+12025550100' WHERE id = %s", [clinic.id])
    told = ask(reader, "GET", "/numbers").body["items"]
    assert [(each["kind"], each["number"]) for each in told] == [
        ("calls", clinic.number),
        ("texts", "+12025550100"),
    ]


def test_wordings_are_checked_shown_and_reset(
    owner: Connection, app: Connection, clinic: Clinic, admin: Member, reader: Member
) -> None:
    """A clinic's own text is kept only if patients can be sent it; what it will read like is shown."""
    path = "/templates/booked/en"
    before = ask(reader, "GET", "/templates").body["items"]
    assert len(before) == len(texts.EVENTS) * len(texts.LANGUAGES)
    assert not any(each["own"] for each in before)
    body = "{clinic}: see you on {day} {time}."
    told = ask(admin, "PUT", path, {"body": body})
    assert (told.status, told.body["own"], told.body["segments"]) == (200, True, 1)
    assert told.body["preview"] == "Bright Smiles: see you on Tuesday, December 8 at 3 PM."
    bad = ask(admin, "PUT", path, {"body": "{clinic}: reply YES on {day}. {name}"})
    assert (bad.status, bad.body["code"], {each["field"] for each in bad.body["errors"]}) == (
        422,
        "bad_template",
        {"body"},
    )
    assert len(bad.body["errors"]) == 3
    assert one(owner, "SELECT body FROM frontdesk.sms_templates") == body
    assert ask(admin, "DELETE", path).body["own"] is False
    assert one(owner, "SELECT count(*) FROM frontdesk.sms_templates") == 0
    assert ask(admin, "PUT", "/templates/gossip/en", {"body": body}).status == 404
    assert ask(admin, "PUT", "/templates/booked/fr", {"body": body}).status == 404


def changes(clinic: Clinic) -> list[tuple[str, str, Any]]:
    """Return one good request of each kind that changes a setting."""
    provider, service = clinic.providers[0], clinic.services["Check-up"]
    times = {"starts_at": clinic.at(8).isoformat(), "ends_at": clinic.at(12).isoformat()}
    return [
        ("PATCH", "/settings", {"name": "Spy"}),
        ("POST", "/providers", {"name": "Spy"}),
        ("PATCH", f"/providers/{provider}", {"name": "Spy"}),
        ("PUT", f"/hours/{provider}", {"hours": []}),
        ("POST", "/services", {"name": "Spying", "duration_minutes": 30}),
        ("PATCH", f"/services/{service}", {"name": "Spying"}),
        ("POST", "/closures", times),
        ("DELETE", f"/closures/{uuid.uuid4()}", None),
        ("PUT", "/templates/help/en", {"body": "{clinic}: help."}),
        ("DELETE", "/templates/help/en", None),
    ]


def test_only_admins_change_settings(
    owner: Connection, clinic: Clinic, reader: Member, staff: Member
) -> None:
    """403 for everybody else, who may look at all of it; nothing changes."""
    tables = ("orgs", "providers", "services", "weekly_hours", "closures", "sms_templates", "events")
    before = {name: owner.execute(f"SELECT * FROM frontdesk.{name}").fetchall() for name in tables}
    for method, path, body in changes(clinic):
        for member in (reader, staff):
            told = ask(member, method, path, body)
            assert (told.status, told.body["code"]) == (403, "role_too_low"), path
    hours = f"/hours/{clinic.providers[0]}"
    for path in ("/settings", "/providers", "/services", "/closures", "/numbers", "/templates", hours):
        assert ask(reader, "GET", path).status == 200, path
    assert {name: owner.execute(f"SELECT * FROM frontdesk.{name}").fetchall() for name in tables} == before


def test_another_clinic_s_settings_are_out_of_reach(
    owner: Connection, clinic: Clinic, stranger: Member
) -> None:
    """By no id of theirs: 404, and their rows stay."""
    before = every_row(owner, clinic.id)
    for method, path, body in changes(clinic):
        if str(clinic.providers[0]) in path or str(clinic.services["Check-up"]) in path:
            assert ask(stranger, method, path, body).status == 404, path
    assert ask(stranger, "GET", f"/hours/{clinic.providers[0]}").status == 404
    named = {"starts_at": clinic.at(8).isoformat(), "ends_at": clinic.at(12).isoformat()}
    told = ask(stranger, "POST", "/closures", named | {"provider_id": str(clinic.providers[0])})
    assert refused(told) == (422, "provider_id")
    told = ask(
        stranger, "POST", "/providers", {"name": "Spy", "service_ids": [str(clinic.services["Check-up"])]}
    )
    assert refused(told) == (422, "service_ids")
    assert every_row(owner, clinic.id) == before
