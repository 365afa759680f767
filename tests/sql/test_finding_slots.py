"""find_slots: what is free in a window, cut by the clock, and what is near where nothing is."""

from datetime import datetime, time, timedelta
from typing import Any

from tests.clinics import Clinic, Connection, add_busy, add_closure, book, call, make_clinic, set_hours, utc


def find(
    app: Connection, clinic: Clinic, start: datetime | None, end: datetime | None, **arguments: Any
) -> Any:
    """Find free starts of a teeth cleaning between two times (both included)."""
    wanted = {"service_type": "Teeth cleaning", "from": start, "until": end, **arguments}
    return call(app, "find_slots", org_id=clinic.id, **wanted)


def starts(answer: Any) -> list[datetime]:
    """Return the starts found."""
    assert answer["outcome"] == "slots"
    return [utc(slot["starts_at"]) for slot in answer["slots"]]


def test_a_free_day_is_offered_on_the_grid(app: Connection, clinic: Clinic) -> None:
    """From opening to the last start that still ends by closing, with all that is needed to say it."""
    answer = find(app, clinic, clinic.at(0), clinic.at(23))
    assert starts(answer) == [clinic.at(9) + timedelta(minutes=15 * n) for n in range(29)]
    slot = answer["slots"][0]
    assert utc(slot["ends_at"]) == clinic.at(10)
    assert (slot["provider_id"], slot["provider_name"]) == (str(clinic.providers[0]), "Dr. Patel")
    assert (answer["service_name"], answer["alternatives"]) == ("Teeth cleaning", [])


def test_what_is_taken_is_left_out(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """A visit, a busy block and a closure each take the starts whose visit would touch them."""
    book(app, clinic, clinic.at(10))
    add_busy(owner, clinic, clinic.providers[0], clinic.at(12), clinic.at(13))
    add_closure(owner, clinic, clinic.at(14), clinic.at(16))
    found = starts(find(app, clinic, clinic.at(0), clinic.at(23)))
    assert found == [clinic.at(9), clinic.at(11), clinic.at(13), clinic.at(16)]


def test_a_start_is_listed_once_with_the_first_who_is_free(
    owner: Connection, app: Connection, three: Clinic
) -> None:
    """However many are free at it; a named provider is looked at alone."""
    add_busy(owner, three, three.providers[0], three.at(9), three.at(10))
    answer = find(app, three, three.at(9), three.at(10))
    named = [(utc(slot["starts_at"]), slot["provider_name"]) for slot in answer["slots"]]
    assert named == [
        (three.at(9), "Dr. Ben Cho"),
        (three.at(9, 15), "Dr. Ben Cho"),
        (three.at(9, 30), "Dr. Ben Cho"),
        (three.at(9, 45), "Dr. Ben Cho"),
        (three.at(10), "Dr. Ana Ruiz"),
    ]
    assert starts(find(app, three, three.at(9), three.at(10), provider="Ruiz")) == [three.at(10)]


def test_no_more_than_asked_for_of_a_day(app: Connection, clinic: Clinic) -> None:
    """The first ones of each day by the clinic's clock, so that three offers may be on three days."""
    answer = find(app, clinic, clinic.at(0), clinic.at(23, day=2), per_day=2, limit=5)
    expected = [clinic.at(9, minute, day=day) for day in range(3) for minute in (0, 15)]
    assert starts(answer) == expected[:5]


def test_the_clock_cuts_every_day(app: Connection, clinic: Clinic) -> None:
    """Afternoons from one to three: the earliest counts, the latest does not."""
    answer = find(app, clinic, clinic.at(0), clinic.at(23, day=1), earliest=time(13), latest=time(13, 30))
    assert starts(answer) == [
        clinic.at(13),
        clinic.at(13, 15),
        clinic.at(13, day=1),
        clinic.at(13, 15, day=1),
    ]


def test_no_more_than_the_limit(app: Connection, clinic: Clinic) -> None:
    """The first ones, and a far end costs nothing."""
    answer = find(app, clinic, clinic.at(0), None, limit=4)
    assert starts(answer) == [clinic.at(9) + timedelta(minutes=15 * n) for n in range(4)]


def test_a_window_wider_than_the_first_look_is_searched_to_its_end(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """A free day after two months of none is found."""
    add_busy(owner, clinic, clinic.providers[0], None, clinic.at(0, day=60))
    add_busy(owner, clinic, clinic.providers[0], clinic.at(0, day=61), None)
    answer = find(app, clinic, clinic.at(0), clinic.at(0, day=300), limit=500)
    assert starts(answer) == [clinic.at(9, day=60) + timedelta(minutes=15 * n) for n in range(29)]


def test_nothing_free_offers_what_is_near(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Nothing that afternoon: the nearest starts before it and afternoons of the next days."""
    add_busy(owner, clinic, clinic.providers[0], clinic.at(12), clinic.at(17))
    answer = find(app, clinic, clinic.at(0), clinic.at(23), earliest=time(13), latest=time(17))
    assert (answer["outcome"], answer["slots"]) == ("no_availability", [])
    near = [utc(start["starts_at"]) for start in answer["alternatives"]]
    assert near == [clinic.at(11), clinic.at(13, day=1), clinic.at(13, day=2)]


def test_the_past_and_the_notice_are_never_offered(
    app: Connection, owner: Connection, open_always: Clinic, next_quarter: datetime
) -> None:
    """Whatever window is asked for."""
    owner.execute("UPDATE frontdesk.orgs SET minimum_notice_minutes = 60, booking_horizon_days = 2")
    answer = find(
        app, open_always, next_quarter - timedelta(days=5), next_quarter + timedelta(days=5), limit=1000
    )
    found = starts(answer)
    assert next_quarter + timedelta(minutes=30) < found[0] <= next_quarter + timedelta(minutes=75)
    assert next_quarter + timedelta(days=1, hours=23) < found[-1] < next_quarter + timedelta(days=2)


def test_without_a_service_the_clinic_s_first_is_meant(app: Connection, clinic: Clinic) -> None:
    """The oldest active one."""
    assert (
        find(app, clinic, clinic.at(9), clinic.at(10), service_type=None)["service_name"] == "Teeth cleaning"
    )


def test_what_is_unknown_is_said(app: Connection, three: Clinic) -> None:
    """As in a booking: with the services there are, or who offers this one."""
    service = find(app, three, three.at(9), three.at(10), service_type="Brain surgery")
    assert service == {"outcome": "unknown_service", "services": ["Check-up", "Teeth cleaning"]}
    provider = find(app, three, three.at(9), three.at(10), provider="Dr. Who")
    assert (provider["outcome"], provider["reason"]) == ("unknown_provider", "not_found")


def test_half_hour_zones_have_their_own_grid(owner: Connection, app: Connection) -> None:
    """In Kathmandu (UTC+5:45) an hourly grid stands on Kathmandu's hours."""
    clinic = make_clinic(owner, time_zone="Asia/Kathmandu", slot_grid_minutes=60)
    assert starts(find(app, clinic, clinic.at(0), clinic.at(23))) == [
        clinic.at(hour) for hour in range(9, 17)
    ]


def test_the_grid_follows_the_clock_over_a_change_of_half_an_hour(owner: Connection, app: Connection) -> None:
    """On Lord Howe Island the clock goes from 2:00 to 2:30 in one October night, and back in one April night.

    Starts are on the local hour on both sides of the change, never at half past.
    """
    clinic = make_clinic(
        owner, time_zone="Australia/Lord_Howe", slot_grid_minutes=60, weekdays=(7,), booking_horizon_days=730
    )
    set_hours(owner, clinic, clinic.providers[0], (7, "00:00", "06:00"))
    nights = owner.execute(
        "SELECT d::date AS day"
        " FROM generate_series(now() + interval '2 days', now() + interval '500 days', '1 day') AS d"
        " WHERE (d::date::timestamp AT TIME ZONE 'Australia/Lord_Howe') + interval '1 day'"
        "    <> ((d::date + 1)::timestamp AT TIME ZONE 'Australia/Lord_Howe')"
    ).fetchall()
    assert len(nights) >= 2
    for night in nights:
        local = owner.execute(
            "SELECT (s ->> 'starts_at')::timestamptz AT TIME ZONE 'Australia/Lord_Howe' AS start"
            " FROM jsonb_array_elements(frontdesk.find_slots(%(org)s, 'Teeth cleaning',"
            "  %(day)s::date::timestamp AT TIME ZONE 'Australia/Lord_Howe',"
            "  (%(day)s::date + 1)::timestamp AT TIME ZONE 'Australia/Lord_Howe') -> 'slots') AS s",
            {"org": clinic.id, "day": night["day"]},
        ).fetchall()
        assert {row["start"].minute for row in local} == {0}
        assert {row["start"].hour for row in local} >= {0, 1, 3, 4, 5}
