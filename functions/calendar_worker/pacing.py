"""How many calls to Google a clinic may have: a token bucket for each, in this process.

Google allows 600 calls a minute for one user of one project (docs/calendar.md). Five workers run at once
(template.yaml, MaximumConcurrency), each with a bucket of 60 that gains one a second: together at most
5 * (60 + 60) = 600 in any minute. A clinic whose bucket is empty is put off, and the next clinic's message is
worked on at once. What the buckets cannot see, other programs using the same account, Google's own refusal
tells, and google_connections.quiet_until then keeps every worker from calling for that clinic.
"""

import time
from dataclasses import dataclass
from uuid import UUID

BURST = 60.0
PER_SECOND = 1.0
MAX_KNOWN = 2000

# A write needs two calls at most as a rule; one that needs more goes into debt.
PER_WRITE = 2.0


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


_buckets: dict[UUID, _Bucket] = {}


def wait_seconds(org_id: UUID, calls: float = PER_WRITE) -> float:
    """Take so many calls for a clinic and return 0, or take none and return the seconds to wait for them."""
    now = time.monotonic()
    bucket = _buckets.get(org_id)
    if bucket is None:
        if len(_buckets) >= MAX_KNOWN:
            _buckets.clear()
        bucket = _buckets[org_id] = _Bucket(BURST, now)
    bucket.left = min(BURST, bucket.left + (now - bucket.at) * PER_SECOND)
    bucket.at = now
    if bucket.left < calls:
        return (calls - bucket.left) / PER_SECOND
    bucket.left -= calls
    return 0.0


def charge(org_id: UUID, calls: float = 1.0) -> None:
    """Count calls that were made beyond those taken: they are paid back before the next is let through."""
    if (bucket := _buckets.get(org_id)) is not None:
        bucket.left -= calls


def forget() -> None:
    """Fill every bucket (for tests)."""
    _buckets.clear()
