"""Calendars to look at, and a hand to change them with: what a provider would do in Google Calendar."""

import html
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from aiohttp import web

from local.fake_google_api import Google
from local.fake_google_consent import HEADERS, document
from local.fake_google_errors import Refusal, invalid, not_found
from local.fake_google_events import cancelled, new_event, replaced
from local.fake_google_series import instance, instances, is_series, settle
from local.fake_google_store import HAND, WRITERS, Account, Diary, FakeCalendar, Kept, Resource
from local.fake_google_times import moment_of, zone_of

STYLES = Path(__file__).parent / "google_page" / "google.css"
SHOWN = 30  # events of one calendar
REFRESH_SECONDS = 5


def routes(google: Google) -> list[web.RouteDef]:
    """Give the routes of the page and its forms."""

    async def page(request: web.Request) -> web.Response:
        body = _page(google, request.query.get("problem", ""), editing="edit" in request.query)
        headers = HEADERS | ({} if "edit" in request.query else {"refresh": str(REFRESH_SECONDS)})
        return web.Response(
            text=document("Google Calendar (fake)", body), content_type="text/html", headers=headers
        )

    async def act(request: web.Request) -> web.Response:
        form: Any = await request.post()
        try:
            _act(google, {name: str(value) for name, value in form.items()})
        except Refusal as refusal:
            raise web.HTTPSeeOther(f"/?edit=1&problem={quote(refusal.message)}") from None
        raise web.HTTPSeeOther("/")

    async def styles(_: web.Request) -> web.FileResponse:
        return web.FileResponse(STYLES, headers={"cache-control": "no-store"})

    return [web.get("/", page), web.post("/hand", act), web.get("/google.css", styles)]


def _act(google: Google, form: dict[str, str]) -> None:
    """Add, move or delete an event by hand; raise the Refusal Google would show."""
    account = google.store.accounts.get(form.get("account", ""))
    if account is None:
        raise not_found()
    diary = google.store.diary(account.email, form.get("calendar", ""), google.trouble.faults, to_write=True)
    if form.get("do") == "add":
        body = {"summary": form.get("summary") or "(No title)"} | _times(form, diary)
        if form.get("free"):
            body["transparency"] = "transparent"
        google.store.put(diary, new_event(diary, account.email, body, google.store.now()))
        note(google, diary, "insert", "")
        return
    before = diary.events.get(form.get("event", "")) or instance(diary, form.get("event", ""))
    if before is None or before.cancelled:
        raise not_found()
    if form.get("do") == "delete":
        resource = cancelled(before.resource)
    else:
        resource = replaced(diary, before.resource, before.resource | _times(form, diary))
    after = google.store.put(diary, resource)
    settle(google.store, diary, before, after)
    note(google, diary, "delete" if after.cancelled else "update", after.id)


def note(google: Google, diary: Diary, method: str, event_id: str) -> None:
    """Write down what a hand did, beside the writes of the API."""
    google.store.writes.append(
        {
            "at": google.store.now(),
            "method": method,
            "calendar": diary.id,
            "event_id": event_id,
            "status": 200,
            "done": True,
            "fault": None,
            "by": HAND,
        }
    )


def _times(form: dict[str, str], diary: Diary) -> Resource:
    """Read a form's start and minutes, in the calendar's zone; a start that is a date means the whole day."""
    try:
        if form.get("whole_day"):
            day = datetime.fromisoformat(form["start"]).date()
            return {"start": {"date": str(day)}, "end": {"date": str(day + timedelta(days=1))}}
        start = datetime.fromisoformat(form["start"])
        end = start + timedelta(minutes=int(form["minutes"]))
    except (KeyError, ValueError):
        raise invalid("A start and a number of minutes are needed.") from None
    return {
        edge: {"dateTime": moment.isoformat(), "timeZone": diary.time_zone}
        for edge, moment in (("start", start), ("end", end))
    }


def _page(google: Google, problem: str, *, editing: bool) -> str:
    warning = f"<p class='problem' role='alert'>{html.escape(problem)}</p>" if problem else ""
    switch = (
        "<a href='/'>Done</a>"
        if editing
        else "<a class='button' href='/?edit=1'>Change something by hand</a>"
    )
    people = "".join(_account(google, account, editing=editing) for account in google.store.accounts.values())
    return f"""
      <header><h1>Google Calendar <small>on this machine</small></h1>{switch}</header>
      {warning}{people}
      <p class="faint">What you change here is what a provider changes in Google: Frontdesk hears of it by a
      notification, or when it looks the next time.</p>"""


def _account(google: Google, account: Account, *, editing: bool) -> str:
    calendars = "".join(_calendar(google, account, one, editing=editing) for one in account.calendars)
    granted = sum(grant.email == account.email for grant in google.store.grants.values())
    state = "Frontdesk has access" if granted else "Frontdesk has no access"
    return f"""
      <section><h2>{html.escape(account.name)} <small>{html.escape(account.email)} · {state}</small></h2>
      {calendars}</section>"""


def _calendar(google: Google, account: Account, seen: FakeCalendar, *, editing: bool) -> str:
    diary = google.store.diaries[seen.id]
    coming = _coming(google, diary)
    by_hand = editing and seen.access_role in WRITERS
    rows = "".join(_row(account, diary, kept, editing=by_hand) for kept in coming[:SHOWN])
    table = f"<table><tbody>{rows}</tbody></table>" if rows else "<p class='faint'>Nothing is coming up.</p>"
    more = f"<p class='faint'>and {len(coming) - SHOWN} more</p>" if len(coming) > SHOWN else ""
    add = _adding(account, diary) if by_hand else ""
    zone = html.escape(diary.time_zone)
    return f"<article><h3>{html.escape(seen.summary)} <small>{zone}</small></h3>{table}{more}{add}</article>"


def _coming(google: Google, diary: Diary) -> list[Kept]:
    zone, now = zone_of(diary.time_zone), google.store.now()
    everything = [
        one
        for kept in diary.events.values()
        for one in (instances(diary, kept) if is_series(kept) and not kept.cancelled else [kept])
        if one is kept or one.id not in diary.events
    ]
    ending = [
        (moment_of(one.resource["end"], zone).timestamp(), one) for one in everything if not one.cancelled
    ]
    coming = [(moment_of(one.resource["start"], zone).timestamp(), one) for end, one in ending if end > now]
    return [one for _, one in sorted(coming, key=lambda pair: pair[0])]


def _row(account: Account, diary: Diary, kept: Kept, *, editing: bool) -> str:
    resource, zone = kept.resource, zone_of(diary.time_zone)
    ours = "extendedProperties" in resource and "appt_id" in resource["extendedProperties"].get("private", {})
    marks = ("<span class='mark'>Frontdesk</span>" if ours else "") + (
        "<span class='mark'>free</span>" if resource.get("transparency") == "transparent" else ""
    )
    title = html.escape(str(resource.get("summary", "(No title)")))
    cells = f"<td>{html.escape(_when(resource, zone))}</td><td>{title} {marks}</td>"
    return f"<tr>{cells}<td>{_changing(account, diary, kept) if editing else ''}</td></tr>"


def _when(resource: Resource, zone: ZoneInfo) -> str:
    start, end = (moment_of(resource[edge], zone).astimezone(zone) for edge in ("start", "end"))
    if "date" in resource["start"]:
        return f"{start:%a %d %b %Y}, all day"
    return f"{start:%a %d %b %Y, %H:%M} to {end:%H:%M}"


def _hidden(account: Account, diary: Diary, **values: str) -> str:
    known = {"account": account.email, "calendar": diary.id} | values
    return "".join(
        f"<input type='hidden' name='{name}' value='{html.escape(value)}'>" for name, value in known.items()
    )


def _changing(account: Account, diary: Diary, kept: Kept) -> str:
    zone = zone_of(diary.time_zone)
    start, end = (moment_of(kept.resource[edge], zone).astimezone(zone) for edge in ("start", "end"))
    minutes = int((end - start).total_seconds() // 60)
    title = html.escape(str(kept.resource.get("summary", "(No title)")))
    return f"""
      <form method="post" action="/hand">{_hidden(account, diary, event=kept.id, minutes=str(minutes))}
        <input type="datetime-local" name="start" value="{start:%Y-%m-%dT%H:%M}" required
               aria-label="New start of {title}">
        <button name="do" value="move">Move</button>
        <button name="do" value="delete" class="quiet">Delete</button>
      </form>"""


def _adding(account: Account, diary: Diary) -> str:
    return f"""
      <form method="post" action="/hand" class="add">{_hidden(account, diary)}
        <label>New event <input name="summary" placeholder="Staff meeting" maxlength="200"></label>
        <label>Start <input type="datetime-local" name="start" required></label>
        <label>Minutes <input type="number" name="minutes" value="60" min="5" max="1440"></label>
        <label><input type="checkbox" name="whole_day" value="1"> whole day</label>
        <label><input type="checkbox" name="free" value="1"> shown as free</label>
        <button name="do" value="add">Add</button>
      </form>"""
