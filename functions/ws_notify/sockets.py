"""The way back to a browser: API Gateway's @connections, through the one client of the process.

The only file here that knows the SDK. Limits and answers: AWS, "Use @connections commands in your backend
service" and the API Gateway quotas (a message has at most 128 KB).
"""

import json
import random
import threading
import time
from collections.abc import Mapping
from enum import Enum, auto
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

# Seconds before the second and the third try of what was throttled or failed; then the board catches up.
PAUSES = (0.1, 0.4)
CONNECT_SECONDS = 1.0
READ_SECONDS = 3.0
AT_ONCE = 10


class Result(Enum):
    """What became of one message."""

    SENT = auto()
    GONE = auto()  # the connection is not there any more
    TOO_LARGE = auto()
    LEFT = auto()  # given up after the retries
    REFUSED = auto()  # we may not post at all: a defect of the deployment


def post(url: str, connection_id: str, message: Mapping[str, Any]) -> Result:
    """Send one message to one connection; `url` is the stage's https URL. Never raises."""
    data = json.dumps(message, separators=(",", ":")).encode()
    for pause in (*PAUSES, None):
        status = _status(lambda: _client(url).post_to_connection(ConnectionId=connection_id, Data=data))
        # Without an answer there is no second try: it would wait as long again.
        if not (status == 429 or status >= 500) or pause is None:
            return _RESULTS.get(status, Result.LEFT)
        time.sleep(pause * random.uniform(0.75, 1.25))  # noqa: S311 - jitter, not a secret
    return Result.LEFT


def close(url: str, connection_id: str) -> Result:
    """End one connection; one that has gone already is as good."""
    status = _status(lambda: _client(url).delete_connection(ConnectionId=connection_id))
    return _RESULTS.get(status, Result.LEFT)


_one_at_a_time = threading.Lock()
_RESULTS = {
    200: Result.SENT,
    410: Result.GONE,
    413: Result.TOO_LARGE,
    403: Result.REFUSED,
    401: Result.REFUSED,
}


def _status(call: Any) -> int:
    """Return the HTTP status of a call, 0 where there was no answer; its texts may quote what was sent."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - botocore makes its errors at run time; one must not end a batch
        response = getattr(error, "response", None)
        told = response.get("ResponseMetadata", {}) if isinstance(response, dict) else {}
        return int(told.get("HTTPStatusCode") or 0)
    return 200


def get_ready(url: str) -> None:
    """Make the client of a stage now: at a cold start Lambda gives more of a processor than later."""
    if url:
        _client(url)


def _client(url: str) -> Any:
    """Return the client of a stage."""
    with _one_at_a_time:  # ten threads would each load it, and then keep nine for nothing
        return _load_client(url)


@cache
def _load_client(url: str) -> Any:
    patience = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=READ_SECONDS,
        max_pool_connections=AT_ONCE,
        retries={"total_max_attempts": 1, "mode": "standard"},  # ours are the only ones
    )
    return boto3.client("apigatewaymanagementapi", endpoint_url=url, config=patience)
