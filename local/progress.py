"""What the person at the terminal sees while something starts."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is being done, and, once it is, how long it took."""
    began = time.monotonic()
    print(f"  {what:<42}", end="", flush=True)
    try:
        yield
    except BaseException:
        print("failed", flush=True)
        raise
    print(f"{time.monotonic() - began:5.1f} s", flush=True)


def say(line: str) -> None:
    """Print a line with the time of day; ids, codes and route names only."""
    print(f"{datetime.now().astimezone():%H:%M:%S}  {line}", flush=True)


def complain(sentence: str) -> None:
    """Print why something cannot go on."""
    print(sentence, file=sys.stderr, flush=True)
