"""The settings half of the fake backend: lists that are read and written back, with no rules of their own."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from aiohttp import web

from tests.web.fake_clinic import Clinic, Row

STAFF = "/api/staff"


class Settings:
    """What a clinic decides about itself, in memory."""

    def __init__(self, clinic: Clinic) -> None:
        self.clinic = clinic
        self.values: Row = {
            "version": 1,
            "slug": "bright-smiles",
            "name": "Bright Smiles Dental",
            "time_zone": clinic.time_zone,
            "region": "US",
            "language": clinic.language,
            "front_desk_phone": "+12025550101",
            "minimum_notice_minutes": 60,
            "booking_horizon_days": 365,
            "slot_grid_minutes": 15,
            "reminder_minutes": [1440, 120],
            "quiet_from": "20:00",
            "quiet_until": "08:00",
            "calendar_detail": "initials",
            "transcript_days": 90,
            "message_days": 90,
            "recording_days": 30,
            "follow_up_rules": ["call", "cancelled_by_provider", "failed_text", "no_show"],
            "sms_segment_price_micros": 8300,
            "sms_price_currency": "USD",
            "sms_sender": "+12025550100",
            "sms_paused_reason": None,
        }
        self.hours: dict[str, list[Row]] = {}
        self.closures: list[Row] = []
        self.calendars: list[Row] = []
        self.staff: list[Row] = [
            {
                "id": clinic.staff_id,
                "email": "robin@clinic.example",
                "name": "Robin Castle",
                "role": "admin",
                "state": "active",
                "last_seen_at": _now(),
                "created_at": _now(),
                "revoked_at": None,
            }
        ]
        self.templates: list[Row] = [
            {
                "event": event,
                "language": language,
                "body": f"{{clinic}}: {{patient_first_name}} is {event} on {{day}} {{time}}.",
                "own": False,
                "updated_at": None,
                "placeholders": ["clinic", "day", "patient_first_name", "time"],
                "required": ["clinic", "day", "time"],
                "preview": f"Bright Smiles Dental: Dana is {event} on Tuesday, December 8 at 3 PM.",
                "segments": 1,
                "encoding": "GSM-7",
                "warnings": [],
            }
            for event in ("booked", "rescheduled", "cancelled", "reminder")
            for language in ("en", "es")
        ]

    async def _settings(self, request: web.Request) -> web.Response:
        if request.method == "PATCH":
            self.values |= await request.json() | {"version": self.values["version"] + 1}
        return web.json_response(self.values)

    async def _providers(self, _request: web.Request) -> web.Response:
        return _list(
            [each | {"version": 1, "hours": self._hours(each["id"])} for each in self.clinic.providers]
        )

    async def _services(self, _request: web.Request) -> web.Response:
        return _list(
            [
                {"aliases": [], "buffer_before_minutes": 0, "buffer_after_minutes": 0, "version": 1} | each
                for each in self.clinic.services
            ]
        )

    async def _add_provider(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.clinic.add_provider(body["name"])
        return web.json_response(
            self.clinic.providers[-1] | {"version": 1, "hours": [], "outside_count": 0}, status=201
        )

    async def _add_service(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.clinic.add_service(body["name"], body["duration_minutes"])
        return web.json_response(self.clinic.services[-1] | {"version": 1}, status=201)

    async def _change_row(self, request: web.Request) -> web.Response:
        rows: list[Row] = {
            "providers": self.clinic.providers,
            "services": self.clinic.services,
            "staff": self.staff,
        }[request.match_info["kind"]]
        row = next(each for each in rows if each["id"] == request.match_info["id"])
        body = await request.json()
        body.pop("version", None)
        row.update(body)
        return web.json_response(row | {"outside_count": 2})

    def _hours(self, provider: str) -> list[Row]:
        return self.hours.get(
            provider, [{"weekday": day, "opens": "09:00", "closes": "17:00"} for day in range(1, 6)]
        )

    async def _show_hours(self, request: web.Request) -> web.Response:
        provider = request.match_info["id"]
        if request.method == "PUT":
            self.hours[provider] = (await request.json())["hours"]
        return web.json_response(
            {"provider_id": provider, "version": 1, "hours": self._hours(provider), "outside_count": 3}
        )

    async def _list_closures(self, request: web.Request) -> web.Response:
        if request.method == "POST":
            body = await request.json()
            self.closures.append(
                {"id": str(uuid4()), "provider_name": None, "provider_id": None, "reason": ""} | body
            )
            return web.json_response(self.closures[-1] | {"outside_count": 0}, status=201)
        return _list(self.closures)

    async def _drop_closure(self, request: web.Request) -> web.Response:
        self.closures = [each for each in self.closures if each["id"] != request.match_info["id"]]
        return web.Response(status=204)

    async def _list_templates(self, _request: web.Request) -> web.Response:
        return _list(self.templates)

    async def _template(self, request: web.Request) -> web.Response:
        named = (request.match_info["event"], request.match_info["language"])
        row = next(each for each in self.templates if (each["event"], each["language"]) == named)
        if request.method == "PUT":
            body = (await request.json())["body"]
            if "{clinic}" not in body:
                error = {"field": "body", "message": "The placeholder {clinic} is missing."}
                return web.json_response(
                    {"status": 422, "code": "bad_template", "errors": [error]}, status=422
                )
            row |= {"body": body, "own": True, "preview": body.replace("{clinic}", "Bright Smiles Dental")}
        else:
            row["own"] = False
        return web.json_response(row)

    async def _numbers(self, _request: web.Request) -> web.Response:
        return _list(
            [
                {"kind": "calls", "number": "+12025550100", "phone_number_id": "p", "assistant_id": None},
                {"kind": "texts", "number": "+12025550100", "phone_number_id": None, "assistant_id": None},
            ]
        )

    async def _list_staff(self, request: web.Request) -> web.Response:
        if request.method == "POST":
            self.staff.append(
                {
                    "id": str(uuid4()),
                    "state": "invited",
                    "last_seen_at": None,
                    "created_at": _now(),
                    "revoked_at": None,
                }
                | await request.json()
            )
            return web.json_response(self.staff[-1], status=201)
        return _list(self.staff)

    async def _revoke(self, request: web.Request) -> web.Response:
        row = next(each for each in self.staff if each["id"] == request.match_info["id"])
        row["state"] = "revoked"
        return web.json_response(row)

    async def _list_calendars(self, _request: web.Request) -> web.Response:
        return web.json_response(
            {"connection": self.clinic.google | {"changed_at": _now()}, "items": self.calendars, "next": None}
        )

    async def _calendar(self, request: web.Request) -> web.Response:
        provider = request.match_info["id"]
        self.calendars = [each for each in self.calendars if each["provider_id"] != provider]
        if request.method == "DELETE":
            return web.Response(status=204)
        name = next(each["name"] for each in self.clinic.providers if each["id"] == provider)
        self.calendars.append(
            {
                "id": str(uuid4()),
                "provider_id": provider,
                "provider_name": name,
                "status": "live",
                "synced_at": _now(),
                "last_error_code": None,
            }
            | await request.json()
        )
        return await self._list_calendars(request)

    async def _google_calendars(self, _request: web.Request) -> web.Response:
        return _list(
            [
                {
                    "id": f"cal-{index}",
                    "summary": f"Calendar {index}",
                    "time_zone": "America/New_York",
                    "primary": index == 1,
                }
                for index in (1, 2, 3)
            ]
        )


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _list(items: list[Any]) -> web.Response:
    return web.json_response({"items": items, "next": None})


def routes(clinic: Clinic) -> list[web.RouteDef]:
    """Return the routes of the settings."""
    here = Settings(clinic)
    return [
        web.get(f"{STAFF}/settings", here._settings),
        web.patch(f"{STAFF}/settings", here._settings),
        web.get(f"{STAFF}/providers", here._providers),
        web.post(f"{STAFF}/providers", here._add_provider),
        web.get(f"{STAFF}/services", here._services),
        web.post(f"{STAFF}/services", here._add_service),
        web.patch(f"{STAFF}/{{kind:providers|services|staff}}/{{id}}", here._change_row),
        web.get(f"{STAFF}/hours/{{id}}", here._show_hours),
        web.put(f"{STAFF}/hours/{{id}}", here._show_hours),
        web.get(f"{STAFF}/closures", here._list_closures),
        web.post(f"{STAFF}/closures", here._list_closures),
        web.delete(f"{STAFF}/closures/{{id}}", here._drop_closure),
        web.get(f"{STAFF}/templates", here._list_templates),
        web.put(f"{STAFF}/templates/{{event}}/{{language}}", here._template),
        web.delete(f"{STAFF}/templates/{{event}}/{{language}}", here._template),
        web.get(f"{STAFF}/numbers", here._numbers),
        web.get(f"{STAFF}/staff", here._list_staff),
        web.post(f"{STAFF}/staff", here._list_staff),
        web.post(f"{STAFF}/staff/{{id}}/revoke", here._revoke),
        web.get(f"{STAFF}/calendars", here._list_calendars),
        web.put(f"{STAFF}/calendars/{{id}}", here._calendar),
        web.delete(f"{STAFF}/calendars/{{id}}", here._calendar),
        web.get("/api/google/calendars", here._google_calendars),
    ]
