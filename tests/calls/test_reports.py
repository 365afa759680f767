"""What Vapi tells of a call is kept: once, whole, and the same whatever came first."""

import itertools
import json
import random
from copy import deepcopy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from frontdesk import db
from functions.calls import app as calls_app
from tests.calls.conftest import (
    CALL_ID,
    CALLER,
    call_row,
    deliver,
    envelope,
    event,
    event_types,
    lines,
    message,
    sample,
    secret_of,
    told,
)
from tests.clinics import Clinic, Connection, one

REPORT = "sdk_end-of-call-report_booked"
SPOKEN = [
    ("assistant", "Thanks for calling Bright Smiles, how can I help?"),
    ("user", "I'd like a cleaning next Tuesday at three."),
    ("tool", "Confirmation number 4 8 2 1."),
    ("assistant", "You're all set for Tuesday at three with Dr. Patel."),
    ("user", "Great, thanks, bye."),
]


def stored(owner: Connection) -> Any:
    """Return all that is kept of the calls, without what tells when it was stored and under which ids."""
    calls = owner.execute(
        "SELECT vapi_call_id, state, direction, phone, started_at, ended_at, duration_seconds, ended_reason,"
        " outcome, intent, lost_reason, summary, success, recording_url, transferred_to, cost, heard,"
        " transcript_stamp, words, reported_at IS NULL AS unreported FROM frontdesk.calls ORDER BY 1"
    ).fetchall()
    said = owner.execute(
        "SELECT position, role, body, seconds, at, tool, tool_call_id, outcome FROM frontdesk.call_messages"
        " ORDER BY call_id, position"
    ).fetchall()
    facts = owner.execute(
        "SELECT field, value, phone, at FROM frontdesk.contact_facts ORDER BY field"
    ).fetchall()
    leads = owner.execute("SELECT phone, status, reason, name FROM frontdesk.leads").fetchall()
    follow_ups = owner.execute(
        "SELECT message, phone, urgency, source FROM frontdesk.follow_ups WHERE status = 'open'"
    ).fetchall()
    return calls, said, facts, leads, follow_ups


def test_a_report_is_kept_with_its_transcript(owner: Connection, clinic: Clinic) -> None:
    """Who, when, how it ended, what was said and which tool answered what."""
    assert told(clinic, sample(REPORT, clinic)) == {}
    row = call_row(owner)
    assert (row["vapi_call_id"], row["org_id"], row["phone"], row["state"]) == (
        CALL_ID,
        clinic.id,
        CALLER,
        "ended",
    )
    assert row["started_at"] == datetime(2026, 11, 2, 12, 0, 1, tzinfo=UTC)
    assert (row["duration_seconds"], row["cost"]) == (Decimal("101.5"), Decimal("0.1437"))
    assert (row["ended_reason"], row["direction"], row["success"]) == (
        "customer-ended-call",
        "inbound",
        "true",
    )
    assert row["summary"].startswith("Dana Whitfield called to book a teeth cleaning and")
    assert row["recording_url"].endswith("-mono.wav") or row["recording_url"].endswith(".wav")
    assert lines(owner) == SPOKEN
    tool = owner.execute("SELECT * FROM frontdesk.call_messages WHERE role = 'tool'").fetchone()
    assert tool is not None
    assert (tool["tool"], tool["outcome"], tool["tool_call_id"]) == (
        "bookClinicAppointment", "BOOKED", "call_bK3nQ0d7yYt1pZl2Xw9uVsRa",
    )  # fmt: skip
    assert (tool["seconds"], tool["at"]) == (Decimal("7.40"), datetime(2026, 11, 2, 12, 0, 7, 400000, UTC))
    assert one(owner, "SELECT value FROM frontdesk.contact_facts WHERE field = 'name'") == "Dana Whitfield"


def test_a_report_sent_again_changes_nothing(owner: Connection, clinic: Clinic) -> None:
    """Vapi repeats up to ten times: one call, one lead, the same events."""
    told(clinic, sample(REPORT, clinic))
    before, events = stored(owner), event_types(owner)
    for _ in range(3):
        told(clinic, sample(REPORT, clinic))
    assert (stored(owner), event_types(owner)) == (before, events)


def test_what_a_later_message_leaves_out_stays(owner: Connection, clinic: Clinic) -> None:
    """A report with empty lists, nulls and no analysis, arriving last and newer, takes nothing away."""
    told(clinic, sample(REPORT, clinic))
    before = stored(owner)
    bare = message(
        clinic, "end-of-call-report", timestamp=1793629999000, endedReason=None, artifact={"messages": []},
        analysis={"summary": None}, summary="", transcript=None, messages=[], recordingUrl=None, cost=None,
    )  # fmt: skip
    told(clinic, bare)
    after = stored(owner)
    for calls in (before[0], after[0]):
        calls[0].pop("heard")  # who called is now known from a newer message, too
    assert after == before


def test_half_a_transcript_never_replaces_a_whole_one(owner: Connection, clinic: Clinic) -> None:
    """The longer one stays, whichever came first."""
    whole = sample(REPORT, clinic)
    half = deepcopy(whole)
    half["message"]["artifact"]["messages"] = half["message"]["artifact"]["messages"][:2]
    for order in ((whole, half), (half, whole)):
        for each in order:
            told(clinic, each)
        assert lines(owner) == SPOKEN
        owner.execute("TRUNCATE frontdesk.calls CASCADE")


def test_a_late_status_never_reopens_a_call(owner: Connection, clinic: Clinic) -> None:
    """in-progress after the end, with a newer time: the call stays ended, and the board hears nothing."""
    told(clinic, sample(REPORT, clinic))
    events = event_types(owner)
    told(clinic, sample("sdk_status-update_in-progress", clinic, timestamp=1793699999000))
    told(clinic, message(clinic, "status-update", status="ringing", timestamp=1793699999001))
    row = call_row(owner)
    assert (row["state"], row["ended_reason"]) == ("ended", "customer-ended-call")
    assert event_types(owner) == events


def one_calls_messages(clinic: Clinic) -> list[dict[str, Any]]:
    """Return every kind of message of one call, with disagreements between them."""
    report = sample(REPORT, clinic)
    half = deepcopy(report)
    half["message"] |= {"timestamp": 1793620801999, "endedReason": "silence-timed-out", "cost": 0.9}
    half["message"]["artifact"]["messages"] = half["message"]["artifact"]["messages"][:3]
    half["message"]["artifact"]["structuredOutputs"] = {"x": {"name": "email", "result": "dana@example.com"}}
    return [
        sample("sdk_status-update_in-progress", clinic),
        sample("sdk_status-update_forwarding", clinic),
        sample("sdk_status-update_ended", clinic),
        sample("sdk_transcript_final", clinic),
        sample("sdk_transcript_final", clinic, timestamp=1793620803000, role="assistant", transcript="Sure."),
        sample("sdk_transcript_partial", clinic),
        report,
        half,
        sample("docs_end-of-call-report_events-page", clinic),
        sample("sdk_end-of-call-report_minimal-silence-timeout", clinic),
    ]


@pytest.mark.parametrize("seed", range(12))
def test_any_order_of_a_calls_messages_gives_the_same_call(
    owner: Connection, clinic: Clinic, seed: int
) -> None:
    """Shuffled, some twice: call, transcript, facts, lead and follow-up are those of the plain order."""
    messages = one_calls_messages(clinic)
    for each in messages:
        told(clinic, each)
    expected = stored(owner)
    assert expected[0][0]["state"] == "ended"
    assert len(expected[1]) == len(SPOKEN)
    owner.execute("TRUNCATE frontdesk.calls, frontdesk.contact_facts, frontdesk.follow_ups, frontdesk.events,"
                  " frontdesk.idempotency_keys CASCADE")  # fmt: skip
    shuffler = random.Random(seed)
    again = messages + shuffler.sample(messages, 4)
    shuffler.shuffle(again)
    for each in again:
        told(clinic, each)
    assert stored(owner) == expected


def test_live_lines_are_kept_until_the_report_has_all(owner: Connection, clinic: Clinic) -> None:
    """Final lines in the order of speaking, partial ones not; the report's transcript takes their place."""
    said = [("assistant", "Hello?", 3000), ("user", "Hi.", 5000), ("user", "A cleaning, please.", 9000)]
    for role, words, after in reversed(said):
        told(clinic, message(clinic, "transcript", role=role, transcriptType="final", transcript=words,
                             timestamp=1793620800000 + after))  # fmt: skip
    told(clinic, sample("sdk_transcript_partial", clinic))
    assert lines(owner) == [(role, words) for role, words, _ in said]
    assert call_row(owner)["state"] == "in_progress"
    told(clinic, sample(REPORT, clinic))
    assert lines(owner) == SPOKEN
    told(clinic, message(clinic, "transcript", role="user", transcriptType="final", transcript="Late",
                         timestamp=1793620899000))  # fmt: skip
    assert lines(owner) == SPOKEN


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"artifact": {"messages": []}}, SPOKEN),
        ({"artifact": {"messages": [], "transcript": "AI: Hello.\nUser: Hi,\nit's me.\n"}, "messages": None},
         [("assistant", "Hello."), ("user", "Hi, it's me.")]),
        ({"artifact": None, "messages": [], "transcript": "AI: How can I help? User: The weather? ..."},
         [("assistant", "How can I help?"), ("user", "The weather? ...")]),
        ({"artifact": {"messages": "gone"}, "messages": [None, 5, {"role": "system", "message": "a prompt"}],
          "transcript": "nobody is named"}, []),
    ],
)  # fmt: skip
def test_the_transcript_is_found_wherever_it_stands(
    owner: Connection, clinic: Clinic, changed: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    """In the artifact, else beside it, else as text; an empty list counts as none, the prompt is no line."""
    told(clinic, sample(REPORT, clinic, **changed))
    assert lines(owner) == expected


def test_a_withheld_number_and_a_bare_report_are_kept(owner: Connection, clinic: Clinic) -> None:
    """Only the call's id is needed."""
    told(clinic, message(clinic, "end-of-call-report", caller=None, endedReason="a-reason-nobody-knows"))
    row = call_row(owner)
    assert (row["phone"], row["ended_reason"], row["state"]) == (None, "a-reason-nobody-knows", "ended")
    assert one(owner, "SELECT count(*) FROM frontdesk.leads") == 0


def test_wrong_types_lose_their_field_and_nothing_else(owner: Connection, clinic: Clinic) -> None:
    """Numbers where texts belong, lists where objects do, times that are none, a NUL and half an emoji."""
    odd = sample(
        REPORT, clinic, startedAt=[], endedAt="yesterday", cost="free", durationSeconds=-4, durationMs=1e300,
        analysis=["x"], endedReason={"a": 1}, timestamp={"b": 2}, destination=7,
        artifact={"messages": [
            {"role": "user", "message": "nul \u0000 here", "time": -1, "secondsFromStart": "x"},
            {"role": "user", "message": "half \ud83d an emoji", "time": "2026-11-02T12:00:09.500Z"},
            {"role": 5, "message": {}}, {"role": "tool_calls", "toolCalls": {"id": 1}},
            {"role": "tool_call_result", "toolCallId": 9, "name": [], "result": {"x": 1}},
        ], "recordingUrl": "javascript:alert(1)", "structuredOutputs": [1]},
    )  # fmt: skip
    odd["message"]["recordingUrl"] = "https://storage.example.com/a.wav?X-Amz-Signature=abc"
    told(clinic, odd)
    row = call_row(owner)
    assert [words for _, words in lines(owner)] == ["nul here", "half ? an emoji", ""]
    assert (row["recording_url"], row["cost"], row["transferred_to"]) == (None, None, None)
    assert row["summary"] == "Dana Whitfield called to book a teeth cleaning."
    assert row["started_at"] == datetime(2026, 11, 2, 12, 0, 1, tzinfo=UTC)


def test_long_texts_are_cut_to_their_limits(owner: Connection, clinic: Clinic) -> None:
    """A line 4,000 characters, a summary 4,000, a reason 200."""
    told(clinic, sample(REPORT, clinic, endedReason="r" * 999, analysis={"summary": "s" * 9999},
                        artifact={"messages": [{"role": "user", "message": "w" * 9999}]}))  # fmt: skip
    row = call_row(owner)
    assert (len(row["ended_reason"]), len(row["summary"]), len(lines(owner)[0][1])) == (200, 4000, 4000)


def test_two_hours_of_talk_are_stored_and_read_fast(
    owner: Connection, app: Connection, clinic: Clinic
) -> None:
    """5,000 lines in one statement; far below what a function may take."""
    talk = [
        {"role": ("bot", "user")[n % 2], "message": f"Line {n}: would Tuesday at {n} suit you, or later?",
         "time": 1793620801000 + n * 1440, "secondsFromStart": n * 1.44}
        for n in range(5000)
    ]  # fmt: skip
    began = datetime.now(UTC)
    told(clinic, sample(REPORT, clinic, artifact={"messages": talk}, messages=talk))
    took = (datetime.now(UTC) - began).total_seconds()
    assert one(owner, "SELECT count(*) FROM frontdesk.call_messages") == 5000
    assert took < 5, took
    found = app.execute(
        "SELECT frontdesk.call_details(%s, %s, p_after => 4799, p_limit => 150) AS found",
        [clinic.id, CALL_ID],
    ).fetchone()
    assert found is not None
    page = found["found"]["transcript"]
    assert (len(page["items"]), page["items"][0]["body"][:10], page["next"]) == (150, "Line 4799:", 4949)


def test_words_without_end_are_no_reason_to_lose_a_call(owner: Connection, clinic: Clinic) -> None:
    """More different words than a search index takes: the call is kept, its beginning can be searched."""
    talk = [{"role": "user", "message": " ".join(f"{n:x}q{m}z" for m in range(400))} for n in range(500)]
    told(clinic, sample(REPORT, clinic, artifact={"messages": talk}))
    assert one(owner, "SELECT count(*) FROM frontdesk.call_messages") == 500
    assert one(owner, "SELECT words @@ '0q1z'::tsquery FROM frontdesk.calls")


def test_a_nested_body_is_refused_and_nothing_kept(owner: Connection, clinic: Clinic) -> None:
    """Sixty-five levels and a hundred thousand: 400 with a sentence."""
    for levels in (80, 100_000):
        body = json.dumps(sample(REPORT, clinic)).replace(
            '"durationMinutes": 1.69', f'"x": {"[" * levels}{"]" * levels}'
        )
        response = deliver(clinic, body)
        assert response["statusCode"] == 400, levels
    assert one(owner, "SELECT count(*) FROM frontdesk.calls") == 0


def test_a_body_near_six_megabytes_is_taken(owner: Connection, clinic: Clinic) -> None:
    """Lambda's own limit is ours; a byte more is refused."""
    body = json.dumps(sample(REPORT, clinic, padding=""))
    room = 6 * 1024 * 1024 - len(body)
    full = body.replace('"padding": ""', f'"padding": "{"p" * room}"')
    assert deliver(clinic, full)["statusCode"] == 200
    assert deliver(clinic, full.replace("ppp", "pppp", 1))["statusCode"] == 413
    assert lines(owner) == SPOKEN


@pytest.mark.parametrize(
    "kind", ["hang", "speech-update", "conversation-update", "user-interrupted", "what-is-this", ""]
)
def test_noise_is_answered_and_leaves_no_trace(owner: Connection, clinic: Clinic, kind: str) -> None:
    """200 {} for kinds that tell nothing new, and for those nobody knows yet."""
    assert told(clinic, message(clinic, kind, messages=[{"role": "user", "message": "hello"}])) == {}
    assert one(owner, "SELECT count(*) FROM frontdesk.calls") == 0


def test_a_stranger_changes_nothing(owner: Connection, clinic: Clinic) -> None:
    """No secret, a wrong one, another clinic's number: 401."""
    for secret in (None, "wrong", secret_of(clinic)[:-1]):
        response = calls_app.handler(event(sample(REPORT, clinic), secret), None)
        assert response["statusCode"] == 401
    other = sample(REPORT, clinic, phoneNumber={"id": "pn-none"})
    other["message"]["call"]["phoneNumberId"] = "pn-none"
    assert deliver(clinic, other)["statusCode"] == 401
    assert one(owner, "SELECT count(*) FROM frontdesk.calls") == 0


@pytest.mark.parametrize("body", ["", "[]", '{"message": 5}', "{", '{"message": {"type": "x"'])
def test_what_is_no_message_is_refused(clinic: Clinic, body: str) -> None:
    """400 with a sentence."""
    assert deliver(clinic, body)["statusCode"] == 400


def test_the_database_away_asks_vapi_to_send_it_again(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, owner: Connection
) -> None:
    """A report that cannot be kept is answered 503 with Retry-After; sent again, it is kept."""
    told(clinic, message(clinic, "hang"))  # the clinic is remembered
    with monkeypatch.context() as away:
        away.setattr("frontdesk.db._connect", _refuse)
        db.close()
        response = deliver(clinic, sample(REPORT, clinic))
    assert (response["statusCode"], response["headers"]["retry-after"]) == (503, "5")
    told(clinic, sample(REPORT, clinic))
    assert lines(owner) == SPOKEN


def _refuse() -> Any:
    import psycopg

    raise psycopg.OperationalError


def test_the_samples_cover_the_kinds_we_keep(clinic: Clinic) -> None:
    """Every recorded message but the tool calls is answered 200."""
    names = [
        "docs_end-of-call-report_events-page", "sdk_assistant-request", "sdk_conversation-update",
        "sdk_end-of-call-report_minimal-silence-timeout", "sdk_hang", "sdk_speech-update",
        "sdk_status-update_ended", "sdk_status-update_forwarding", "sdk_transcript_final",
        "sdk_transfer-destination-request", "sdk_transfer-update", "sdk_user-interrupted",
    ]  # fmt: skip
    for name in itertools.chain(names, reversed(names)):
        told(clinic, sample(name, clinic))


def test_an_outbound_call_has_the_patient_on_the_other_side(owner: Connection, clinic: Clinic) -> None:
    """Nobody becomes a lead because we called them."""
    call = envelope(clinic)["call"] | {"type": "outboundPhoneCall"}
    told(clinic, message(clinic, "end-of-call-report", endedReason="customer-did-not-answer") | {
        "message": message(clinic, "end-of-call-report")["message"] | {"call": call}})  # fmt: skip
    assert call_row(owner)["direction"] == "outbound"
    assert one(owner, "SELECT count(*) FROM frontdesk.leads") == 0
