"""A function pointed at this test's database, with queues whose URLs lead nowhere."""

from collections.abc import Iterator

import pytest

from frontdesk import db, settings
from tests.database import Database


@pytest.fixture
def environment(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give the function the environment the template gives it."""
    monkeypatch.setenv("DATABASE_URL", database.app_url)
    monkeypatch.setenv("DATABASE_AUTH", "password")
    for queue in ("SMS", "CALENDAR", "NOTIFY"):
        monkeypatch.setenv(f"{queue}_QUEUE_URL", f"https://sqs.invalid/{queue.lower()}")
    settings.current.cache_clear()
    yield
    db.close()
    settings.current.cache_clear()
