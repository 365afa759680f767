"""The staff API: one request, one signed-in person, one question to the database, one answer.

Routes stand in one file a noun, as data; docs/staff-api.md is the reference, GET /api/staff/openapi.json the
document for programs. GET / and /static serve the board itself.
"""

import time
from collections.abc import Callable
from functools import cache
from typing import Any

from frontdesk import db, log, staff
from frontdesk.errors import DatabaseUnavailableError, FrontdeskError, ScheduleBusyError
from frontdesk.staff import Session
from functions.staff_api import (
    appointment_changes,
    appointments,
    calendars,
    calls,
    clinic_settings,
    contact_facts,
    contacts,
    events,
    follow_ups,
    insight,
    leads,
    me,
    messages,
    openapi,
    page,
    practice,
    privacy,
    reading,
    routes,
    sending,
    services,
    slots,
    team,
    templates,
    tickets,
    timeline,
)
from functions.staff_api.problems import ProblemError
from functions.staff_api.routes import Answer, Asked, Found, Route
from functions.staff_api.sending import Response

ROUTES: tuple[Route, ...] = (
    *me.ROUTES,
    *appointments.ROUTES,
    *appointment_changes.ROUTES,
    *slots.ROUTES,
    *events.ROUTES,
    *tickets.ROUTES,
    *contacts.ROUTES,
    *contact_facts.ROUTES,
    *timeline.ROUTES,
    *messages.ROUTES,
    *follow_ups.ROUTES,
    *calendars.ROUTES,
    *calls.ROUTES,
    *leads.ROUTES,
    *insight.ROUTES,
    *privacy.ROUTES,
    *clinic_settings.ROUTES,
    *practice.ROUTES,
    *services.ROUTES,
    *templates.ROUTES,
    *team.ROUTES,
)


@cache
def _document() -> dict[str, Any]:
    """Write the OpenAPI document once: anybody may ask for it."""
    return openapi.document(ROUTES)


_PUBLIC: dict[str, Callable[[], dict[str, Any]]] = {"/sign-in": page.sign_in, "/openapi.json": _document}

# A statement that can never work is a defect of ours, not an absence: nobody should try it again.
_DEFECTS = ("22", "23", "42", "P0")


def handler(event: dict[str, Any], _context: object) -> Response:
    """Answer one HTTP API event (payload format 2.0)."""
    path = str(event.get("rawPath", ""))
    if not path.startswith(f"{routes.PREFIX}/"):
        return page.respond(event)
    with db.within(db.DEADLINE):
        return _respond(event, path.removeprefix(routes.PREFIX))


def _respond(event: dict[str, Any], path: str) -> Response:
    accepts = reading.headers_of(event).get("accept-encoding", "")
    method = str(event.get("requestContext", {}).get("http", {}).get("method", ""))
    try:
        if path in _PUBLIC and method == "GET":
            return sending.json(200, _PUBLIC[path](), accepts)
        found = _route(method, path)
        session = _session(event)
        began = time.monotonic()
        answer = _asked(event, found, session)
        log.info(
            "staff request",
            org_id=str(session.org_id),
            tool=found.route.operation,
            status=answer.status,
            duration_ms=round((time.monotonic() - began) * 1000),
        )
        return sending.answer(answer.status, answer.body, accepts, found.route.kind, answer.file_name)
    except ProblemError as problem:
        log.info("staff request refused", method=method, status=problem.status, reason=problem.code)
        return sending.problem(problem, accepts)
    except ScheduleBusyError:
        log.info("staff request refused", method=method, status=503, reason="schedule_busy")
        busy = ProblemError(503, "schedule_busy", "The schedule is busy; try again in a moment.")
        return sending.problem(busy, accepts)
    except FrontdeskError as error:
        return sending.problem(_trouble(error), accepts)
    except Exception as error:  # noqa: BLE001 - a defect of ours must not show its text, which may quote a patient
        return sending.problem(_trouble(error), accepts)


def _route(method: str, path: str) -> Found:
    found = routes.find(ROUTES, method, path)
    if isinstance(found, Found):
        return found
    if not found:
        raise ProblemError(404, "not_found", "There is no such resource.")
    allowed = ", ".join(sorted(found))
    raise ProblemError(405, "method_not_allowed", f"This resource knows {allowed}.")


def _session(event: dict[str, Any]) -> Session:
    claims = staff.claims_of(event)
    if claims is None:
        raise ProblemError(401, "not_signed_in", "Sign in first.")
    found = staff.session(claims, reading.headers_of(event).get("x-org"))
    if found is None:
        raise ProblemError(403, "not_staff", "Nobody has invited this account to this clinic.")
    return found


def _asked(event: dict[str, Any], found: Found, session: Session) -> Answer:
    route = found.route
    if not session.may(route.role):
        raise ProblemError(403, "role_too_low", f"This needs the role {route.role}; yours is {session.role}.")
    return route.act(
        Asked(
            session=session,
            path=found.path,
            query=reading.query(event, route.query),
            body=reading.body(event, route.body) if route.body is not None else None,
            key=reading.key(event) if route.takes_key else None,
        )
    )


def _trouble(error: Exception) -> ProblemError:
    """Say that it is our trouble: 503 when it will pass, 500 when it will not."""
    sqlstate = getattr(error, "sqlstate", None)
    log.error("staff request failed", error=type(error).__name__, sqlstate=sqlstate)
    if isinstance(error, DatabaseUnavailableError) and not str(sqlstate or "").startswith(_DEFECTS):
        return ProblemError(503, "unavailable", "The database does not answer; try again in a moment.")
    return ProblemError(500, "failed", "Something went wrong on our side.")
