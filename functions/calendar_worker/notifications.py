"""POST /api/google/notifications: Google says that a calendar changed, and nothing more.

The sender proves itself by the channel's id, our random token for it (its hash is stored) and Google's
resource id. Who cannot gets 404 without a body and starts no work. The reading itself is the queue's: Google
wants an answer at once, and takes everything but 500, 502, 503 and 504 for delivered.
"""

import hmac
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from frontdesk import calendar_sync, log, metrics, outbox
from frontdesk.errors import FrontdeskError
from frontdesk.token_hash import token_hash

# Notifications have no body; the headers of a genuine one are a few hundred bytes.
MAX_BODY = 1024
MAX_TOKEN = 256

Response = dict[str, Any]


def receive(event: Mapping[str, Any]) -> Response:
    """Answer one HTTP API event (payload 2.0): 200, 404 to strangers, 413, 503 while the database is away."""
    if len(event.get("body") or "") > MAX_BODY:
        return {"statusCode": 413}
    headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    try:
        return _answer(headers)
    except FrontdeskError as error:
        # 503 is one of the four that Google repeats.
        log.error(
            "notification failed", error=type(error).__name__, sqlstate=getattr(error, "sqlstate", None)
        )
        return {"statusCode": 503}


def _answer(headers: Mapping[str, str]) -> Response:
    channel_id = _uuid(headers.get("x-goog-channel-id", ""))
    org_id = _proven(channel_id, headers) if channel_id else None
    if channel_id is None or org_id is None:
        metrics.refused("google_channel")
        return {"statusCode": 404}
    if headers.get("x-goog-resource-state") != "sync":  # that one only says that the channel is there
        told = calendar_sync.note_push(org_id, channel_id)
        outbox.publish_later(org_id, told["outbox"])
    return {"statusCode": 200}


def _proven(channel_id: UUID, headers: Mapping[str, str]) -> UUID | None:
    """Return the clinic whose channel this is, if the token and the resource are the channel's too."""
    channel = calendar_sync.watch_channel(channel_id)
    token = headers.get("x-goog-channel-token", "")[:MAX_TOKEN]
    if channel is None or not hmac.compare_digest(token_hash(token), channel["token_hash"]):
        return None
    # Google may notify before it has answered with the resource's id.
    if channel["resource_id"] not in {None, headers.get("x-goog-resource-id", "")}:
        return None
    return UUID(channel["org_id"])


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
