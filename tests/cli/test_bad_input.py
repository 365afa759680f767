# ruff: noqa: E501 - a line of the tables is a command and its sentence
"""What an operator can get wrong: each answered by one sentence with what to do, and nothing changed."""

import pytest

from frontdesk import settings
from tests.cli.conftest import SIGNING_KEY, Frontdesk
from tests.clinics import Connection
from tests.database import Database

SID = "AC0123456789abcdef0123456789abcdef"
CREATE = "org create --slug oak --name Oak --time-zone Europe/Madrid"

# The command line is wrong: status 2, found without a database.
WRONG_LINES = [
    ("org create --slug oak --name Oak", "frontdesk org create: missing: --time-zone"),
    (f"{CREATE} --slug Oak_1", "--slug: 'Oak_1' is no short name; use small letters, digits and single hyphens"),
    (f"{CREATE} --name ' '", "--name: a name has 1 to 120 characters, this one has 0"),
    (f"{CREATE} --time-zone america/new_york", "'america/new_york' is no IANA time zone; did you mean America/New_York?"),
    (f"{CREATE} --time-zone 'New York'", "'New York' is no IANA time zone; did you mean America/New_York?"),
    (f"{CREATE} --time-zone EST", "'EST' is no IANA time zone; use one such as America/New_York"),
    (f"{CREATE} --region USA", "--region: 'USA' is no country code of two letters, such as US or ES"),
    (f"{CREATE} --language fr", "--language: 'fr' is not spoken here; choose en (English) or es (Spanish)"),
    ("org hours pine --monday 9-17", "--monday: '9' is no time of day; write 09:00 or 17:30"),
    ("org hours pine --monday 09:00", "--monday: '09:00' is no span of hours; write 09:00-17:00, or closed"),
    ("org hours pine --monday 17:00-09:00", "--monday: '17:00-09:00' closes before it opens"),
    ("org hours pine --monday 09:00-12:00,11:00-13:00", "the hours '09:00-12:00,11:00-13:00' overlap at 11:00"),
    ("org hours pine --monday 09:00-24:00", "'24:00' is no time of day"),
    ("service add pine --name X --minutes 3", "--minutes: '3' must be 5 to 480 minutes"),
    ("service add pine --name X --minutes 1h", "--minutes: '1h' must be 5 to 480 minutes"),
    ("service add pine --name X --minutes 30 --buffer-after 121", "--buffer-after: '121' must be 0 to 120 minutes"),
    ("closure add pine --on 25.12.2026", "--on: '25.12.2026' is no day or time; write 2026-12-24 or 2026-12-24T12:00"),
    ("closure add pine --on 2026-02-30", "--on: '2026-02-30' is no day or time"),
    ("closure add pine --from 2026-12-24T12:00Z --until 2026-12-25", "names a zone; write the clinic's own clock"),
    ("secret vapi rotate pine --overlap-hours 999", "--overlap-hours: '999' must be 0 to 168 hours"),
    ("secret twilio set pine", "frontdesk secret twilio set: missing: --account-sid"),
    ("sms set pine --reminders tomorrow", "--reminders: 'tomorrow' is no time before a visit; write 24h, 2h, 90m or 2d"),
    ("sms set pine --reminders 10m", "--reminders: '10m' must be 30 minutes to 14 days before the visit"),
    ("sms set pine --reminders 1h,2h,3h,4h,5h,6h", "'1h,2h,3h,4h,5h,6h' are more than 5 reminders"),
    ("sms set pine --quiet 20:00", "--quiet: '20:00' are no quiet hours; write 20:00-08:00"),
    ("sms set pine --quiet 08:00-08:00", "--quiet: '08:00-08:00' would be quiet all day or never"),
    ("vapi tools pine --server-url http://api.example.com", "is no https:// address"),
    ("vapi tools pine --server-url https://me:pw@api.example.com", "'api.example.com' must stand there without a login"),
    ("org creat", "frontdesk org: COMMAND: invalid choice: 'creat' (choose from 'create', 'list', 'show', 'hours', 'add-staff', 'revoke-staff')"),
    ('org add-staff pine jo "Jo Reyes"', "EMAIL: 'jo' is no e-mail address"),
    ('org add-staff pine jo@example.com "Jo Reyes" --role boss', "--role: invalid choice: 'boss' (choose from"),
    ("org", "frontdesk org: missing: COMMAND"),
    ("org list now please", "frontdesk org list: there is no place for 2 more words here"),
    ("org list --loca", "frontdesk org list: there is no place for --loca here"),
    ("--local org list", "no place for --local here; --local and --json go after the command's name"),
]  # fmt: skip

# The clinic `pine` stands there; the command is refused: status 1.
REFUSED = [
    ("org show pin", "There is no clinic 'pin'; did you mean pine?"),
    ("org show zzz", "There is no clinic 'zzz'; `frontdesk org list` names those there are"),
    ("org create --slug pine --name X --time-zone Europe/Madrid", "There is a clinic 'pine' already; choose another --slug."),
    ("org revoke-staff pine jo@example.com", "Nobody with the address jo@example.com has access to pine."),
    ("org hours pine", "No day is named; give --weekdays 09:00-17:00, or days such as --monday 09:00-12:00."),
    ("org hours pine --provider Nobody --weekdays 09:00-17:00", "There is no provider 'Nobody' at pine; `org show` lists them."),
    ('service add pine --name "Teeth cleaning" --minutes 30', "pine has a service 'Teeth cleaning' already."),
    ("service add pine --name X --minutes 30 --provider Nobody", "There is no such provider at this clinic"),
    ('provider add pine --name "Dr. Patel"', "pine has a provider 'Dr. Patel' already."),
    ("provider add pine --name X --service Nothing", "There is no such service at this clinic"),
    ("closure add pine", "Give either --on DAY, or --from and --until together."),
    ("closure add pine --from 2026-12-24", "Give either --on DAY, or --from and --until together."),
    ("closure add pine --on 2026-12-24 --until 2026-12-25", "Give either --on DAY, or --from and --until together."),
    ("closure add pine --on 2026-12-24T12:00", "--on takes a whole day such as 2026-12-25"),
    ("closure add pine --from 2026-12-24 --until 2026-12-23", "--until must be later than --from."),
    ("closure add pine --on 2026-12-24 --provider Nobody", "There is no such provider at this clinic"),
    ("number add pine", "Give --phone-number-id (best), --number or --assistant-id."),
    ("number add pine --number 12", "'12' is no telephone number; write it with its country code"),
    ("number add pine --number +12025550100", "This telephone number belongs to a clinic already."),
    ("number add pine --phone-number-id pn-pine", "This Vapi phone number id belongs to a clinic already."),
    ("sms set pine", "Nothing to change; give --sender, --front-desk-phone, --reminders or --quiet."),
    ("sms set pine --sender MG12", "A messaging service's SID is MG and 32 digits or letters a to f"),
    ("sms set pine --front-desk-phone hello", "'hello' is no telephone number"),
    ("sms set pine --quiet 08:00-06:00", "These quiet hours leave less than four hours a day for reminders."),
    ("sms template show pine --event birthday", "There is no text 'birthday'; there are booked, rescheduled, "),
    ("sms template set pine --event booked", "No wording came in; pipe it in: "),
    (f"secret twilio set pine --account-sid {SID}", "No auth token came in; pipe it in, or run this at a terminal"),
    ("secret rewrap zzz --key-id k", "There is no clinic 'zzz'"),
    ("resume zzz", "There is no clinic 'zzz'"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "sentence"), WRONG_LINES)
def test_a_wrong_command_line_is_told_in_one_sentence(frontdesk: Frontdesk, line: str, sentence: str) -> None:
    """Status 2, one sentence naming the option, and where to read on; no usage wall, no traceback."""
    ran = frontdesk(line)
    assert (ran.status, ran.out) == (2, "")
    told, see, *rest = ran.err.splitlines()
    assert sentence in told
    assert see.startswith("See `frontdesk")
    assert see.endswith("--help`.")
    assert rest == []


def test_what_cannot_be_done_is_told_in_one_sentence(pine: Frontdesk, owner: Connection) -> None:
    """Status 1 and one sentence for each line of the table, and after all of them not a row is different."""
    before = _all_rows(owner)
    for line, sentence in REFUSED:
        ran = pine(line)
        assert (ran.status, ran.out) == (1, ""), (line, ran)
        assert ran.err.startswith("frontdesk: "), (line, ran.err)
        assert sentence in ran.err, (line, ran.err)
        assert len(ran.err.splitlines()) == 1, (line, ran.err)
    assert _all_rows(owner) == before


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("{clinic} {day} {time} {diagnosis}", "{diagnosis} cannot stand in 'reminder'"),
        ("{clinic} expects you on {day}.", "{time} is missing"),
        ("{clinic} {day} {time", "The braces do not match"),
        ("{clinic}: {day} {time}. Reply YES to confirm.", "would subscribe or unsubscribe"),
    ],
)
def test_a_bad_wording_is_not_saved(pine: Frontdesk, owner: Connection, body: str, sentence: str) -> None:
    """The worker's own checks speak, for set and for preview alike, and no template row is written."""
    for line in (
        "sms template set pine --event reminder",
        "sms template preview pine --event reminder --stdin",
    ):
        ran = pine(line, stdin=body)
        assert ran.status == 1
        assert ran.err.startswith("frontdesk: This wording cannot be used: ")
        assert sentence in ran.err
    assert owner.execute("SELECT 1 FROM frontdesk.sms_templates").fetchall() == []


def test_a_sender_belongs_to_one_clinic(pine: Frontdesk) -> None:
    """A number that one clinic sends by is refused to another: replies to it could not be told apart."""
    assert pine("sms set pine --sender +12025550100").status == 0
    assert pine("org create --slug oak --name Oak --time-zone Europe/Madrid").status == 0
    ran = pine("sms set oak --sender +12025550100")
    assert (ran.status, ran.err) == (
        1, "frontdesk: Another clinic sends by this number or service; each needs its own.\n"
    )  # fmt: skip


def test_without_any_clinic_the_next_command_is_named(frontdesk: Frontdesk) -> None:
    """An empty deployment answers with how to make the first clinic."""
    assert frontdesk("org list").out == "There are no clinics yet; make one with `frontdesk org create`.\n"
    assert "there are none yet; make one with `frontdesk org create`" in frontdesk("org show pine").err


def test_no_database_url(frontdesk: Frontdesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without DATABASE_URL both ways to give one are named."""
    monkeypatch.delenv("DATABASE_URL")
    ran = frontdesk("org list")
    assert ran.status == 1
    assert ran.err.startswith("frontdesk: DATABASE_URL is not set: ")
    assert "--local" in ran.err


def test_iam_login_without_credentials_says_where_they_come_from(
    frontdesk: Frontdesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DATABASE_AUTH=iam with no AWS credentials in the environment is one sentence with the command that helps."""
    monkeypatch.setenv("DATABASE_AUTH", "iam")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    ran = frontdesk("org list")
    assert ran.status == 1
    assert "aws configure export-credentials --format env" in ran.err


def test_the_runtime_role_may_not_operate(
    frontdesk: Frontdesk, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Logged in as the functions are, nothing can be made, and the sentence names the right login."""
    monkeypatch.setenv("DATABASE_URL", database.app_url)
    ran = frontdesk(CREATE)
    assert (ran.status, ran.err) == (
        1, "frontdesk: This database login may not do that: log in as frontdesk_operator.\n"
    )  # fmt: skip


def test_a_database_without_our_schema(
    frontdesk: Frontdesk, empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unmigrated database is called that."""
    monkeypatch.setenv("DATABASE_URL", empty_database.owner_url)
    ran = frontdesk("org list")
    assert ran.status == 1
    assert "run the migrations (docs/migrations.md)" in ran.err


def test_a_database_that_is_away(frontdesk: Frontdesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """No server at the address: one sentence, and nothing of the URL in it."""
    canary = "canary-word"
    monkeypatch.setenv("DATABASE_URL", f"postgresql://someone:{canary}@127.0.0.1:9/frontdesk")
    ran = frontdesk("org list")
    assert ran.status == 1
    assert ran.err.startswith("frontdesk: The database did not answer")
    assert canary not in ran.err


def test_a_missing_signing_key_is_named(pine: Frontdesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """--reveal without VAPI_SIGNING_KEYS says which secret of the deployment belongs there."""
    monkeypatch.setenv("VAPI_SIGNING_KEYS", "")
    ran = pine("secret vapi show pine --reveal")
    assert (ran.status, ran.out) == (1, "")
    assert "VAPI_SIGNING_KEYS is not set" in ran.err
    monkeypatch.setenv("VAPI_SIGNING_KEYS", SIGNING_KEY)
    settings.current.cache_clear()
    assert pine("secret vapi show pine --reveal").out.startswith("fd_")


def test_a_missing_kms_key_is_named(pine: Frontdesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without CREDENTIALS_KEY_ID nothing can be sealed, and the variable is named."""
    monkeypatch.delenv("CREDENTIALS_KEY_ID")
    ran = pine(f"secret twilio set pine --account-sid {SID}", stdin="token")
    assert ran.status == 1
    assert ran.err.startswith("frontdesk: CREDENTIALS_KEY_ID is missing")


def _all_rows(owner: Connection) -> dict[str, list[object]]:
    tables = owner.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'frontdesk' ORDER BY 1"
    ).fetchall()
    return {
        table["tablename"]: [
            row["row"]
            for row in owner.execute(
                f"SELECT t::text AS row FROM frontdesk.{table['tablename']} t ORDER BY 1"
            )
        ]
        for table in tables
    }
