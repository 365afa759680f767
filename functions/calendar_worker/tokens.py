"""A clinic's access token: opened, renewed by one worker at a time, or found to be over.

Google's tokens live an hour. Who finds one with less than five minutes left takes a lease in the database and
renews it; the others go on with what is left of the old one, or wait for the new. When the grant itself has
ended (invalid_grant) the clinic's connection is paused, once, and nothing of it calls Google any more.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from frontdesk import calendars, credentials, log, outbox, settings
from frontdesk.errors import CredentialsUnreadableError, FrontdeskError
from functions.calendar_worker import oauth
from functions.calendar_worker.google_calendar import Caller, GoogleError

EARLY_SECONDS = 5 * 60
# Enough for one more call, while somebody else renews.
LEAST_SECONDS = 30
WAIT_SECONDS = 12.0  # for another worker's renewal; longer than its request to Google may take
LOOK_EVERY = 0.25
KEPT_FOR = 5 * 60.0
MAX_KEPT = 500

# The grant is over and only a person can give a new one. What is wrong with our own client (invalid_client)
# concerns every clinic at once and is the operator's to put right: that is tried again.
_ENDED = frozenset({"invalid_grant", "admin_policy_enforced", "org_internal", "access_denied"})


class ConnectionPausedError(FrontdeskError):
    """The clinic is not connected with Google (any more): nothing to do until somebody connects it."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"Not connected with Google: {reason}.")
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Kept:
    version: int
    token: str = field(repr=False)
    until: float


_kept: dict[UUID, _Kept] = {}


def call[T](org_id: UUID, act: Callable[[Caller], T]) -> T:
    """Do something at Google with the clinic's token; refused as unauthorised, once more with a new one.

    Raises GoogleError, ConnectionPausedError, and whatever opening credentials and the database raise.
    """
    caller = access(org_id)
    try:
        return act(caller)
    except GoogleError as error:
        if error.status != 401:
            raise
    return act(access(org_id, refused=caller))


def access(org_id: UUID, *, refused: Caller | None = None) -> Caller:
    """Return a clinic's way to Google, renewing its token where need be; `refused`: not this one again.

    Raises ConnectionPausedError, GoogleError (Google or the one who renews did not answer in time),
    CredentialsError, DatabaseUnavailableError.
    """
    lease, until = uuid4(), time.monotonic() + WAIT_SECONDS
    while True:
        told = calendars.access(org_id)
        if told["status"] != "connected" or told["refresh"] is None:
            raise ConnectionPausedError(told["reason"] or "not_connected")
        caller = _opened(org_id, told)
        usable = caller is not None and (refused is None or caller.access_token != refused.access_token)
        if caller is not None and usable and told["good_seconds"] > EARLY_SECONDS:
            return caller
        claimed = calendars.claim_refresh(org_id, lease, told["access_version"])
        if claimed["outcome"] == "claimed":
            renewed = _renew(org_id, lease, told["refresh"], claimed["access_version"])
            if renewed is not None:
                return renewed
        elif claimed["outcome"] == "paused":
            raise ConnectionPausedError(claimed["reason"])
        elif claimed["outcome"] == "leased":
            if caller is not None and usable and told["good_seconds"] > LEAST_SECONDS:
                return caller
            time.sleep(LOOK_EVERY)
        if time.monotonic() > until:
            raise GoogleError(0, "renewal_busy")


def forget(org_id: UUID | None = None) -> None:
    """Forget opened tokens, of one clinic or of all (after a disconnect, and for tests)."""
    for key in [key for key in _kept if org_id in {None, key}]:
        del _kept[key]


def _opened(org_id: UUID, told: Mapping[str, Any]) -> Caller | None:
    """Open the access token, or None when there is none that opens: then a new one is got."""
    if told["access"] is None or told["good_seconds"] <= 0:
        return None
    base, now = settings.current().google_base, time.monotonic()
    kept = _kept.get(org_id)
    if kept is None or kept.version != told["access_version"] or now >= kept.until:
        try:
            token = credentials.open_json(org_id, "google_access", told["access"])["access_token"]
        except (CredentialsUnreadableError, KeyError):
            return None
        if len(_kept) >= MAX_KEPT:
            _kept.clear()
        # By version, so that another worker's renewal is seen at once.
        kept = _kept[org_id] = _Kept(told["access_version"], token, now + KEPT_FOR)
    return Caller(base, kept.token)


def _renew(org_id: UUID, lease: UUID, sealed: Mapping[str, Any], version: int) -> Caller | None:
    """Renew under the lease; None when the lease was lost meanwhile and somebody else did it."""
    try:
        refresh_token = credentials.open_json(org_id, "google", sealed)["refresh_token"]
        granted = oauth.refresh(refresh_token)
        row = credentials.as_json(
            credentials.seal(org_id, "google_access", version, {"access_token": granted.access_token})
        )
    except (CredentialsUnreadableError, KeyError):
        raise _paused(org_id, "credentials_unreadable", lease) from None
    except GoogleError as error:
        if error.reason in _ENDED:
            raise _paused(org_id, error.reason, lease) from None
        log.error("token not renewed", org_id=str(org_id), status=error.status, reason=error.reason)
        calendars.save_access(org_id, lease, None, None)
        raise
    except FrontdeskError:
        calendars.save_access(org_id, lease, None, None)
        raise
    saved = calendars.save_access(org_id, lease, granted.expires_in, row)
    return (
        Caller(settings.current().google_base, granted.access_token) if saved["outcome"] == "saved" else None
    )


def _paused(org_id: UUID, reason: str, lease: UUID) -> ConnectionPausedError:
    told = calendars.pause(org_id, reason, lease)
    outbox.publish_later(org_id, told["outbox"])
    forget(org_id)
    log.error("google connection paused", org_id=str(org_id), reason=reason)
    return ConnectionPausedError(reason)
