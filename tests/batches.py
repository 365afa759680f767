"""SQS batches as Lambda gives them to the workers, and the context beside them."""

import json
from typing import Any


class Context:
    """A Lambda context with so many milliseconds left each time it is asked."""

    def __init__(self, *left: int) -> None:
        self.left = list(left) or [30_000]

    def get_remaining_time_in_millis(self) -> int:
        """Return the next number, the last one for ever."""
        return self.left.pop(0) if len(self.left) > 1 else self.left[0]


def batch(*bodies: Any) -> dict[str, Any]:
    """Write the event Lambda gives for these message bodies; ids are m0, m1, ..."""
    texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
    return {"Records": [{"messageId": f"m{place}", "body": text} for place, text in enumerate(texts)]}
