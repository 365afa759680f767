"""A clinic's connection with a Google account: begun, made, ended.

Who comes back from Google proves three things: the state (it was we who sent them, once, within ten minutes),
the cookie (it is the same browser), and by PKCE that nobody else could have used the code.
"""

import secrets
from dataclasses import dataclass, field
from uuid import UUID

from frontdesk import calendars, credentials, log, outbox
from frontdesk.errors import CredentialsError, CredentialsUnavailableError
from frontdesk.token_hash import token_hash
from functions.calendar_worker import google_calendar, oauth, tokens
from functions.calendar_worker.google_calendar import GoogleError

MOST_SAVES = 3  # two people connecting the same clinic at once: the later one takes the next version

_STATES = {"unknown": "state_unknown", "expired": "state_expired", "other_browser": "other_browser"}
_MAY_WRITE = frozenset({"owner", "writer"})


@dataclass(frozen=True, slots=True)
class Departure:
    """Somebody on the way to Google: where to, and what their browser keeps meanwhile."""

    url: str = field(repr=False)
    browser: str = field(repr=False)


def begin(org_id: UUID, staff_id: UUID, redirect_uri: str) -> Departure:
    """Send somebody to Google; raises SettingsError where no OAuth client is set up."""
    state, browser, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(32), oauth.new_verifier()
    url = oauth.consent_url(redirect_uri, state, verifier)
    calendars.start_connecting(org_id, token_hash(state), token_hash(browser), verifier, staff_id)
    return Departure(url, browser)


def finish(state: str, browser: str, code: str, refusal: str, redirect_uri: str) -> str:
    """Take somebody back from Google and connect their clinic; return 'connected', or why not as a code.

    state_unknown, state_expired, other_browser; access_denied, refused (what Google says happened there);
    exchange_failed, scopes_missing, no_refresh_token. Raises FrontdeskError when the database or the key
    service is away.
    """
    taken = calendars.take_state(token_hash(state), token_hash(browser))
    if taken["outcome"] != "taken":
        return _STATES[taken["outcome"]]
    org_id, staff_id = UUID(taken["org_id"]), UUID(taken["staff_id"])
    if refusal or not code:
        return "access_denied" if refusal == "access_denied" else "refused"
    try:
        granted = oauth.exchange_code(code, taken["verifier"], redirect_uri)
        if not granted.enough or granted.refresh_token is None:
            # A grant that is of no use must not stay behind in the person's account.
            _revoke(org_id, granted.access_token)
            return "no_refresh_token" if granted.enough else "scopes_missing"
        email = oauth.account_email(granted.access_token)
    except GoogleError as error:
        log.error("google code not exchanged", org_id=str(org_id), status=error.status, reason=error.reason)
        return "exchange_failed"
    _save(org_id, staff_id, granted, granted.refresh_token, email)
    log.info("google connected", org_id=str(org_id))
    return "connected"


def end(org_id: UUID, actor: str) -> bool:
    """End a clinic's connection; return whether Google took the grant back too.

    The tokens are forgotten here whatever Google says: what it did not take back, the person can.
    """
    told = calendars.access(org_id)
    revoked = told["refresh"] is None
    if not revoked:
        try:
            token = credentials.open_json(org_id, "google", told["refresh"])["refresh_token"]
            revoked = _revoke(org_id, token)
        except (CredentialsError, KeyError) as error:
            log.error("google token unreadable", org_id=str(org_id), error=type(error).__name__)
    ended = calendars.disconnect(org_id, actor)
    outbox.publish_later(org_id, ended["outbox"])
    tokens.forget(org_id)
    log.info("google disconnected", org_id=str(org_id), outcome="revoked" if revoked else "not_revoked")
    return revoked


def choices(org_id: UUID) -> list[dict[str, object]]:
    """Return the calendars of the connected account that we may write: [{id, summary, time_zone, primary}].

    Raises tokens.ConnectionPausedError, GoogleError, CredentialsError.
    """
    return [
        {
            "id": each["id"],
            # The name the account's owner gave it, before the one it came with.
            "summary": each.get("summaryOverride") or each.get("summary") or each["id"],
            "time_zone": each.get("timeZone"),
            "primary": bool(each.get("primary")),
        }
        for each in tokens.call(org_id, google_calendar.list_calendars)
        if each.get("accessRole") in _MAY_WRITE and not each.get("deleted")
    ]


def _save(org_id: UUID, staff_id: UUID, granted: oauth.Tokens, refresh_token: str, email: str) -> None:
    """Seal both tokens and store them as the next versions."""
    told = calendars.access(org_id)
    refresh_version, access_version = told["refresh_version"] + 1, told["access_version"] + 1
    for _ in range(MOST_SAVES):
        refresh = credentials.seal(org_id, "google", refresh_version, {"refresh_token": refresh_token})
        access = credentials.seal(
            org_id, "google_access", access_version, {"access_token": granted.access_token}
        )
        saved = calendars.save_tokens(
            org_id,
            staff_id,
            email,
            granted.scopes,
            granted.expires_in,
            credentials.as_json(refresh),
            credentials.as_json(access),
        )
        if saved["outcome"] == "saved":
            tokens.forget(org_id)
            outbox.publish_later(org_id, saved["outbox"])
            return
        refresh_version, access_version = saved["refresh_version"], saved["access_version"]
    raise CredentialsUnavailableError(org_id, "google", "others kept replacing them at the same time")


def _revoke(org_id: UUID, token: str) -> bool:
    try:
        oauth.revoke(token)
    except GoogleError as error:
        log.error("google grant not revoked", org_id=str(org_id), status=error.status, reason=error.reason)
        return False
    return True
