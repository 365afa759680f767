"""The small modules every function stands on: the database token, log fields and settings."""

import os
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from unittest import mock

import botocore.auth
import botocore.session
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk import log, rds_token, settings
from frontdesk.errors import SettingsError

MOMENT = datetime(2026, 11, 7, 23, 59, 58, tzinfo=UTC)
KEYS = {
    "AWS_ACCESS_KEY_ID": "KEY-ID-OF-THE-TESTS",
    "AWS_SECRET_ACCESS_KEY": "secret/key+of/the+tests",
}
SESSION = "IQoJb3JpZ2luX2VjEXAMPLE//////////wEaCXVzLWVhc3Q=+/:?& é"


def botocores_token(host: str, port: int, user: str, region: str, environ: dict[str, str]) -> str:
    """Return what the AWS SDK signs at MOMENT with these credentials."""
    # botocore signs in C where awscrt is installed, by a clock that cannot be set.
    in_python = {"v4-query": botocore.auth.SigV4QueryAuth}
    with (
        mock.patch.dict(botocore.auth.AUTH_TYPE_MAPS, in_python),
        mock.patch.dict(os.environ, {**environ, "AWS_EC2_METADATA_DISABLED": "true"}),
        mock.patch("botocore.auth.get_current_datetime", return_value=MOMENT.replace(tzinfo=None)),
    ):
        client: Any = botocore.session.Session().create_client("rds", region_name=region)
        token = client.generate_db_auth_token(host, port, user, Region=region)
    assert isinstance(token, str)
    return token


@pytest.mark.parametrize("session", [None, SESSION])
@pytest.mark.parametrize(
    ("host", "port", "user", "region"),
    [
        ("frontdesk.proxy-abc.us-east-1.rds.amazonaws.com", 5432, "frontdesk_app", "us-east-1"),
        ("db.example", 6543, "user with spaces&=~", "eu-central-1"),
    ],
)
def test_a_token_is_what_the_sdk_would_sign(
    host: str, port: int, user: str, region: str, session: str | None
) -> None:
    """Byte for byte, with a role's session token and without, for names that need quoting too."""
    environ = KEYS | ({"AWS_SESSION_TOKEN": session} if session else {})
    ours = rds_token.sign(host, port, user, region, environ, MOMENT)
    assert ours == botocores_token(host, port, user, region, environ)
    assert ("X-Amz-Security-Token" in ours) is (session is not None)
    assert "X-Amz-Date=20261107T235958Z" in ours


def test_a_token_does_not_depend_on_the_zone_of_the_clock() -> None:
    """The same moment said in another zone, already the next day there, signs the same."""
    elsewhere = MOMENT.astimezone(timezone(timedelta(hours=9)))
    arguments = ("db.example", 5432, "u", "us-east-1", KEYS)
    assert rds_token.sign(*arguments, elsewhere) == rds_token.sign(*arguments, MOMENT)


def test_without_credentials_nothing_is_signed() -> None:
    """A function without a role says so at once."""
    with pytest.raises(KeyError):
        rds_token.sign("h", 5432, "u", "us-east-1", {}, MOMENT)


def test_a_field_outside_the_list_is_dropped_and_named() -> None:
    """Its name stays, so that somebody sees what was lost; its value goes."""
    assert log._allowed({"outcome": "BOOKED", "patient_name": "Dana", "phone": "+12025550147"}) == {
        "outcome": "BOOKED",
        "dropped_fields": ["patient_name", "phone"],
    }


def test_nothing_that_is_not_there_is_written() -> None:
    """None is no value."""
    assert log._allowed({"outcome": "BOOKED", "appointment_id": None}) == {"outcome": "BOOKED"}


@pytest.mark.parametrize(
    "value", ["Dana Whitfield", "+12025550147", "dana@example.com", "a\nb", "", "x" * 129, "señora"]
)
def test_an_id_that_looks_like_none_is_not_written(value: str) -> None:
    """Ids come from outside: one that holds a name, a number or a sentence is replaced."""
    assert log._allowed({"tool_call_id": value}) == {"tool_call_id": log.UNPRINTABLE}


@pytest.mark.parametrize(
    "value", ["call_AbC-1.2", "019aa141-4449-7775-8d7e-006f2a64e546", "BOOKED", 12, 3.5, True]
)
def test_an_id_or_a_number_is_written_as_it_is(value: object) -> None:
    """Vapi's ids, ours, codes, counts and durations."""
    assert log._allowed({"tool_call_id": value}) == {"tool_call_id": value}


@given(st.dictionaries(st.text(), st.text()))
def test_no_field_makes_a_log_line_with_blanks_or_ats(fields: dict[str, str]) -> None:
    """Whatever is handed in, no value that could be a sentence or an address comes out."""
    for name, value in log._allowed(dict(fields)).items():
        assert name in log.ALLOWED or name == "dropped_fields"
        assert isinstance(value, list) or not set(str(value)) & set(" @+\n\"'")


URL = "postgresql://frontdesk_app:x@db.example/frontdesk"


def test_settings_are_read_from_the_environment() -> None:
    """Two master keys: the current one first, then the one that is being replaced."""
    environ = {"DATABASE_URL": URL, "DATABASE_AUTH": "iam", "AWS_REGION": "eu-west-1", "STAGE": "prod"}
    read = settings.read(environ | {"VAPI_SIGNING_KEYS": " new , old,, "})
    assert read == settings.Settings(URL, "iam", "eu-west-1", "prod", ("new", "old"))


def test_what_is_not_set_has_a_safe_value() -> None:
    """No master key means that nobody is let in, not that everybody is."""
    read = settings.read({"DATABASE_URL": URL})
    assert (read.database_auth, read.stage, read.vapi_signing_keys) == ("password", "local", ())


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, "DATABASE_URL"),
        ({"DATABASE_URL": "mysql://x"}, "DATABASE_URL"),
        ({"DATABASE_URL": URL, "DATABASE_AUTH": "none"}, "DATABASE_AUTH"),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(environ: dict[str, Any], named: str) -> None:
    """A URL holds a password: the message names the variable only."""
    with pytest.raises(SettingsError, match=named) as caught:
        settings.read(environ)
    assert "mysql" not in str(caught.value)
