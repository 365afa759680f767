"""Migrations as a step of a deploy: what CloudFormation is told, from a real Postgres."""

import json
import re
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from functions.migrate_on_deploy import app
from migrations import in_vpc
from tests.aws import fake_aws
from tests.aws.fake_aws import FakeAws
from tests.database import Database

LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:MigrationsLayer0a1b2c3d4e"


class Context:
    """Lambda's context, with the whole of fifteen minutes left."""

    def get_remaining_time_in_millis(self) -> int:
        """Return milliseconds."""
        return 900_000


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    """Put a fake where boto3 and the answer go; it runs the migrating function's own handler when invoked."""
    with fake_aws.running() as state:
        monkeypatch.setenv("AWS_ENDPOINT_URL", state.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setattr("time.sleep", lambda seconds: None)
        state.invoke = lambda order: in_vpc.handler(order, None)
        yield state


def event_of(aws: FakeAws, kind: str, database_url: str, version: int = 1, before: int = 0) -> dict[str, Any]:
    """Write the event CloudFormation sends, and put the login of a database into the secret."""
    where = conninfo_to_dict(database_url)
    aws.secret = json.dumps({"username": where["user"], "password": where["password"]})
    properties = {
        "ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:step",
        "ServiceTimeout": "2000",
        "Migrations": f"{LAYER}:{version}",
        "Host": where["host"],
        "Port": str(where["port"]),
        "Database": where["dbname"],
        "SslMode": "disable",
        "Secret": "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-1",
        "Function": "frontdesk-migrations",
    }
    event = {
        "RequestType": kind,
        "ResponseURL": f"{aws.url}/bucket/answer?X-Amz-Signature=0",
        "StackId": "arn:aws:cloudformation:us-east-1:123456789012:stack/frontdesk-dev/1",
        "RequestId": "b2f1c0de",
        "ResourceType": "Custom::Migrations",
        "LogicalResourceId": "Migrations",
        "ResourceProperties": properties,
    }
    if kind != "Create":
        event["PhysicalResourceId"] = "migrations"
    if kind == "Update":
        event["OldResourceProperties"] = properties | {"Migrations": f"{LAYER}:{before}"}
    return event


def tables(database: Database) -> int:
    """Count the tables in the schema frontdesk."""
    with database.connect_owner() as owner:
        found = owner.execute("SELECT count(*) AS n FROM pg_tables WHERE schemaname = 'frontdesk'").fetchone()
    assert found
    return int(found["n"])


def test_the_first_deploy_makes_the_whole_schema_and_says_so(
    aws: FakeAws, empty_database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    """SUCCESS with the number of files, to the signed address, for this very request; no secret anywhere."""
    event = event_of(aws, "Create", empty_database.owner_url)
    app.handler(event, Context())
    (answer,) = aws.answers
    assert answer["Status"] == "SUCCESS", answer
    assert {name: answer[name] for name in ("StackId", "RequestId", "LogicalResourceId")} == {
        name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")
    }
    assert answer["PhysicalResourceId"] == "migrations"
    assert int(answer["Data"]["Applied"]) > 20
    assert aws.content_types == [""], "the address is signed for an empty content type"
    assert tables(empty_database) > 10
    password = json.loads(str(aws.secret))["password"]
    assert aws.orders[0]["password"] == password
    assert password not in json.dumps(answer) + capsys.readouterr().out


def test_a_deploy_that_changes_no_file_changes_nothing(aws: FakeAws, empty_database: Database) -> None:
    """The same step again: SUCCESS, nothing applied."""
    app.handler(event_of(aws, "Create", empty_database.owner_url), Context())
    app.handler(event_of(aws, "Update", empty_database.owner_url, version=2, before=1), Context())
    assert [answer["Status"] for answer in aws.answers] == ["SUCCESS", "SUCCESS"]
    assert aws.answers[1]["Data"]["Applied"] == "0"


def test_a_refused_migration_fails_the_deploy_with_its_own_sentence(aws: FakeAws, database: Database) -> None:
    """A database from newer code: FAILED, and the reason names the file."""
    with database.connect_owner() as owner:
        owner.execute(
            "INSERT INTO frontdesk.schema_migrations (file, checksum) VALUES ('9999_later.sql', 'x')"
        )
    app.handler(event_of(aws, "Update", database.owner_url, version=2, before=1), Context())
    (answer,) = aws.answers
    assert answer["Status"] == "FAILED"
    assert answer["Reason"].startswith("Migration refused. 9999_later.sql was applied to this database")
    assert answer["Data"] == {}


def test_a_deploy_that_is_taken_back_migrates_nothing(aws: FakeAws, database: Database) -> None:
    """The layer's number falls: SUCCESS without a call, or the stack would be stuck in its rollback."""
    app.handler(event_of(aws, "Update", database.owner_url, version=9, before=10), Context())
    (answer,) = aws.answers
    assert (answer["Status"], answer["Data"]["Applied"]) == ("SUCCESS", "0")
    assert aws.orders == []


def test_another_instance_under_the_same_version_is_migrated(aws: FakeAws, empty_database: Database) -> None:
    """A restored database: the number stays, the step runs all the same."""
    app.handler(event_of(aws, "Update", empty_database.owner_url, version=3, before=3), Context())
    assert aws.answers[0]["Status"] == "SUCCESS"
    assert tables(empty_database) > 10


def test_deleting_the_stack_touches_nothing(aws: FakeAws, database: Database) -> None:
    """SUCCESS at once: no secret is read, nothing is invoked, every table stays."""
    before = tables(database)
    app.handler(event_of(aws, "Delete", database.owner_url), Context())
    (answer,) = aws.answers
    assert answer["Status"] == "SUCCESS"
    assert aws.orders == []
    assert tables(database) == before


def test_a_database_that_is_away_fails_the_deploy_without_its_password(
    aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody listens on the port: the reason is the driver's, and no secret is in it or in the log."""
    url = "host=127.0.0.1 port=9 dbname=frontdesk user=frontdesk_admin password=of-the-admin-only"
    app.handler(event_of(aws, "Create", url), Context())
    (answer,) = aws.answers
    assert answer["Status"] == "FAILED"
    assert answer["Reason"].startswith("Migration refused. The database did not answer: connection")
    assert "of-the-admin-only" not in json.dumps(answer) + capsys.readouterr().out


def test_a_migrating_function_that_dies_is_told_by_its_kind_only(aws: FakeAws, database: Database) -> None:
    """Lambda's error has a type and a text: the type is told, the text could hold anything."""
    aws.broken = {"errorType": "Sandbox.Timedout", "errorMessage": "after 840 s: a text"}
    app.handler(event_of(aws, "Create", database.owner_url), Context())
    (answer,) = aws.answers
    assert answer["Status"] == "FAILED"
    assert "Sandbox.Timedout" in answer["Reason"]
    assert "a text" not in answer["Reason"]


def test_a_secret_that_cannot_be_read_is_told_by_aws_code(aws: FakeAws, database: Database) -> None:
    """AccessDeniedException, and nothing is invoked."""
    event = event_of(aws, "Create", database.owner_url)
    aws.secret = None
    app.handler(event, Context())
    (answer,) = aws.answers
    assert (answer["Status"], aws.orders) == ("FAILED", [])
    assert "AccessDeniedException" in answer["Reason"]


def test_a_defect_of_ours_is_answered_too(aws: FakeAws, database: Database) -> None:
    """Whatever is raised, CloudFormation hears FAILED instead of waiting for its own timeout."""
    event = event_of(aws, "Create", database.owner_url)
    del event["ResourceProperties"]["Host"]
    app.handler(event, Context())
    (answer,) = aws.answers
    assert answer["Status"] == "FAILED"
    assert answer["Reason"].startswith("A defect of the deploy step: KeyError")


def test_an_answer_that_is_not_taken_is_given_again(aws: FakeAws, database: Database) -> None:
    """Two refusals of the bucket, then it takes the answer; three, and Lambda repeats the whole step."""
    aws.away = 2
    app.handler(event_of(aws, "Delete", database.owner_url), Context())
    assert [answer["Status"] for answer in aws.answers] == ["SUCCESS"]
    aws.away = 3
    with pytest.raises(OSError, match="503"):
        app.handler(event_of(aws, "Delete", database.owner_url), Context())


def test_a_long_reason_is_cut_to_what_cloudformation_takes(aws: FakeAws, database: Database) -> None:
    """4 KB for the whole answer; the beginning of a reason names the file."""
    aws.invoke = lambda order: {"refused": "0042_wide.sql: " + "x" * 10_000}
    app.handler(event_of(aws, "Create", database.owner_url), Context())
    (answer,) = aws.answers
    assert len(answer["Reason"]) == app.LONGEST_REASON
    assert "0042_wide.sql" in answer["Reason"]


def test_the_database_must_prove_itself_by_one_of_rds_own_roots() -> None:
    """verify-full names the bundle that is shipped, read whole by OpenSSL, with nobody else's."""
    order = {
        "host": "db.example.com",
        "port": "5432",
        "database": "frontdesk",
        "sslmode": "verify-full",
        "username": "frontdesk_admin",
        "password": "a b'c",
    }
    said = conninfo_to_dict(in_vpc.conninfo(order))
    assert said["sslrootcert"] == str(in_vpc.ROOTS)
    assert said["password"] == "a b'c"
    roots = ssl.create_default_context(cafile=str(in_vpc.ROOTS)).get_ca_certs()
    assert len(roots) == in_vpc.ROOTS.read_text().count("BEGIN CERTIFICATE") > 20
    named = re.findall(
        r"'Amazon RDS [a-z0-9-]+ Root CA RSA2048 G1'", str([root["subject"] for root in roots])
    )
    assert len(named) == len(roots)
