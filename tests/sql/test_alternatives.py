"""The free starts that a refusal offers: few, near, real."""

from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from tests.clinics import Clinic, Connection, add_busy, add_closure, book, call, put_visit, utc

OTHER = "+12025550100"


def offered(answer: Any) -> list[datetime]:
    """Return the starts a refusal offers."""
    assert answer["outcome"] != "booked"
    return [utc(start["starts_at"]) for start in answer["alternatives"]]


def test_every_alternative_can_really_be_booked(owner: Connection, app: Connection, three: Clinic) -> None:
    """For many wishes, each of the offered starts is booked in turn and undone."""
    for n, provider in enumerate(three.providers):
        add_busy(owner, three, provider, three.at(9 + n), three.at(14 + n))
        put_visit(owner, three, three.at(15), provider=provider, phone=f"+1202555019{n}")
    wishes = [
        three.at(11),
        three.at(11, 7),
        three.at(15, 30),
        three.at(8),
        three.at(16, 45),
        three.at(3, day=6),
    ]
    for wish in wishes:
        starts = offered(book(app, three, wish, patient_phone=OTHER))
        assert len(starts) == 3
        for start in starts:
            with app.transaction() as undo:
                assert book(app, three, start, patient_phone=OTHER)["outcome"] == "booked"
                raise psycopg.Rollback(undo)


def test_alternatives_are_three_at_most_in_order_and_never_the_wish(app: Connection, clinic: Clinic) -> None:
    """The nearest before, the nearest after, then another day: in the order of time."""
    book(app, clinic, clinic.at(12))
    for wish in (clinic.at(11, 15), clinic.at(12), clinic.at(12, 45)):
        starts = offered(book(app, clinic, wish, patient_phone=OTHER))
        assert starts == sorted(set(starts))
        assert len(starts) == 3
        assert wish not in starts
        assert starts[:2] == [clinic.at(11), clinic.at(13)]


def test_a_full_day_offers_the_next_days_at_the_same_hour(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """Who wished an afternoon is offered afternoons, one a day."""
    add_busy(owner, clinic, clinic.providers[0], clinic.at(0), clinic.at(0, day=1))
    assert offered(book(app, clinic, clinic.at(14))) == [clinic.at(14, day=day) for day in (1, 2, 3)]


def test_full_weeks_offer_what_comes_after_them(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """The look widens to the horizon; a single free day there is offered three times over."""
    add_busy(owner, clinic, clinic.providers[0], clinic.at(0), clinic.at(0, day=50))
    starts = offered(book(app, clinic, clinic.at(14)))
    assert starts == [clinic.at(14, day=day) for day in (50, 51, 52)]
    add_busy(owner, clinic, clinic.providers[0], clinic.at(0, day=51), None)
    assert offered(book(app, clinic, clinic.at(14))) == [clinic.at(14, day=50)]


def test_a_last_free_morning_fills_up_the_three(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """Where no other day is free, more starts of the wished day are offered."""
    add_busy(owner, clinic, clinic.providers[0], clinic.at(12), None)
    assert offered(book(app, clinic, clinic.at(14))) == [clinic.at(10, 30), clinic.at(10, 45), clinic.at(11)]


def test_nothing_free_offers_nothing(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """An empty list, not an invented time."""
    add_closure(owner, clinic, None, None)
    answer = book(app, clinic, clinic.at(14))
    assert (answer["outcome"], answer["reason"], answer["alternatives"]) == ("outside_hours", "closed", [])


def test_alternatives_are_never_past_nor_within_the_notice(
    owner: Connection, app: Connection, open_always: Clinic, next_quarter: datetime
) -> None:
    """The day of the wish may lie half behind us."""
    owner.execute("UPDATE frontdesk.orgs SET minimum_notice_minutes = 45")
    wish = next_quarter + timedelta(minutes=90)
    put_visit(owner, open_always, wish, minutes=15)
    starts = offered(book(app, open_always, wish))
    assert len(starts) == 3
    assert min(starts) >= datetime.now(UTC) + timedelta(minutes=44)


def test_alternatives_keep_to_the_provider_asked_for(
    owner: Connection, app: Connection, three: Clinic
) -> None:
    """Others are free at the very time, but the caller wants this one."""
    ana = three.providers[0]
    add_busy(owner, three, ana, three.at(9), three.at(15))
    starts = offered(book(app, three, three.at(10), provider="Ruiz"))
    assert starts[0] == three.at(15)
    for start in starts:
        slots = call(
            app,
            "find_slots",
            org_id=three.id,
            service_type="Teeth cleaning",
            **{"from": start, "until": start},
            provider="Ruiz",
        )
        assert [slot["provider_id"] for slot in slots["slots"]] == [str(ana)]


def test_alternatives_fit_the_length_asked_for(owner: Connection, app: Connection, clinic: Clinic) -> None:
    """A gap of an hour is no answer to a wish for two."""
    for start, end in ((9, 11), (12, 14)):
        add_busy(owner, clinic, clinic.providers[0], clinic.at(start), clinic.at(end))
    short = offered(book(app, clinic, clinic.at(10)))
    long = offered(book(app, clinic, clinic.at(10), duration_minutes=120))
    assert short[0] == clinic.at(11)
    assert long[0] == clinic.at(14)
