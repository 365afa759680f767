"""What the tests of the SQL share: one clinic in New York with one provider, and one that never closes."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.clinics import Clinic, Connection, make_clinic


@pytest.fixture
def clinic(owner: Connection) -> Clinic:
    """Make a clinic: Dr. Patel, weekdays 09:00-17:00 in New York, cleaning 60 and check-up 30 minutes."""
    return make_clinic(owner)


@pytest.fixture
def three(owner: Connection) -> Clinic:
    """Make a clinic with three providers."""
    return make_clinic(owner, providers=("Dr. Ana Ruiz", "Dr. Ben Cho", "Dr. Cy Okafor"))


@pytest.fixture
def open_always(owner: Connection) -> Clinic:
    """Make a clinic that never closes and books with no notice: what is near now can be tried at any hour."""
    return make_clinic(
        owner,
        time_zone="UTC",
        opens="00:00",
        closes="24:00",
        weekdays=range(1, 8),
        services={"Teeth cleaning": 15},
        minimum_notice_minutes=0,
    )


@pytest.fixture
def next_quarter() -> datetime:
    """Return the first quarter of an hour that is at least ten minutes ahead, in UTC."""
    ahead = datetime.now(UTC) + timedelta(minutes=25)
    return ahead.replace(minute=ahead.minute // 15 * 15, second=0, microsecond=0)
