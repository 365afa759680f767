"""Answer events in a process whose output is nothing but what the function itself writes.

Run as a program: steps as JSON on the standard input, responses into the file named by the only argument. A
step is `{"event": ...}`, `{"environ": {...}}` to change the environment, or `{"break": text}` after which
every tool raises an exception with that text.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from frontdesk import db, settings
from functions.book import app as book_app
from functions.book import tools


def main() -> None:
    """Take the steps in order."""
    responses = []
    for step in json.load(sys.stdin):
        if "environ" in step:
            os.environ.update(step["environ"])
            settings.current.cache_clear()
            db.close()
        if "break" in step:
            _break_every_tool(step["break"])
        if "event" in step:
            responses.append(book_app.handler(step["event"], None))
    Path(sys.argv[1]).write_text(json.dumps(responses))


def _break_every_tool(text: str) -> None:
    def broken(_: Any) -> Any:
        raise ValueError(text)

    for name in tools.TOOLS:
        tools.TOOLS[name] = broken


if __name__ == "__main__":
    main()
