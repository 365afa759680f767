"""Vapi sends credentials and steering addresses along: none is stored, logged or queued."""

import json
from typing import Any

import pytest

from tests.calls.conftest import sample, told
from tests.clinics import Clinic, Connection, every_row

SECRETS = {
    "listenUrl": "wss://canary-listen.example/9f2c",
    "controlUrl": "https://canary-control.example/9f2c",
    "twilioAuthToken": "canarytwilioauthtoken9f2c",
    "twilioApiSecret": "canarytwilioapisecret9f2c",
    "serverSecret": "canaryserversecret9f2c",
    "header": "canaryheader9f2c",
    "modelKey": "canarymodelkey9f2c",
    "signed": "canarysignature9f2c",
    "prompt": "canaryprompt9f2c",
    "unknown": "canaryunknownoutput9f2c",
}
WORDS = ("Zephyrine", "Quillfeather", "zephyrine@canary.example", "+12025550147", "canarywordofthetranscript")


def poisoned(clinic: Clinic) -> dict[str, Any]:
    """Return a report with a secret in every place one was ever seen, or could be."""
    report = sample("sdk_end-of-call-report_booked", clinic)
    body = report["message"]
    server = {"url": "https://x", "secret": SECRETS["serverSecret"], "headers": {"x-key": SECRETS["header"]}}
    body["call"]["monitor"] = {"listenUrl": SECRETS["listenUrl"], "controlUrl": SECRETS["controlUrl"]}
    body["call"]["phoneCallProviderDetails"] = {"sip": SECRETS["controlUrl"]}
    body["phoneNumber"] |= {
        "twilioAuthToken": SECRETS["twilioAuthToken"],
        "twilioApiSecret": SECRETS["twilioApiSecret"],
        "server": server,
    }
    body["assistant"] = {
        "server": server,
        "model": {
            "apiKey": SECRETS["modelKey"],
            "messages": [{"role": "system", "content": SECRETS["prompt"]}],
        },
        "credentials": [{"apiKey": SECRETS["modelKey"]}],
    }
    body["toolWithToolCallList"] = [{"server": server}]
    artifact = body["artifact"]
    artifact["messages"] = [
        {"role": "system", "message": SECRETS["prompt"]},
        {"role": "user", "message": f"I am {WORDS[0]} {WORDS[1]}, {WORDS[4]}"},
    ]
    artifact["recordingUrl"] = f"https://storage.example.com/a.wav?X-Amz-Signature={SECRETS['signed']}"
    artifact["recording"] = {
        "mono": {"combinedUrl": f"https://user:{SECRETS['signed']}@storage.example.com/a.wav"}
    }
    body["recordingUrl"] = artifact["recordingUrl"]
    artifact["presignedRecordingUrl"] = artifact["recordingUrl"]
    artifact["variableValues"] = {"apiKey": SECRETS["unknown"], "server": server}
    artifact["structuredOutputs"] = {
        "1": {"name": "Call facts", "result": {"callerName": f"{WORDS[0]} {WORDS[1]}", "email": WORDS[2],
                                               "password": SECRETS["unknown"], "intent": "book"}}
    }  # fmt: skip
    return report


def test_no_secret_is_stored_logged_or_queued(
    owner: Connection, clinic: Clinic, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Every row of every table, every log line and metric: none of the ten; and what was said is kept."""
    status = sample("sdk_status-update_ended", clinic)
    status["message"]["call"]["monitor"] = {"controlUrl": SECRETS["controlUrl"]}
    for each in (poisoned(clinic), status, poisoned(clinic)):
        told(clinic, each)
    stored = json.dumps(every_row(owner, clinic.id), default=str)
    out, err = capsys.readouterr()
    for name, secret in SECRETS.items():
        assert secret not in stored, name
        assert secret not in out + err + caplog.text, name
    for word in (WORDS[0], WORDS[2], WORDS[4]):
        assert word in stored, "the transcript itself is kept"


def test_nobody_and_nothing_said_is_in_a_log_or_a_queue(
    owner: Connection, clinic: Clinic, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Names, numbers, addresses and words: not in a log line, a metric, an event or an outbox row."""
    told(clinic, poisoned(clinic))
    told(clinic, sample("sdk_transfer-destination-request", clinic))
    broken = poisoned(clinic)
    broken["message"]["call"]["id"] = f"{WORDS[0]} called"
    told(clinic, broken)
    rows = every_row(owner, clinic.id)
    public = json.dumps([rows["outbox"], rows["events"]], default=str)
    out, err = capsys.readouterr()
    for word in WORDS:
        assert word not in out + err + caplog.text, word
    for word in WORDS[1:]:
        assert word not in public, word
