"""What Google's Calendar API says when it says no (its guide "Handle API errors")."""

from typing import Any


class Refusal(Exception):  # noqa: N818 - it is Google's answer, played; nothing went wrong here
    """Google says no: an HTTP status, a reason of its list, and a sentence."""

    def __init__(
        self, status: int, reason: str, message: str, *, domain: str = "global", location: str = ""
    ) -> None:
        super().__init__(status, reason)
        self.status = status
        self.reason = reason
        self.message = message
        self.domain = domain
        self.location = location

    def body(self) -> dict[str, Any]:
        """Return what Google answers."""
        detail = {"domain": self.domain, "reason": self.reason, "message": self.message}
        if self.location:
            kind, _, name = self.location.partition(":")
            detail |= {"locationType": kind, "location": name}
        return {"error": {"code": self.status, "message": self.message, "errors": [detail]}}


def not_found() -> Refusal:
    """Nothing is there, or nothing this account may see."""
    return Refusal(404, "notFound", "Not Found")


def invalid(message: str, location: str = "") -> Refusal:
    """A value is wrong."""
    return Refusal(400, "invalid", message, location=location)


def required(message: str) -> Refusal:
    """A value is missing."""
    return Refusal(400, "required", message)


def bad_request(message: str) -> Refusal:
    """The combination of values makes no sense."""
    return Refusal(400, "badRequest", message)


def unauthorized() -> Refusal:
    """The access token is unknown, expired or revoked."""
    return Refusal(401, "authError", "Invalid Credentials", location="header:Authorization")


def insufficient_scopes() -> Refusal:
    """The access token was not granted for this."""
    return Refusal(403, "insufficientPermissions", "Request had insufficient authentication scopes.")


def forbidden() -> Refusal:
    """The account may not do this to that calendar or event."""
    return Refusal(403, "forbidden", "Forbidden")


def needs_writer() -> Refusal:
    """The calendar is shared for reading only."""
    message = "You need to have writer access to this calendar."
    return Refusal(403, "requiredAccessLevel", message, domain="calendar")


def rate_limited(status: int) -> Refusal:
    """Too many requests; Google says it with 403 and with 429."""
    return Refusal(status, "rateLimitExceeded", "Rate Limit Exceeded", domain="usageLimits")


def duplicate() -> Refusal:
    """The event id is taken, also when its event was deleted."""
    return Refusal(409, "duplicate", "The requested identifier already exists.")


def deleted() -> Refusal:
    """The event was deleted already."""
    return Refusal(410, "deleted", "Resource has been deleted")


def full_sync_required() -> Refusal:
    """The sync token is too old or unknown."""
    message = "Sync token is no longer valid, a full sync is required."
    return Refusal(410, "fullSyncRequired", message, domain="calendar", location="parameter:syncToken")


def condition_not_met() -> Refusal:
    """The event has another etag than If-Match names."""
    return Refusal(412, "conditionNotMet", "Precondition Failed", location="header:If-Match")


def backend_error() -> Refusal:
    """Google's own trouble."""
    return Refusal(500, "backendError", "Backend Error")


def not_played(what: str) -> Refusal:
    """Google has it and this fake has not: nobody should take that for Google's answer."""
    return Refusal(501, "notImplemented", f"the local fake does not play {what}")
