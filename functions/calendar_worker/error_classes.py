"""What a refusal of Google's means for a write: one table by HTTP status and reason.

Source: developers.google.com/workspace/calendar/api/guides/errors ("Handle API errors") for 400, 401, the
403s, 404, 409, 410, 412, 429 and 5xx; that a 403 is repeated for a rate's reasons only also stands in the
client library (googleapiclient/http.py). What is not in the table: 4xx never, 5xx again.
"""

import random
from enum import StrEnum


class ErrorClass(StrEnum):
    """What to do about a refusal."""

    RETRY = "retry"  # nothing is known to have happened, and doing it again does no harm: the id is ours
    QUOTA = "quota"  # too many of this clinic's calls: none for a while
    AUTH = "auth"  # the access token: refresh it once
    PERMANENT = "permanent"  # never, as it is
    FORBIDDEN = "forbidden"  # not ours to write: the event, or the whole calendar
    MISSING = "missing"  # no such event, or no such calendar
    TAKEN = "taken"  # the id is used, perhaps by us
    DELETED = "deleted"  # was deleted before
    CHANGED = "changed"  # is no longer the one we knew


Q, F, M = ErrorClass.QUOTA, ErrorClass.FORBIDDEN, ErrorClass.MISSING

# By status alone.
STATUSES = {
    0: ErrorClass.RETRY,  # not reached, timed out, or an answer that could not be read
    400: ErrorClass.PERMANENT,  # badRequest, timeRangeEmpty, ...: our own mistake
    401: ErrorClass.AUTH,  # authError: expired or revoked
    403: F,  # forbidden, forbiddenForNonOrganizer, insufficientPermissions, domainPolicy
    404: M,
    408: ErrorClass.RETRY,
    409: ErrorClass.TAKEN,  # duplicate
    410: ErrorClass.DELETED,  # deleted; of a listing: the sync token is too old
    412: ErrorClass.CHANGED,  # conditionNotMet
    429: Q,
}
# A reason that says something else than its status does.
REASONS = {
    (403, "rateLimitExceeded"): Q,
    (403, "userRateLimitExceeded"): Q,
    (403, "quotaExceeded"): Q,
    (403, "dailyLimitExceeded"): Q,
    (403, "calendarUsageLimitsExceeded"): Q,
    (403, "insufficientPermissions"): F,
    (403, "backendError"): ErrorClass.RETRY,
    (409, "conflict"): ErrorClass.RETRY,  # two requests met inside Google
}

# Seconds: 1, 2, 4 ... 64, then 5 minutes, then half an hour. Dispatch looks once a minute, so the first few
# all come with its next run.
LONGEST_BACKOFF = 64.0
PATIENT = ((30, 30 * 60.0), (10, 5 * 60.0))  # from that attempt on
LEAST_QUOTA_SECONDS = 10.0


def classify(status: int, reason: str) -> ErrorClass:
    """Say what a refusal means."""
    found = REASONS.get((status, reason)) or STATUSES.get(status)
    if found is not None:
        return found
    return ErrorClass.RETRY if status >= 500 else ErrorClass.PERMANENT


def backoff(attempt: int, retry_after: float | None = None) -> int:
    """Return the whole seconds to wait after this attempt (the first is 1), never less than Google asked for.

    With up to half as much again of jitter: a clinic's writes that failed together must not return together.
    """
    for least, seconds in PATIENT:
        if attempt >= least:
            wait = seconds
            break
    else:
        wait = min(2.0 ** max(attempt - 1, 0), LONGEST_BACKOFF)
    wait = max(wait, retry_after or 0.0)
    return max(1, round(wait + random.uniform(0, wait / 2)))  # noqa: S311 - jitter, not a secret
