"""An SQS consumer that notes what it got and fails what it is told to fail."""

import json
import os
import time
from pathlib import Path
from typing import Any


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Note each message's body in $NOTES and report those whose body says "poison" as failed."""
    began = time.time()
    time.sleep(float(os.environ.get("SECONDS_PER_BATCH", "0")))
    failed = [r["messageId"] for r in event["Records"] if r["body"] == "poison"]
    note = {
        "bodies": [record["body"] for record in event["Records"]],
        "records": event["Records"],
        "began": began,
        "ended": time.time(),
    }
    with Path(os.environ["NOTES"]).open("a", encoding="utf-8") as notes:
        notes.write(json.dumps(note) + "\n")  # one write of one line: safe among several workers
    if any(record["body"] == "explode" for record in event["Records"]):
        os._exit(1)
    return {"batchItemFailures": [{"itemIdentifier": one} for one in failed]}


def tick(event: Any, context: Any) -> None:
    """Note a scheduled event in $NOTES."""
    with Path(os.environ["NOTES"]).open("a", encoding="utf-8") as notes:
        notes.write(json.dumps(event) + "\n")
