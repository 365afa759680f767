"""Texts on the local stack: sealed tokens that outlive a restart, and a visit from the call to the reply."""

import asyncio
import json
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import boto3
import psycopg
import pytest

from local.kms_key import ALIAS, key_from
from local.moto_server import start_moto
from local.vapi_call import PhoneCall, call_tool
from tests.local.stacks import running

DANA = "+12025550147"
CONTEXT = {"org_id": "one", "purpose": "twilio", "version": "1"}


def within[T](seconds: float, look: Callable[[], T]) -> T:
    """Look again until it is true, or the time is over."""
    deadline = time.monotonic() + seconds
    while not (seen := look()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return seen


def ask(url: str, body: Any = None) -> Any:
    """Ask the fake Twilio."""
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data), timeout=30) as answer:
        return json.loads(answer.read())


def test_what_was_sealed_before_a_restart_still_opens(tmp_path: Path) -> None:
    """The same secret gives the same key under another moto; another secret's key opens nothing."""

    async def with_moto[T](secret: str, use: Callable[[Any], T]) -> T:
        moto = await start_moto(tmp_path / "moto.log", secret)
        try:
            kms = boto3.client(
                "kms", endpoint_url=moto.url, region_name="us-east-1",
                aws_access_key_id="local", aws_secret_access_key="local",
            )  # fmt: skip
            return await asyncio.to_thread(use, kms)
        finally:
            await moto.stop()

    def make(kms: Any) -> Any:
        return kms.generate_data_key(KeyId=ALIAS, KeySpec="AES_256", EncryptionContext=CONTEXT)

    made = asyncio.run(with_moto("first", make))
    assert made["KeyId"].endswith(key_from("first").id)

    def opened(kms: Any) -> Any:
        answer = kms.decrypt(
            CiphertextBlob=made["CiphertextBlob"], KeyId=made["KeyId"], EncryptionContext=CONTEXT
        )
        return answer["Plaintext"]

    assert asyncio.run(with_moto("first", opened)) == made["Plaintext"]
    with pytest.raises(Exception, match="NotFound"):
        asyncio.run(with_moto("second", opened))
    assert "material" not in repr(key_from("first"))


def status(stack: dict[str, Any]) -> str:
    """Read the state of the only visit."""
    with psycopg.connect(stack["database_url"]) as connection:
        [(state,)] = connection.execute("SELECT status FROM frontdesk.appointments").fetchall()
    return str(state)


def book(stack: dict[str, Any]) -> str:
    """Book the first time offered next week, twice with one tool call id; give the outcome's code."""
    org = stack["orgs"][0]
    call = PhoneCall(stack["http"], org, DANA)

    async def run() -> str:
        async with aiohttp.ClientSession() as session:
            wish = {"when": "next week", "service": "Teeth cleaning"}
            offer = await call_tool(session, call, "checkAvailability", wish)
            start = offer.metadata["slots"][0]["startsAt"]
            booking = {"patientName": "Dana Whitfield", "reason": "Teeth cleaning", "startTime": start}
            booked = await call_tool(session, call, "bookClinicAppointment", booking, "call_1")
            await call_tool(session, call, "bookClinicAppointment", booking, "call_1")
        return booked.code

    return asyncio.run(run())


def test_a_booked_patient_gets_one_text_and_answers_it(tmp_path: Path) -> None:
    """Call, one text, C confirms, STOP ends it; a restart forgets neither token, texts nor the STOP."""
    home = tmp_path / "home"
    with running(home) as (_, stack):
        org, twilio = stack["orgs"][0], stack["twilio"]
        assert book(stack) == "BOOKED"
        assert within(30, lambda: ask(twilio + "/messages"))
        assert within(10, lambda: ask(twilio + "/messages")[0]["status"] == "delivered")
        [text] = ask(twilio + "/messages")
        assert (text["to"], text["from"]) == (DANA, org["twilio_number"])
        assert "Bright Smiles Dental" in text["body"]
        assert text["status_callback"].startswith(stack["http"] + "/api/twilio/status?")
        assert status(stack) == "pending"
        wrong = {"from": DANA, "to": stack["orgs"][1]["twilio_number"], "body": "C"}
        assert ask(twilio + "/inbound", wrong)["http_status"] == 200
        assert status(stack) == "pending", "the other clinic's number confirms nothing here"
        answer = ask(twilio + "/inbound", {"from": DANA, "to": org["twilio_number"], "body": " c. "})
        assert answer["http_status"] == 200
        assert "confirmed" in answer["reply"]
        assert status(stack) == "confirmed"
        ask(twilio + "/inbound", {"from": DANA, "to": org["twilio_number"], "body": "STOP"})
    with running(home) as (_, again):
        assert again["orgs"][0]["twilio_auth_token"] == org["twilio_auth_token"]
        assert [one["sid"] for one in ask(again["twilio"] + "/messages")] == [text["sid"]]
        with psycopg.connect(again["database_url"]) as connection:
            kept = connection.execute(
                "SELECT version, key_id FROM frontdesk.credentials WHERE purpose = 'twilio'"
            ).fetchall()
            stopped = connection.execute("SELECT phone FROM frontdesk.sms_opt_outs").fetchall()
        assert [version for version, _ in kept] == [1, 1], "a restart seals nothing anew"
        assert stopped == [(DANA,)]
