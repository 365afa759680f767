"""The staff API as the fake backend plays it: the routes of docs/staff-api.md over a clinic in memory."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from aiohttp import web

from tests.web.fake_clinic import Row, iso, parse
from tests.web.fake_state import Backend


def problem(status: int, code: str, **more: Any) -> web.Response:
    """Answer with problem+json."""
    body = {
        "type": f"/problems/{code}",
        "title": code,
        "status": status,
        "detail": code,
        "code": code,
        **more,
    }
    return web.json_response(body, status=status, content_type="application/problem+json")


def page(items: list[Row], request: web.Request, most: int = 50) -> web.Response:
    """Answer with one page of a list; the cursor is the place in it."""
    start, limit = int(request.query.get("cursor", 0)), int(request.query.get("limit", most))
    more = str(start + limit) if len(items) > start + limit else None
    return web.json_response({"items": items[start : start + limit], "next": more})


STAFF = "/api/staff"


class Api:
    """The routes, over one clinic."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.clinic = backend.clinic

    async def _me(self, _request: web.Request) -> web.Response:
        clinic = self.clinic
        org = {
            "id": str(uuid4()),
            "slug": "bright-smiles",
            "name": "Bright Smiles Dental",
            "time_zone": clinic.time_zone,
            "language": clinic.language,
            "region": "US",
            "slot_grid_minutes": 15,
            "front_desk_phone": "+12025550101",
        }
        return web.json_response(
            {
                "staff": {
                    "id": clinic.staff_id,
                    "name": "Robin Castle",
                    "email": "robin@clinic.example",
                    "role": clinic.role,
                },
                "org": org,
                "orgs": [{"slug": "bright-smiles", "name": "Bright Smiles Dental", "role": clinic.role}],
                "providers": clinic.providers,
                "services": clinic.services,
                "last_seq": len(clinic.events),
                "google": clinic.google,
                "sms": {"paused_reason": None},
                "now": clinic.now(),
            }
        )

    async def _appointments(self, request: web.Request) -> web.Response:
        first, until = parse(request.query["from"]), parse(request.query["to"])
        rows = [
            each for each in self.clinic.appointments.values() if first <= parse(each["starts_at"]) < until
        ]
        return page(sorted(rows, key=lambda each: str(each["starts_at"])), request)

    async def _appointment(self, request: web.Request) -> web.Response:
        row = self.clinic.appointments.get(request.match_info["id"])
        return web.json_response(row) if row else problem(404, "not_found")

    async def _book(self, request: web.Request) -> web.Response:
        body = await request.json()
        service = next(
            index for index, each in enumerate(self.clinic.services) if each["id"] == body["service_id"]
        )
        starts = parse(body["starts_at"])
        ends = starts + timedelta(minutes=self.clinic.services[service]["duration_minutes"])
        ids = [each["id"] for each in self.clinic.providers]
        free = [
            each
            for each in ids
            if body.get("provider_id") in (None, each) and not self.clinic.is_taken(each, starts, ends)
        ]
        if not body["phone"].startswith("+"):
            return problem(422, "invalid", errors=[{"field": "phone", "message": "is no telephone number"}])
        if not free and not body.get("overbook_reason"):
            offers = self.clinic.offers(starts, body["service_id"], body.get("provider_id") or "")
            return problem(409, "slot_unavailable", alternatives=offers)
        provider = ids.index(free[0] if free else body["provider_id"])
        row = self.clinic.add_visit(
            body["patient_name"],
            starts,
            provider,
            service,
            phone=body["phone"],
            source="staff",
            overbooked=not free,
            notes=body.get("notes"),
        )
        await self._happened("appointment.booked", row)
        return web.json_response(row, status=201)

    async def _act(self, request: web.Request) -> web.Response:
        row = self.clinic.appointments[request.match_info["id"]]
        body = await request.json()
        if body["version"] != row["version"]:
            return problem(409, "version_conflict", current=row)
        what = request.match_info.get("what", "notes")
        if what == "move":
            starts = parse(body["starts_at"])
            ends = starts + (parse(row["ends_at"]) - parse(row["starts_at"]))
            provider = body.get("provider_id") or row["provider_id"]
            if self.clinic.is_taken(provider, starts, ends, row["id"]) and not body.get("overbook_reason"):
                return problem(
                    409,
                    "slot_unavailable",
                    alternatives=self.clinic.offers(starts, row["service_id"], provider),
                    current=row,
                )
            name = next(each["name"] for each in self.clinic.providers if each["id"] == provider)
            before = row["starts_at"]
            self.clinic.change(
                row,
                starts_at=iso(starts),
                ends_at=iso(ends),
                provider_id=provider,
                provider_name=name,
                status="pending",
            )
            await self._happened("appointment.rescheduled", row, previous_starts_at=before)
        else:
            values = {
                "cancel": {"status": "cancelled"},
                "confirm": {"status": "confirmed"},
                "status": {"status": body.get("status")},
                "notes": {"notes": body.get("notes")},
            }
            self.clinic.change(row, **values[what])
            await self._happened(f"appointment.{row['status'] if what != 'notes' else 'noted'}", row)
        return web.json_response(row)

    async def _happened(self, kind: str, row: Row, **data: Any) -> None:
        event = self.clinic.record(kind, row, f"staff:{self.clinic.staff_id}", **data)
        if self.backend.pushing:
            await self.backend._push(event)

    async def _slots(self, request: web.Request) -> web.Response:
        query = request.query
        items = self.clinic.free(
            parse(query["from"]), parse(query["to"]), query["service_id"], query.get("provider_id", "")
        )
        return web.json_response({"items": items[: int(query.get("limit", 50))], "next": None})

    async def _events(self, request: web.Request) -> web.Response:
        after, limit = int(request.query["after"]), int(request.query.get("limit", 50))
        all_of = self.clinic.events
        items = all_of[after : after + limit]
        more = items[-1]["seq"] if items and items[-1]["seq"] < len(all_of) else None
        return web.json_response(
            {"items": items, "next": more, "last_seq": len(all_of), "reload": after > len(all_of)}
        )

    async def _ticket(self, _request: web.Request) -> web.Response:
        socket = self.backend.url.replace("http", "ws", 1)
        return web.json_response(
            {"ticket": "t", "url": f"{socket}/ws?ticket={uuid4().hex}", "expires_in": 30}, status=201
        )

    async def _contacts(self, request: web.Request) -> web.Response:
        q, phone = request.query.get("q", "").lower(), request.query.get("phone")
        rows = list(self.clinic.contacts.values())
        found = (
            [each for each in rows if each["phone"] == phone]
            if phone
            else [each for each in rows if q in each["name"].lower() or (q.isdigit() and q in each["phone"])]
        )
        return page(found, request)

    async def _contact(self, request: web.Request) -> web.Response:
        row = self.clinic.contacts.get(request.match_info["id"])
        if row is None:
            return problem(404, "not_found")
        if request.method == "PATCH":
            body = await request.json()
            if body.pop("version") != row["version"]:
                return problem(409, "version_conflict", current=row)
            row.update(body, version=row["version"] + 1)
        return web.json_response(row)

    async def _timeline(self, request: web.Request) -> web.Response:
        contact = request.match_info["id"]
        items: list[Row] = [
            {
                "at": each["at"],
                "kind": each["type"].split(".")[0],
                "type": each["type"],
                "actor": each["actor"],
                "actor_name": None,
                "seq": each["seq"],
                "data": each["data"],
                "appointment": self.clinic.appointments.get(each["appointment_id"] or ""),
            }
            for each in reversed(self.clinic.events)
            if each["contact_id"] == contact
        ]
        items += [
            {
                "at": each["created_at"],
                "kind": "sms",
                "type": f"sms.{each['direction']}",
                "actor": "system",
                "actor_name": None,
                "message": each,
                "data": {},
            }
            for each in self.clinic.messages
            if each["contact_id"] == contact
        ]
        return page([each for each in items if request.query.get("kind") in (None, each["kind"])], request)

    async def _note(self, request: web.Request) -> web.Response:
        body = (await request.json())["body"]
        visit = next(
            each
            for each in self.clinic.appointments.values()
            if each["contact_id"] == request.match_info["id"]
        )
        self.clinic.record("contact.noted", visit, f"staff:{self.clinic.staff_id}", words=body)
        return web.json_response({"id": str(uuid4()), "body": body}, status=201)

    async def _messages(self, request: web.Request) -> web.Response:
        direction, states = request.query.get("direction"), request.query.getall("state", [])
        rows = [
            each
            for each in self.clinic.messages
            if direction in (None, each["direction"]) and (not states or each["state"] in states)
        ]
        return page(rows, request)

    async def _resend(self, request: web.Request) -> web.Response:
        row = next(each for each in self.clinic.messages if each["id"] == request.match_info["id"])
        row["state"] = "queued"
        return web.json_response(row, status=202)

    async def _follow_ups(self, request: web.Request) -> web.Response:
        status = request.query.get("status", "open")
        rows = [
            each
            for each in self.clinic.follow_ups.values()
            if ("snoozed" if each["snoozed_until"] and each["status"] == "open" else each["status"]) == status
        ]
        counts = {
            "open": len([each for each in self.clinic.follow_ups.values() if each["status"] == "open"]),
            "overdue": 1,
            "snoozed": 0,
            "mine": 0,
        }
        return web.json_response({"items": rows, "next": None, "counts": counts})

    async def _follow_up(self, request: web.Request) -> web.Response:
        row = self.clinic.follow_ups[request.match_info["id"]]
        body = await request.json()
        if body.pop("version") != row["version"]:
            return problem(409, "version_conflict", current=row)
        what = request.match_info.get("what")
        changes = {
            "done": {"status": "done", "done_at": self.clinic.now(), "outcome": body.get("outcome")},
            "missed": {"missed_calls": row["missed_calls"] + 1},
        }
        row.update(changes.get(what or "", body), version=row["version"] + 1)
        return web.json_response(row)


def routes(backend: Backend) -> list[web.RouteDef]:
    """Return the routes."""
    api = Api(backend)
    return [
        web.get(f"{STAFF}/me", api._me),
        web.get(f"{STAFF}/appointments", api._appointments),
        web.post(f"{STAFF}/appointments", api._book),
        web.get(f"{STAFF}/appointments/{{id}}", api._appointment),
        web.patch(f"{STAFF}/appointments/{{id}}", api._act),
        web.post(f"{STAFF}/appointments/{{id}}/{{what}}", api._act),
        web.get(f"{STAFF}/slots", api._slots),
        web.get(f"{STAFF}/events", api._events),
        web.post(f"{STAFF}/ws-ticket", api._ticket),
        web.get(f"{STAFF}/contacts", api._contacts),
        web.get(f"{STAFF}/contacts/{{id}}", api._contact),
        web.patch(f"{STAFF}/contacts/{{id}}", api._contact),
        web.get(f"{STAFF}/contacts/{{id}}/timeline", api._timeline),
        web.post(f"{STAFF}/contacts/{{id}}/notes", api._note),
        web.get(f"{STAFF}/messages", api._messages),
        web.post(f"{STAFF}/messages/{{id}}/resend", api._resend),
        web.get(f"{STAFF}/follow-ups", api._follow_ups),
        web.patch(f"{STAFF}/follow-ups/{{id}}", api._follow_up),
        web.post(f"{STAFF}/follow-ups/{{id}}/{{what}}", api._follow_up),
    ]
