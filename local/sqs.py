"""SQS's JSON protocol, as much of it as a poller needs.

boto3 blocks a thread per long poll and cannot be cancelled; the local moto server does not check
signatures, so a plain POST does, and stops at once when the stack does.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

LONG_POLL_SECONDS = 5
MOST_PER_CALL = 10  # SQS gives and takes at most ten messages a call


class SqsError(Exception):
    """SQS refused a call; the message is its error code."""


@dataclass(frozen=True, slots=True)
class Sqs:
    """A client bound to one endpoint; `session` is closed by who opened it."""

    session: aiohttp.ClientSession
    url: str
    region: str

    async def call(self, action: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Call one action; raise SqsError with SQS's error code."""
        headers = {
            "content-type": "application/x-amz-json-1.0",
            "x-amz-target": f"AmazonSQS.{action}",
            # Not a signature: moto reads the region out of this place.
            "authorization": f"AWS4-HMAC-SHA256 Credential=local/20260101/{self.region}/sqs/aws4_request",
        }
        body = json.dumps(parameters)
        async with self.session.post(self.url, data=body, headers=headers) as response:
            text = await response.text()
            if response.status != 200:
                msg = f"{action}: {response.headers.get('x-amzn-query-error', response.status)}"
                raise SqsError(msg)
        answer: dict[str, Any] = json.loads(text or "{}")
        return answer

    async def create(self, name: str, attributes: Mapping[str, str]) -> tuple[str, str]:
        """Create a queue and return its URL and ARN."""
        made = await self.call("CreateQueue", {"QueueName": name, "Attributes": attributes})
        url = str(made["QueueUrl"])
        known = await self.call("GetQueueAttributes", {"QueueUrl": url, "AttributeNames": ["QueueArn"]})
        return url, str(known["Attributes"]["QueueArn"])

    async def receive(self, queue_url: str, most: int, wait_seconds: int) -> list[dict[str, Any]]:
        """Wait up to `wait_seconds` for messages and return them with all their attributes."""
        answer = await self.call(
            "ReceiveMessage",
            {
                "QueueUrl": queue_url,
                "MaxNumberOfMessages": min(most, MOST_PER_CALL),
                "WaitTimeSeconds": wait_seconds,
                "AttributeNames": ["All"],
                "MessageAttributeNames": ["All"],
            },
        )
        messages: list[dict[str, Any]] = answer.get("Messages") or []
        return messages

    async def delete(self, queue_url: str, receipts: list[str]) -> None:
        """Delete received messages."""
        for start in range(0, len(receipts), MOST_PER_CALL):
            part = receipts[start : start + MOST_PER_CALL]
            entries = [{"Id": str(n), "ReceiptHandle": receipt} for n, receipt in enumerate(part)]
            await self.call("DeleteMessageBatch", {"QueueUrl": queue_url, "Entries": entries})
