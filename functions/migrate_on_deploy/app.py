"""Migrations as a step of a deploy: what CloudFormation asks of the resource Migrations, and the answer.

This function stands outside the network, where it reaches Secrets Manager and CloudFormation's answering
address; the one that migrates (migrations/in_vpc.py) stands inside and reaches only the database.
docs/decisions/0011 says why there are two. Whatever happens, CloudFormation gets an answer: without one it
would wait until its own timeout.
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from frontdesk import log
from frontdesk.errors import FrontdeskError

# Seconds of this function's own time that are left for answering; Lambda ends it at its Timeout.
TO_ANSWER = 20
# CloudFormation takes 4096 bytes for the whole answer.
LONGEST_REASON = 2000
PHYSICAL_ID = "migrations"


class Context(Protocol):
    """What we use of Lambda's context."""

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds this invocation has left."""


class StepFailedError(FrontdeskError):
    """The deploy must stop; the message is for the operator and holds no secret."""


def handler(event: Mapping[str, Any], context: Context) -> None:
    """Do what one event of a custom resource asks and tell CloudFormation how it went."""
    try:
        data = step(event, context)
        status, reason = "SUCCESS", data["Outcome"]
    except StepFailedError as failure:
        status, reason, data = "FAILED", str(failure), {}
    except Exception as error:  # noqa: BLE001 - an unanswered CloudFormation hangs; the text could be anything
        status, data = "FAILED", {}
        reason = f"A defect of the deploy step: {type(error).__name__}. Its log group has the line."
        log.error("deploy step broke", error=type(error).__name__)
    log.info("deploy step", status=status, result=event["RequestType"], outcome=data.get("Applied"))
    answer(event, status, reason, data)


def step(event: Mapping[str, Any], context: Context) -> dict[str, str]:
    """Return what was done, as the custom resource's attributes; raises StepFailedError."""
    if event["RequestType"] == "Delete":
        return {"Outcome": "Nothing is dropped: the database is the stack's own affair.", "Applied": "0"}
    wanted = event["ResourceProperties"]
    before = event.get("OldResourceProperties", {}).get("Migrations", "")
    if number_of(wanted["Migrations"]) < number_of(before):
        # A deploy that failed is being taken back. Migrations only go forward; the code before them runs on
        # what they made (docs/migrations.md), and a refusal here would leave the stack stuck.
        return {"Outcome": "Taken back: the database keeps its newer version.", "Applied": "0"}
    told = migrate_inside(wanted, read_secret(wanted["Secret"]), context)
    if "refused" in told:
        raise StepFailedError(f"Migration refused. {told['refused']}")
    return {"Outcome": "The database is at this version.", "Applied": str(len(told["applied"]))}


def number_of(layer: str) -> int:
    """Give the number at the end of a layer version's ARN, which only grows; 0 where there is none."""
    number = layer.rpartition(":")[2]
    return int(number) if number.isdigit() else 0


def read_secret(arn: str) -> dict[str, str]:
    """Read the login RDS keeps for its administrator: username and password."""
    try:
        found = boto3.client("secretsmanager").get_secret_value(SecretId=arn)
    except (BotoCoreError, ClientError) as error:
        raise StepFailedError(f"The database's admin secret cannot be read: {code_of(error)}.") from error
    secret: dict[str, str] = json.loads(found["SecretString"])
    return secret


def migrate_inside(wanted: Mapping[str, str], secret: Mapping[str, str], context: Context) -> dict[str, Any]:
    """Call the function inside the network and wait for it; returns its answer."""
    order = {
        "host": wanted["Host"],
        "port": wanted["Port"],
        "database": wanted["Database"],
        "sslmode": wanted["SslMode"],
        "username": secret["username"],
        "password": secret["password"],
    }
    seconds = context.get_remaining_time_in_millis() / 1000 - TO_ANSWER
    # One try: a repeated call would find the first still at work.
    patience = Config(connect_timeout=5, read_timeout=seconds, retries={"total_max_attempts": 1})
    try:
        answered = boto3.client("lambda", config=patience).invoke(
            FunctionName=wanted["Function"], Payload=json.dumps(order).encode()
        )
    except (BotoCoreError, ClientError) as error:
        raise StepFailedError(f"The migrating function did not answer: {code_of(error)}.") from error
    told: dict[str, Any] = json.load(answered["Payload"])
    if answered.get("FunctionError"):
        # Its message is not handed on: it may hold anything. Lambda writes both into the log.
        kind = told.get("errorType", "unknown")
        raise StepFailedError(f"The migrating function ended with {kind}; its log group says more.")
    return told


def code_of(error: BotoCoreError | ClientError) -> str:
    """Give AWS's code for an error, or botocore's name for it."""
    return str(error.response["Error"]["Code"]) if isinstance(error, ClientError) else type(error).__name__


def answer(event: Mapping[str, Any], status: str, reason: str, data: Mapping[str, str]) -> None:
    """Put the answer to the address CloudFormation gave, three times if need be; raises when it cannot."""
    body = {
        "Status": status,
        "Reason": reason[:LONGEST_REASON],
        # Never another one: CloudFormation takes a new id for a replacement and deletes the old.
        "PhysicalResourceId": event.get("PhysicalResourceId") or PHYSICAL_ID,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": dict(data),
    }
    # The address is signed for an empty content type.
    request = urllib.request.Request(  # noqa: S310 - the address is CloudFormation's own
        event["ResponseURL"], data=json.dumps(body).encode(), method="PUT", headers={"Content-Type": ""}
    )
    for attempt in (1, 2, 3):
        try:
            with urllib.request.urlopen(request, timeout=5):  # noqa: S310 - as above
                return
        except (urllib.error.URLError, TimeoutError) as error:
            log.error("deploy step unanswered", attempt=attempt, error=type(error).__name__)
            if attempt == 3:
                raise
            time.sleep(attempt)
