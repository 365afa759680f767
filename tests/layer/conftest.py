"""What the tests of the layer share: the environment of a function that uses this test's database."""

from collections.abc import Iterator

import pytest

from frontdesk import db, orgs, settings
from tests.clinics import Clinic, Connection, make_clinic
from tests.database import Database


@pytest.fixture
def connected(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Point frontdesk.db at this test's database."""
    monkeypatch.setenv("DATABASE_URL", database.app_url)
    monkeypatch.setenv("DATABASE_AUTH", "password")
    settings.current.cache_clear()
    orgs.forget()
    yield database
    db.close()
    settings.current.cache_clear()


@pytest.fixture
def clinic(owner: Connection) -> Clinic:
    """Make a clinic: Dr. Patel, weekdays 09:00-17:00 in New York, cleaning 60 and check-up 30 minutes."""
    return make_clinic(owner)
