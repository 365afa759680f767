"""Calls, leads, figures and privacy as the fake backend plays them; rules of their own they have none."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

from aiohttp import web

from tests.web.fake_api import STAFF, page, problem
from tests.web.fake_clinic import Row, iso, parse
from tests.web.fake_state import Backend

SPOKEN = (
    ("assistant", "Bright Smiles Dental, this is the clinic's assistant. How can I help?"),
    ("user", "Hi, I wanted to ask about getting my wisdom teeth looked at, maybe next week?"),
    ("tool", "Tuesday at 9:00 AM, Tuesday at 10:30 AM, Wednesday at 2:00 PM"),
    (
        "assistant",
        "I have Tuesday at nine or half past ten, or Wednesday at two. Does one of these suit you?",
    ),
    ("user", "Hmm, I work until five. Do you have anything in the evening?"),
    ("assistant", "I am sorry, we close at five. Shall somebody call you back?"),
    ("user", "No, let me think about it. Thanks."),
)


def line(position: int, role: str, body: str) -> Row:
    """Make a line of a transcript."""
    tool = role == "tool"
    return {
        "position": position,
        "role": role,
        "body": body,
        "seconds": 4.5 * position,
        "at": None,
        "tool": "checkAvailability" if tool else None,
        "tool_call_id": f"t{position}" if tool else None,
        "outcome": "SLOTS" if tool else None,
    }


def add_call(backend: Backend, hours: float, outcome: str | None, **more: Any) -> Row:
    """Add a call that began so many hours ago."""
    clinic = backend.clinic
    starts = parse(clinic.now()) - timedelta(hours=hours)
    row: Row = {
        "id": str(uuid4()),
        "vapi_call_id": f"vapi-{len(backend.calls)}",
        "state": "ended",
        "direction": "inbound",
        "phone": "+12025550171",
        "contact_id": None,
        "contact_name": None,
        "lead_id": None,
        "started_at": iso(starts),
        "ended_at": iso(starts + timedelta(seconds=187)),
        "duration_seconds": 187.0,
        "ended_reason": "customer-ended-call",
        "outcome": outcome,
        "intent": "book",
        "lost_reason": None,
        "summary": None,
        "success": "true",
        "recording_url": None,
        "transferred_to": None,
        "cost": 0.31,
        "reported": True,
        "lines": [line(place, role, body) for place, (role, body) in enumerate(SPOKEN)],
        "facts": {},
    } | more
    backend.calls.insert(0, row)
    return row


def add_lead(backend: Backend, call: Row, reason: str, **more: Any) -> Row:
    """Make a call's number a lead."""
    row: Row = {
        "id": str(uuid4()),
        "version": 1,
        "phone": call["phone"],
        "contact_id": None,
        "name": call["contact_name"],
        "status": "new",
        "status_at": call["ended_at"],
        "reason": reason,
        "note": None,
        "call_id": call["id"],
        "appointment_id": None,
        "created_at": call["ended_at"],
        "calls": 1,
        "facts": [
            {"field": field, "value": value, "source": f"call:{call['id']}", "at": call["started_at"]}
            for field, value in call["facts"].items()
        ],
    } | more
    call["lead_id"] = row["id"]
    backend.leads[row["id"]] = row
    return row


def add_calls(backend: Backend) -> None:
    """Add a morning's calls: one that booked, one that did not, one that nobody spoke in."""
    visit = next(iter(backend.clinic.appointments.values()))
    add_call(backend, 26, "missed", phone="+12025550188", duration_seconds=6.0, lines=[], intent=None)
    lost = add_call(
        backend,
        2.5,
        "no_booking",
        contact_name="Rosa Delgado",
        lost_reason="no_time_fits",
        summary="Rosa asked for a wisdom tooth consultation in the evening; the clinic closes at five.",
        facts={"name": "Rosa Delgado", "email": "rosa@example.com", "preferred_times": "after 5 PM"},
        recording_url="https://storage.example/recording.wav",
    )
    add_lead(backend, lost, "no_time_fits", calls=2)
    booked = add_call(
        backend,
        1,
        "booked",
        phone=visit["phone"],
        contact_id=visit["contact_id"],
        contact_name=visit["patient_name"],
        summary="Booked a cleaning.",
        lines=[line(0, "assistant", "How can I help?"), line(1, "user", "A cleaning, please, on Tuesday.")],
        facts={"email": "dana@example.com", "new_patient": "yes"},
        appointments=[visit],
    )
    visit["call_id"] = booked["vapi_call_id"]


class Calls:
    """The routes, over what the backend keeps."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    async def _calls(self, request: web.Request) -> web.Response:
        query = request.query
        rows = [
            self._card(each, query.get("q", ""))
            for each in self.backend.calls
            if query.get("outcome") in (None, each["outcome"])
            and ("from" not in query or parse(each["started_at"]) >= parse(query["from"]))
            and ("to" not in query or parse(each["started_at"]) < parse(query["to"]))
        ]
        return page([each for each in rows if "q" not in query or each["matches"]], request)

    def _card(self, call: Row, words: str) -> Row:
        row = {name: value for name, value in call.items() if name not in {"lines", "facts", "appointments"}}
        if words:
            found = [each for each in call["lines"] if words.lower() in each["body"].lower()]
            row["matches"] = [{name: each[name] for name in ("position", "role", "body")} for each in found][
                :3
            ]
        return row

    async def _call(self, request: web.Request) -> web.Response:
        wanted = request.match_info["id"]
        call = next(
            (each for each in self.backend.calls if wanted in (each["id"], each["vapi_call_id"])), None
        )
        if call is None:
            return problem(404, "not_found")
        start, limit = int(request.query.get("cursor", 0)), int(request.query.get("limit", 200))
        lines = call["lines"]
        more = str(start + limit) if len(lines) > start + limit else None
        tools = [each | {"result": each["body"]} for each in lines if each["role"] == "tool"]
        return web.json_response(
            self._card(call, "")
            | {
                "transcript": {"items": lines[start : start + limit], "next": more},
                "tool_calls": tools,
                "appointments": call.get("appointments", []),
                "follow_ups": [],
                "facts": call["facts"],
                "lead": self.backend.leads.get(call["lead_id"] or ""),
            }
        )

    async def _leads(self, request: web.Request) -> web.Response:
        states = request.query.getall("status", [])
        return page(
            [each for each in self.backend.leads.values() if not states or each["status"] in states], request
        )

    async def _lead(self, request: web.Request) -> web.Response:
        row = self.backend.leads[request.match_info["id"]]
        body = await request.json()
        if body.pop("version") != row["version"]:
            return problem(409, "version_conflict", current=row)
        row.update(body, version=row["version"] + 1)
        return web.json_response(row)

    async def _facts(self, request: web.Request) -> web.Response:
        contact = request.match_info["id"]
        items = [
            {"field": field, "value": value, "source": f"call:{call['id']}", "at": call["started_at"]}
            for call in self.backend.calls
            if call["contact_id"] == contact
            for field, value in call["facts"].items()
        ]
        return web.json_response({"items": items, "next": None})

    async def _merge(self, request: web.Request) -> web.Response:
        people = self.backend.clinic.contacts
        body = await request.json()
        row = people[request.match_info["id"]]
        if body["version"] != row["version"]:
            return problem(409, "version_conflict", current=row)
        other = people.pop(body["other_id"])
        row.update(other_phones=[other["phone"]], version=row["version"] + 1)
        return web.json_response(row)

    async def _export(self, request: web.Request) -> web.Response:
        return web.json_response({"contacts": [self.backend.clinic.contacts[request.match_info["id"]]]})

    async def _erase(self, request: web.Request) -> web.Response:
        row = self.backend.clinic.contacts[request.match_info["id"]]
        if row["next_appointment"] and not (await request.json())["cancel"]:
            return problem(409, "has_appointments", current={"appointments": []})
        row.update(
            name="Erased",
            phone="+999000000001",
            email=None,
            next_appointment=None,
            erased_at=self.backend.clinic.now(),
        )
        return web.json_response(
            {
                "contact": row,
                "cancelled": [],
                "texts_to_delete": 3,
                "calendar_events_to_delete": 1,
                "vapi_call_ids": ["vapi-call-1"],
            }
        )

    async def _insight(self, request: web.Request) -> web.Response:
        first, last = date.fromisoformat(request.query["from"]), date.fromisoformat(request.query["to"])
        if not 0 <= (last - first).days < 400:
            return problem(
                422, "invalid", errors=[{"field": "to", "message": "must be at most 399 days after it"}]
            )
        days = [figures(first + timedelta(days=each)) for each in range((last - first).days + 1)]
        totals: Row = {
            name: sum(day[name] for day in days) for name, value in days[0].items() if isinstance(value, int)
        }
        totals |= {
            "conversion": totals["calls_booked"] / totals["calls"] if totals["calls"] else None,
            "no_show_rate": totals["no_shows"] / totals["visits"] if totals["visits"] else None,
            "lost_reasons": {"no_time_fits": 14, "price": 9, "missed_call": 6, "thinking": 3, "insurance": 2},
            "bookings_by_source": {
                name: sum(day["bookings_by_source"][name] for day in days)
                for name in days[0]["bookings_by_source"]
            },
        }
        return web.json_response(
            {
                "from": first.isoformat(),
                "to": last.isoformat(),
                "time_zone": self.backend.clinic.time_zone,
                "currency": "USD",
                "segment_price_micros": 8300,
                "estimated": True,
                "items": days,
                "totals": totals,
                "follow_ups_now": {"open": 4, "overdue": 1, "unassigned": 3, "snoozed": 1},
                "next": None,
            }
        )

    async def _csv(self, request: web.Request) -> web.Response:
        return web.Response(text=f"day,calls\r\n{request.query['from']},3\r\n", content_type="text/csv")


def figures(day: date) -> Row:
    """Make up a day that is the same every time: Sundays nothing, weekends little."""
    n = 0 if day.weekday() == 6 else 9 + (day.toordinal() * 7919) % 13 if day.weekday() < 5 else 3
    booked, missed, no_shows = n * 5 // 11, n // 8, (day.toordinal() % 5 == 0) * 2 if n else 0
    sent = booked * 3
    return {
        "day": day.isoformat(),
        "calls": n,
        "calls_booked": booked,
        "conversion": booked / n if n else None,
        "calls_missed": missed,
        "calls_transferred": n // 10,
        "lost_reasons": {},
        "bookings": booked + n // 4,
        "bookings_by_source": {"voice": booked, "staff": n // 5, "patient": n // 9, "calendar": 0},
        "cancellations": n // 7,
        "visits": n,
        "no_shows": no_shows,
        "no_show_rate": no_shows / n if n else None,
        "texts_sent": sent,
        "texts_delivered": sent - n // 9,
        "texts_failed": n // 9,
        "replies": n // 3,
        "segments": sent + 2,
        "cost_micros": (sent + 2) * 8300,
        "follow_ups_opened": n // 3,
        "follow_ups_done": n // 4,
        "follow_ups_overdue": n // 12,
    }


def routes(backend: Backend) -> list[web.RouteDef]:
    """Return the routes."""
    here = Calls(backend)
    if not backend.calls:
        add_calls(backend)
    return [
        web.get(f"{STAFF}/calls", here._calls),
        web.get(f"{STAFF}/calls/{{id}}", here._call),
        web.get(f"{STAFF}/leads", here._leads),
        web.patch(f"{STAFF}/leads/{{id}}", here._lead),
        web.get(f"{STAFF}/contacts/{{id}}/facts", here._facts),
        web.post(f"{STAFF}/contacts/{{id}}/merge", here._merge),
        web.get(f"{STAFF}/contacts/{{id}}/export", here._export),
        web.post(f"{STAFF}/contacts/{{id}}/erase", here._erase),
        web.get(f"{STAFF}/insight", here._insight),
        web.get(f"{STAFF}/insight.csv", here._csv),
    ]
