"""Texts of somebody who asked to be forgotten: in the end Twilio has none of them."""

import time
from typing import Any

from local.fake_twilio import FakeTwilio
from tests.clinics import Clinic, Connection, call, one
from tests.sms.conftest import Surroundings, book, sent, set_faults, sms_row, work

ADMIN = "staff:00000000-0000-0000-0000-00000000000a"


def erase(app: Connection, clinic: Clinic, appointment: dict[str, Any]) -> int:
    """Forget a visit's patient; return the outbox row for the worker of texts."""
    told = call(
        app,
        "erase_contact",
        org_id=clinic.id,
        contact_id=appointment["contact_id"],
        actor=ADMIN,
        cancel=True,
    )
    return sms_row(told)


def left(owner: Connection) -> list[dict[str, Any]]:
    """Return what Twilio is still to delete."""
    return owner.execute(
        "SELECT twilio_sid, attempts, last_error_code, next_at > now() AS later"
        " FROM frontdesk.twilio_deletions"
    ).fetchall()


def until_final(fake: FakeTwilio) -> None:
    """Wait until Twilio has delivered what it has: what is on its way cannot be deleted."""
    patience = time.monotonic() + 10
    while any(text["status"] not in {"delivered", "undelivered", "failed"} for text in sent(fake)):
        assert time.monotonic() < patience
        time.sleep(0.02)


def test_twilio_s_copies_are_deleted_and_the_neighbour_s_stay(
    app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio
) -> None:
    """And no text is sent about it; a message that comes twice finds nothing left to do."""
    appointment, row = book(app, clinic, 10)
    _, other = book(app, clinic, 12, patient_phone="+12025550148")
    assert work(clinic, row, other) == []
    until_final(fake)
    row = erase(app, clinic, appointment)
    assert work(clinic, row) == []
    assert [text["to"] for text in sent(fake)] == ["+12025550148"]
    assert left(owner) == []
    assert work(clinic, row) == []
    assert one(owner, "SELECT count(*) FROM frontdesk.sms_messages WHERE twilio_sid IS NOT NULL") == 1


def test_a_text_that_twilio_does_not_have_any_more_is_deleted(
    app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio
) -> None:
    """404 is what was wanted."""
    appointment, row = book(app, clinic, 10)
    work(clinic, row)
    until_final(fake)
    owner.execute("UPDATE frontdesk.sms_messages SET twilio_sid = %s", ["SM" + "f" * 32])
    assert work(clinic, erase(app, clinic, appointment)) == []
    assert left(owner) == []


def test_what_cannot_be_deleted_now_is_tried_again_later(
    app: Connection, owner: Connection, clinic: Clinic, fake: FakeTwilio
) -> None:
    """A text on its way, or Twilio away: noted with its code; dispatch brings it again."""
    appointment, row = book(app, clinic, 10)
    work(clinic, row)
    until_final(fake)
    set_faults(fake, unavailable=1.0)
    assert work(clinic, erase(app, clinic, appointment)) == []
    [waiting] = left(owner)
    assert (waiting["attempts"], waiting["last_error_code"], waiting["later"]) == (1, "20503", True)
    set_faults(fake)
    owner.execute(
        "UPDATE frontdesk.twilio_deletions SET next_at = now(), created_at = now() - interval '1 h'"
    )
    assert call(app, "queue_due_twilio_deletions")["count"] == 1
    assert work(clinic, one(owner, "SELECT max(id) FROM frontdesk.outbox")) == []
    assert (left(owner), sent(fake)) == ([], [])


def test_a_clinic_whose_account_cannot_be_opened_keeps_its_list(
    app: Connection, owner: Connection, clinic: Clinic, around: Surroundings, fake: FakeTwilio
) -> None:
    """Nothing is forgotten about what is still to be forgotten."""
    appointment, row = book(app, clinic, 10)
    work(clinic, row)
    del around.secrets[clinic.id]
    assert work(clinic, erase(app, clinic, appointment)) == []
    assert [each["last_error_code"] for each in left(owner)] == ["credentials_missing"]


def test_nothing_personal_is_logged(
    app: Connection, clinic: Clinic, fake: FakeTwilio, capfd: Any, caplog: Any
) -> None:
    """Neither number nor name, also when Twilio refuses."""
    appointment, row = book(app, clinic, 10)
    work(clinic, row)
    set_faults(fake, unavailable=1.0)
    row = erase(app, clinic, appointment)
    capfd.readouterr()
    work(clinic, row)
    told = "".join(capfd.readouterr()) + caplog.text
    assert "text not deleted" in told
    assert "5550147" not in told
    assert "Dana" not in told
