"""Watch channels: Google tells us of changes, so that nobody waits a quarter of an hour for the next poll.

A channel lives as long as Google says (a week where nothing else is asked), is renewed at half its life, and
the new one is there before the old one is stopped. Where Google cannot reach us there is none, and polls do
alone.
Source: developers.google.com/workspace/calendar/api/guides/push.
"""

import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

from frontdesk import calendar_sync, log, settings
from frontdesk.errors import CredentialsError, FrontdeskError, SettingsError
from frontdesk.token_hash import token_hash
from functions.calendar_worker import google_calendar, pacing, tokens
from functions.calendar_worker.google_calendar import Caller, GoogleError

PATH = "/api/google/notifications"
TTL_SECONDS = 7 * 24 * 3600
_LOCAL = frozenset({"127.0.0.1", "localhost"})


def renew(org_id: UUID, calendar_id: UUID) -> str:
    """Make or renew a calendar's channel and return the outcome.

    'active', 'no_address', 'fresh', 'busy', 'paused', 'no_token', 'unknown_calendar', or the code of Google's
    refusal.
    """
    address = reachable_address()
    if not address:
        return "no_address"
    token, channel_id = secrets.token_urlsafe(32), uuid4()
    begun = calendar_sync.begin_watch(org_id, calendar_id, channel_id, token_hash(token))
    if begun["outcome"] != "begun":
        return str(begun["outcome"])

    def make(caller: Caller) -> dict[str, Any]:
        return google_calendar.watch(
            caller, begun["google_calendar_id"], str(channel_id), address, token, TTL_SECONDS
        )

    pacing.charge(org_id)
    try:
        made = tokens.call(org_id, make)
        expires_at = datetime.fromtimestamp(int(made["expiration"]) / 1000, UTC)
        calendar_sync.record_watch(org_id, channel_id, str(made["resourceId"]), expires_at)
    except tokens.ConnectionPausedError:
        calendar_sync.watch_refused(org_id, channel_id, "paused")
        return "paused"
    except (CredentialsError, SettingsError):
        calendar_sync.watch_refused(org_id, channel_id, "no_token")
        return "no_token"
    except GoogleError as error:
        code = f"{error.status}:{error.reason}"
        log.error("no watch channel", org_id=str(org_id), calendar_id=str(calendar_id), error_code=code)
        calendar_sync.watch_refused(org_id, channel_id, code)
        return code
    _stop(org_id, begun["old"])
    return "active"


@cache
def reachable_address() -> str:
    """Return where Google sends notifications, or '' where it cannot: only https (and our own machine's)."""
    base = settings.current().public_base_url
    parts = urlsplit(base)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL):
        return base + PATH
    log.info("no watch channels", reason="public_base_url")
    return ""


def _stop(org_id: UUID, channels: Iterable[Mapping[str, Any]]) -> None:
    """Stop channels that were replaced; one that cannot be stopped now is tried at the next renewal."""
    for channel in channels:
        pacing.charge(org_id)
        try:
            _stop_one(org_id, channel)
        except FrontdeskError as error:
            log.error("watch channel not stopped", org_id=str(org_id), error=type(error).__name__)


def _stop_one(org_id: UUID, channel: Mapping[str, Any]) -> None:
    try:
        tokens.call(
            org_id,
            lambda caller: google_calendar.stop_channel(caller, channel["id"], channel["resource_id"]),
        )
    except GoogleError as error:
        if error.status != 404:  # one that Google does not know any more is stopped
            raise
    calendar_sync.watch_stopped(org_id, UUID(channel["id"]))
