"""What the tests of the SQL share: one clinic in New York with one provider."""

import pytest

from tests.clinics import Clinic, Connection, make_clinic


@pytest.fixture
def clinic(owner: Connection) -> Clinic:
    """Make a clinic: Dr. Patel, Monday to Friday 09:00-17:00 in New York, cleaning 60 and check-up 30 minutes."""
    return make_clinic(owner)
