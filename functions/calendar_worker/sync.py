"""Read a provider's calendar: everything once, then what changed, and keep the busy times and visits in step.

One reader a calendar at a time (a lease in the database). Rows go in small committed pieces, what is gone
first; the last piece stores Google's token in its own transaction. A reader that dies in between leaves the
old token: the next one is told the same changes again, and applying them again changes nothing.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import batched
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from frontdesk import calendar_sync, log, outbox
from frontdesk.calendar_sync import Block
from frontdesk.errors import CredentialsError, SettingsError
from functions.calendar_worker import changes, error_classes, listing, tokens
from functions.calendar_worker.busy import Window
from functions.calendar_worker.error_classes import ErrorClass
from functions.calendar_worker.google_calendar import GoogleError
from functions.calendar_worker.listing import Listing, Source

# A statement's parameters stay under 16 kB, and no booking waits for more rows than this.
ROWS_PER_CALL = 100
# A calendar that is notified of faster than it is read gets a turn again later.
MOST_TURNS = 3
UNSETTLED_SECONDS = 30
NO_TOKEN_SECONDS = 60
# A calendar out of reach is looked at once a day until somebody assigns it anew or connects again.
A_DAY = 24 * 3600
POLL_SECONDS = 15 * 60


@dataclass(slots=True)
class Reading:
    """What a reading did: its outcome, and how many differences of which kind it found."""

    outcome: str
    counts: Counter[str] = field(default_factory=Counter)
    leftovers: tuple[str, ...] = ()
    source: Source | None = None


def pull(org_id: UUID, calendar_id: UUID) -> str:
    """Read what changed in a calendar since the last time and return the outcome.

    'read', or why not: 'busy' (another reads, and will look once more), 'paused', 'unknown_calendar',
    'unsettled', 'lost', 'no_token', or the code of Google's refusal. Raises only for the database.
    """
    for _ in range(MOST_TURNS):
        reading = read(org_id, calendar_id)
        if reading.outcome != "again":
            break
    return "read" if reading.outcome == "again" else reading.outcome


def read(org_id: UUID, calendar_id: UUID, *, full: bool = False) -> Reading:
    """Read a calendar once, everything of it if `full`; outcome 'again': it was notified of meanwhile."""
    lease = uuid4()
    begun = calendar_sync.begin(org_id, calendar_id, lease)
    if begun["outcome"] != "begun":
        return Reading(begun["outcome"])
    source = _source(org_id, begun)
    try:
        listed = listing.read(source, None if full else begun["sync_token"])
        return _apply(source, calendar_id, lease, listed, int(begun["pushes"]))
    except tokens.ConnectionPausedError:
        return _stop(org_id, calendar_id, lease, "paused", POLL_SECONDS)
    except GoogleError as error:
        return _refused(org_id, calendar_id, lease, error)
    except (CredentialsError, SettingsError) as error:
        # The key service away, or no OAuth client set up: both are put right without us.
        log.error("calendar not read", org_id=str(org_id), error=type(error).__name__)
        return _stop(org_id, calendar_id, lease, "no_token", NO_TOKEN_SECONDS)


def _source(org_id: UUID, begun: Mapping[str, Any]) -> Source:
    edges = [int(datetime.fromisoformat(begun[edge]).timestamp()) for edge in ("from", "until")]
    zone = listing.zone_of(begun["time_zone"], ZoneInfo("UTC"))
    return Source(org_id, begun["google_calendar_id"], Window(edges[0], edges[1], zone))


def _apply(source: Source, calendar_id: UUID, lease: UUID, listed: Listing, pushes: int) -> Reading:
    """Bring blocks and visits into step with a listing, and then, and only then, keep its token."""
    org_id = source.org_id
    mirror: Mapping[str, Any] = calendar_sync.mirror(org_id, calendar_id) if listed.full else {}
    found = changes.find(source, calendar_id, listed, (event[0] for event in mirror.get("events", ())))
    gone, blocks, counts = _differences(listed, mirror)
    pieces = _pieces(gone, blocks)
    # Visits are decided once all busy times are known, and before the token says that they were seen.
    early = pieces if found.changed else pieces[:-1]
    for piece in early:
        if _put(org_id, calendar_id, lease, piece)["outcome"] == "lost":
            return Reading("lost")
    outcomes = changes.settle(source, calendar_id, found.changed)
    if outcomes["again"]:
        return _stop(org_id, calendar_id, lease, "unsettled", UNSETTLED_SECONDS)
    last = {
        "sync_token": listed.sync_token,
        "time_zone": listed.time_zone,
        "pushes": pushes,
        "full": listed.full,
    }
    told = _put(org_id, calendar_id, lease, ((), ()) if found.changed else pieces[-1], last)
    counts["events"] += sum(outcomes.values())
    outcome = "lost" if told["outcome"] == "lost" else "again" if told["again"] else "read"
    return Reading(outcome, +counts, tuple(found.leftovers), source)


Piece = tuple[Sequence[str], Sequence[Block]]


def _differences(listed: Listing, mirror: Mapping[str, Any]) -> tuple[list[str], list[Block], Counter[str]]:
    """Return the ids to delete, the blocks to put, and of a full listing how many were wrong in which way."""
    if not listed.full:
        return sorted(listed.gone), [(key, *span) for key, span in sorted(listed.blocks.items())], Counter()
    held = {key: (starts, ends) for key, starts, ends in mirror["blocks"]}
    gone = sorted(held.keys() - listed.blocks.keys())
    blocks = [(key, *span) for key, span in sorted(listed.blocks.items()) if held.get(key) != span]
    moved = sum(key in held for key, _, _ in blocks)
    return gone, blocks, Counter(extra=len(gone), moved=moved, missing=len(blocks) - moved)


def _pieces(gone: Sequence[str], blocks: Sequence[Block]) -> list[Piece]:
    """Cut the work into calls, deletions first: a deleted series takes all with it that is named like it.

    There is always a last piece, if only an empty one, to end the reading with.
    """
    pieces: list[Piece] = [(part, ()) for part in batched(gone, ROWS_PER_CALL, strict=False)]
    pieces += [((), part) for part in batched(blocks, ROWS_PER_CALL, strict=False)]
    return pieces or [((), ())]


def _put(
    org_id: UUID, calendar_id: UUID, lease: UUID, piece: Piece, last: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    gone, blocks = piece
    told = calendar_sync.apply(org_id, calendar_id, lease, blocks, gone, last)
    outbox.publish_later(org_id, told.get("outbox"))
    return told


def _stop(
    org_id: UUID, calendar_id: UUID, lease: UUID, code: str, seconds: int, status: str | None = None
) -> Reading:
    told = calendar_sync.stop(org_id, calendar_id, lease, code, seconds, status)
    outbox.publish_later(org_id, told["outbox"])
    return Reading(code)


def _refused(org_id: UUID, calendar_id: UUID, lease: UUID, error: GoogleError) -> Reading:
    """Give a reading up for what Google said: for a while, or until somebody sees to the calendar."""
    found = error_classes.classify(error.status, error.reason)
    code = f"{error.status}:{error.reason}"
    log.error(
        "calendar not read", org_id=str(org_id), calendar_id=str(calendar_id), error_code=code, reason=found
    )
    if found in {ErrorClass.MISSING, ErrorClass.DELETED}:
        return _stop(org_id, calendar_id, lease, code, A_DAY, "gone")
    if found is ErrorClass.FORBIDDEN:
        return _stop(org_id, calendar_id, lease, code, A_DAY, "forbidden")
    seconds = 60 + random.randrange(60)  # noqa: S311 - jitter, not a secret
    if found in {ErrorClass.PERMANENT, ErrorClass.AUTH}:
        seconds = POLL_SECONDS
    return _stop(org_id, calendar_id, lease, code, max(seconds, int(error.retry_after or 0)))
