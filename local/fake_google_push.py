"""Channels: how Google tells our webhook that a calendar changed (its guide "Push notifications")."""

import asyncio
import random
import re
import secrets
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote, urlsplit

import aiohttp

from local.fake_google_errors import Refusal, invalid, required
from local.fake_google_faults import Trouble
from local.fake_google_store import Access, Channel, Store

DEFAULT_SECONDS = 604_800
READ_SECONDS = 10.0
RETRY_SECONDS = 0.2  # Google's own pauses are longer; nobody here wants to wait for them
MOST_TRIES = 4
RETRIED = frozenset({500, 502, 503, 504})
ID = re.compile(r"[A-Za-z0-9\-_+/=]{1,64}")
LONGEST_TOKEN = 256
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

Report = Callable[[str], None]


class Pushes:
    """Sends notifications in the background, those of one channel one after the other."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        store: Store,
        trouble: Trouble,
        report: Report = lambda _: None,
    ) -> None:
        """Use this session; `report` gets a line without ids when a webhook fails."""
        self._session = session
        self._store = store
        self._trouble = trouble
        self._report = report
        self._numbers: dict[str, int] = {}
        self._changed: set[str] = set()
        self._under_way: set[asyncio.Task[None]] = set()

    def open(self, access: Access, calendar: str, body: Mapping[str, Any]) -> Channel:
        """Open the channel events.watch asks for and send its first notification, `sync`."""
        now = self._store.now()
        asked, token = _checked(body, now), str(body.get("token") or "")
        if body["id"] in self._store.channels:
            message = f"Channel id {body['id']} not unique"
            raise Refusal(400, "channelIdNotUnique", message)
        channel = Channel(
            id=body["id"],
            calendar=calendar,
            resource_id=secrets.token_urlsafe(20),
            address=body["address"],
            token=token,
            # No longer than the default: who counts on what was asked for is late, as may be at Google.
            expires_at=now + min(asked, DEFAULT_SECONDS),
            email=access.email,
            client_id=access.client_id,
        )
        self._store.open_channel(channel)
        self._start(self._tell(channel, "sync"))
        return channel

    def stop_channel(self, access: Access, body: Mapping[str, Any]) -> None:
        """Close a channel; only for the account and client that opened it, and only with its resource id."""
        channel = self._store.channels.get(str(body.get("id")))
        known = channel is not None and (channel.resource_id, channel.email, channel.client_id) == (
            body.get("resourceId"),
            access.email,
            access.client_id,
        )
        if not known:
            message = f"Channel '{body.get('id')}' not found for project 'frontdesk-local'"
            raise Refusal(404, "notFound", message)
        self._store.close_channel(str(body["id"]))

    def changed(self, calendar: str) -> None:
        """Tell the calendar's channels; changes close together are told once."""
        for channel in list(self._store.channels.values()):
            if channel.calendar == calendar and channel.id not in self._changed:
                self._changed.add(channel.id)
                self._start(self._tell_soon(channel))

    async def stop(self) -> None:
        """End everything under way."""
        tasks = list(self._under_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)

    async def _tell_soon(self, channel: Channel) -> None:
        await asyncio.sleep(self._trouble.faults.push_delay_seconds)
        self._changed.discard(channel.id)
        await self._tell(channel, "exists")

    async def _tell(self, channel: Channel, state: str) -> None:
        if channel.expires_at <= self._store.now():
            self._store.close_channel(channel.id)
        if channel.id not in self._store.channels or self._trouble.strikes("lose_pushes"):
            return
        # It rises, but not by one.
        number = self._numbers.get(channel.id, 0) + (random.randint(1, 3) if state != "sync" else 1)
        self._numbers[channel.id] = number
        headers = _headers(channel, state, number)
        for _ in range(2 if self._trouble.strikes("duplicate_pushes") else 1):
            await self._post(channel.address, headers)

    async def _post(self, address: str, headers: Mapping[str, str]) -> None:
        patience = aiohttp.ClientTimeout(total=READ_SECONDS)
        said = "no answer"
        for attempt in range(MOST_TRIES):
            if attempt:
                await asyncio.sleep(RETRY_SECONDS * 2**attempt)
            try:
                async with self._session.post(
                    address, data=b"", headers=headers, timeout=patience, allow_redirects=False
                ) as response:
                    said = str(response.status)
                    if response.status not in RETRIED:
                        break
            except (aiohttp.ClientError, TimeoutError):
                said = "no answer"
        if not said.startswith("2"):
            self._report(f"google -> webhook  {said}")


def as_resource(channel: Channel) -> dict[str, Any]:
    """Write a channel as events.watch answers it: the expiration is a string of milliseconds."""
    return {
        "kind": "api#channel",
        "id": channel.id,
        "resourceId": channel.resource_id,
        "resourceUri": _uri(channel),
        "expiration": str(int(channel.expires_at * 1000)),
    } | ({"token": channel.token} if channel.token else {})


def _checked(body: Mapping[str, Any], now: float) -> float:
    """Check a watch request; return for how many seconds it asks."""
    for name in ("id", "type", "address"):
        if not isinstance(body.get(name), str) or not body[name]:
            raise required(f"Missing required field: {name}")
    if not ID.fullmatch(body["id"]):
        raise invalid("Invalid channel id")
    if body["type"] not in {"web_hook", "webhook"}:
        raise Refusal(400, "channelUnknown", f"Unknown channel type: {body['type']}")
    if len(str(body.get("token") or "")) > LONGEST_TOKEN:
        raise invalid("Channel token too long")
    parts = urlsplit(body["address"])
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        message = f"WebHook callback must be HTTPS: {body['address']}"
        raise Refusal(400, "push.webhookUrlNotHttps", message)
    try:
        if body.get("expiration") is not None:
            seconds = int(body["expiration"]) / 1000 - now
        else:
            seconds = float((body.get("params") or {}).get("ttl", DEFAULT_SECONDS))
    except (TypeError, ValueError):
        raise invalid("Invalid expiration") from None
    if seconds <= 0:
        raise invalid("Invalid expiration: it is in the past")
    return seconds


def _headers(channel: Channel, state: str, number: int) -> dict[str, str]:
    headers = {
        "X-Goog-Channel-ID": channel.id,
        "X-Goog-Channel-Expiration": format_datetime(
            datetime.fromtimestamp(int(channel.expires_at), UTC), usegmt=True
        ),
        "X-Goog-Resource-State": state,
        "X-Goog-Message-Number": str(number),
        "X-Goog-Resource-ID": channel.resource_id,
        "X-Goog-Resource-URI": _uri(channel),
        "User-Agent": "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)",
        "Accept": "*/*",
    }
    return headers | ({"X-Goog-Channel-Token": channel.token} if channel.token else {})


def _uri(channel: Channel) -> str:
    return (
        f"https://www.googleapis.com/calendar/v3/calendars/{quote(channel.calendar, safe='')}/events?alt=json"
    )
