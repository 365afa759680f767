"""What the fake Twilio remembers: accounts, and every text in either direction.

The texts are kept in a journal of JSON lines (the last line of a text counts), because Twilio would
still know them after our stack was stopped or killed.
"""

import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

STOP_WORDS = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})
FINAL = frozenset({"delivered", "undelivered", "failed", "received", "canceled"})
API, REPLY, AUTOMATIC, INBOUND = "outbound-api", "outbound-reply", "automatic", "inbound"
GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_TWICE = frozenset("^{}\\[~]|€\f")  # these take two places


@dataclass(frozen=True, slots=True)
class Account:
    """A clinic's Twilio account: its key, its one number (E.164) and its messaging service."""

    name: str
    sid: str
    auth_token: str
    number: str
    messaging_service_sid: str


@dataclass(frozen=True, slots=True)
class Text:
    """One text; `patient` and `clinic` are E.164 whichever way it went. Moments are UNIX seconds."""

    sid: str
    account_sid: str
    direction: str
    patient: str
    clinic: str
    body: str
    status: str
    created_at: float
    updated_at: float
    sent_at: float | None = None
    status_callback: str = ""
    service: str = ""
    error_code: int | None = None
    # What the number does to this text after it was accepted: a 30xxx code, or nothing.
    fate: int | None = None

    @property
    def to(self) -> str:
        """Return whom it went to."""
        return self.clinic if self.direction == INBOUND else self.patient

    @property
    def sender(self) -> str:
        """Return whom it came from."""
        return self.patient if self.direction == INBOUND else self.clinic


class Ledger:
    """All texts in the order they were made, and who sent STOP to whom."""

    def __init__(self, journal: Path | None = None, clock: Callable[[], float] | None = None) -> None:
        """Read the journal, if there is one; without `journal` nothing outlives the process."""
        self.now = clock or (lambda: datetime.now(UTC).timestamp())
        self.changes = 0
        self._texts: dict[str, Text] = {}
        self._stopped: set[tuple[str, str]] = set()
        self._journal = journal
        if journal is not None and journal.exists():
            self._read(journal)

    def put(self, text: Text) -> Text:
        """Remember a new text, or a text's new state."""
        self._keep(text)
        self._write(asdict(text))
        return text

    def change(self, text: Text, **new: Any) -> Text:
        """Remember a text with other values; its time of update is now."""
        return self.put(replace(text, updated_at=self.now(), **new))

    def get(self, sid: str, account_sid: str | None = None) -> Text | None:
        """Find a text, of this account only if one is named."""
        text = self._texts.get(sid)
        return text if text is not None and account_sid in {None, text.account_sid} else None

    def delete(self, sid: str) -> None:
        """Forget a text."""
        self._texts.pop(sid, None)
        self.changes += 1
        self._write({"sid": sid, "deleted": True})

    def newest_first(self) -> Iterator[Text]:
        """Give all texts, the newest first."""
        return reversed(self._texts.values())

    def all(self) -> Iterable[Text]:
        """Give all texts, the oldest first."""
        return self._texts.values()

    def is_stopped(self, patient: str, clinic: str) -> bool:
        """Tell whether this patient wants no texts from this number."""
        return (patient, clinic) in self._stopped

    def _keep(self, text: Text) -> None:
        if text.direction == INBOUND and text.sid not in self._texts:
            word = keyword(text.body)
            if word in STOP_WORDS:
                self._stopped.add((text.patient, text.clinic))
            elif word in START_WORDS:
                self._stopped.discard((text.patient, text.clinic))
        self._texts[text.sid] = text
        self.changes += 1

    def _write(self, line: dict[str, Any]) -> None:
        if self._journal is None:
            return
        handle = os.open(self._journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def _read(self, journal: Path) -> None:
        for line in journal.read_text(encoding="utf-8").splitlines():
            try:
                values = json.loads(line)
            except ValueError:
                continue  # the half line of a process that was killed; its text was never answered for
            if values.get("deleted"):
                self._texts.pop(values["sid"], None)
            else:
                self._keep(Text(**values))


def keyword(body: str) -> str:
    """Give a text the way Twilio compares it with STOP and the like: trimmed, upper case, nothing else."""
    return body.strip().upper()


def new_sid(prefix: str) -> str:
    """Make an id as Twilio's: two letters and 32 hexadecimal digits."""
    return prefix + secrets.token_hex(16)


def segments(body: str) -> int:
    """Count the pieces a text is sent in: GSM-7 160, or 153 each; UCS-2 70, or 67 each."""
    if all(character in GSM_7 or character in GSM_7_TWICE for character in body):
        length, single, piece = len(body) + sum(c in GSM_7_TWICE for c in body), 160, 153
    else:
        length, single, piece = len(body.encode("utf-16-be")) // 2, 70, 67
    return 1 if length <= single else -(-length // piece)


def as_resource(text: Text) -> dict[str, Any]:
    """Write a text as the Message resource of Twilio's API 2010-04-01, whose values are mostly strings."""
    uri = f"/2010-04-01/Accounts/{text.account_sid}/Messages/{text.sid}"
    # A messaging service picks the number later: at first there is no sender and nothing was counted.
    undecided = bool(text.service) and text.status == "accepted"
    return {
        "account_sid": text.account_sid,
        "api_version": "2010-04-01",
        "body": text.body,
        "date_created": _rfc_2822(text.created_at),
        "date_sent": _rfc_2822(text.sent_at),
        "date_updated": _rfc_2822(text.updated_at),
        "direction": text.direction,
        "error_code": text.error_code,
        "error_message": None,
        "from": None if undecided else text.sender,
        "messaging_service_sid": text.service or None,
        "num_media": "0",
        "num_segments": "0" if undecided else str(segments(text.body)),
        "price": None,
        "price_unit": "USD",
        "sid": text.sid,
        "status": text.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": text.to,
        "uri": f"{uri}.json",
    }


def _rfc_2822(moment: float | None) -> str | None:
    return None if moment is None else format_datetime(datetime.fromtimestamp(int(moment), UTC))
