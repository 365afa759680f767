"""SQS's standard queue in memory: at least once, in any order, hidden while somebody works, dead after five.

Only what the documentation promises: messages may come twice and out of order, come back when their
visibility timeout ends, and go to the dead-letter queue after maxReceiveCount receives. Time is the test's.
"""

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

VISIBILITY = 180.0
MOST_RECEIVES = 5


@dataclass
class Message:
    """One copy of a message."""

    id: str
    body: str
    group: str
    visible_at: float
    receives: int = 0


@dataclass
class Queue:
    """One queue; `duplicates` is the share of messages that are delivered twice."""

    dice: random.Random
    duplicates: float = 0.0
    now: float = 0.0
    waiting: list[Message] = field(default_factory=list)
    dead: list[Message] = field(default_factory=list)
    taken: int = 0  # messages ever sent to it, copies of its own making not counted

    def put(self, body: str, group: str = "") -> None:
        """Take a message, and now and then keep two of it."""
        self.taken += 1
        copies = 2 if self.dice.random() < self.duplicates else 1
        for copy in range(copies):
            self.waiting.append(Message(f"m{self.taken}-{copy}", body, group, self.now))

    def receive(self, most: int) -> list[Message]:
        """Hand out up to so many visible messages in any order; what was received too often dies instead."""
        visible = [message for message in self.waiting if message.visible_at <= self.now]
        for message in [one for one in visible if one.receives >= MOST_RECEIVES]:
            self.waiting.remove(message)
            visible.remove(message)
            self.dead.append(message)
        handed = self.dice.sample(visible, min(most, len(visible)))
        for message in handed:
            message.receives += 1
            message.visible_at = self.now + VISIBILITY
        return handed

    def delete(self, messages: Sequence[Message]) -> None:
        """Forget what was worked on."""
        for message in messages:
            self.waiting.remove(message)

    def event(self, messages: Sequence[Message]) -> dict[str, Any]:
        """Write the event Lambda gives a function for these messages."""
        return {
            "Records": [
                {
                    "messageId": message.id,
                    "body": message.body,
                    "attributes": {"ApproximateReceiveCount": str(message.receives)},
                    "eventSource": "aws:sqs",
                }
                for message in messages
            ]
        }


@dataclass
class Sqs:
    """The three queues behind the one SDK call that is used; a share of entries and calls may fail."""

    dice: random.Random
    duplicates: float = 0.0
    failing_entries: float = 0.0
    failing_calls: float = 0.0
    queues: dict[str, Queue] = field(init=False)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Make the queues."""
        names = ("sms", "calendar", "notify")
        self.queues = {name: Queue(random.Random(self.dice.random()), self.duplicates) for name in names}

    def send_message_batch(self, QueueUrl: str, Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803
        """Answer as SQS does: every entry is told of, as taken or as failed."""
        assert 1 <= len(Entries) <= 10
        with self.lock:
            if self.dice.random() < self.failing_calls:
                raise TimeoutError("SQS does not answer")
            answer: dict[str, list[dict[str, Any]]] = {"Successful": [], "Failed": []}
            for entry in Entries:
                if self.dice.random() < self.failing_entries:
                    answer["Failed"].append(
                        {"Id": entry["Id"], "Code": "InternalError", "SenderFault": False}
                    )
                    continue
                self.queues[QueueUrl.rpartition("/")[2]].put(entry["MessageBody"], entry["MessageGroupId"])
                answer["Successful"].append({"Id": entry["Id"]})
            return answer

    def pass_time(self, seconds: float) -> None:
        """Let so many seconds go by in every queue."""
        for queue in self.queues.values():
            queue.now += seconds
