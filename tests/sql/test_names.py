"""name_words, name_key and new_id: how the SQL compares names, and the ids it makes."""

import time
import uuid

from frontdesk import names
from tests.clinics import Connection

WRITTEN = (
    "Dana Whitfield",
    "dana  WHITFIELD",
    "Dr. Patel",
    "doctor patel",
    "Dra. Ana Muñoz-Ríos",
    "ana munoz rios",
    "Señora García",
    "Srta. López",
    "Mr. Mrs. Smith",
    "Miss",
    "Dr.",
    "dr dr",
    "Ana Patel, DDS",
    "Ana Patel D.D.S.",
    "MD",
    "Do Ma",
    "O'Brien",
    "O\u2019Brien",
    "Jean-Luc Œuvre",
    "Łukasz Żak",
    "Đặng Thị",
    "Søren Ærø",
    "Straße",
    "Þóra",
    "Čapek",
    "Çelik",
    "J.R.R. Tolkien",
    "Anna - Lena",
    "Мария Иванова",
    "ΜΑΡΊΑ",
    "李小龍",
    "山田 太郎",
    "ﬁona",
    "dr.patel",
    "Drake",
    "Drummond Mrsic",
    " \t Ana \n",
    "",
    "...",
)


def sql_key(app: Connection, name: str) -> str:
    """Ask the SQL for a name's key."""
    row = app.execute("SELECT frontdesk.name_key(%s) AS key", [name]).fetchone()
    assert row is not None
    return str(row["key"])


def test_a_name_has_one_key_in_sql_and_in_python(owner: Connection) -> None:
    """Both sides compare names, so both must call the same two names the same."""
    assert {name: sql_key(owner, name) for name in WRITTEN} == {name: names.key(name) for name in WRITTEN}


def test_what_a_caller_says_and_what_stands_written_are_one_name(owner: Connection) -> None:
    """Case, accents, punctuation, titles and degrees are not what tells two people apart."""
    assert {
        sql_key(owner, name) for name in ("Dr. Ana Muñoz-Ríos, DDS", "ana munoz rios", "ANA MUÑOZ RÍOS")
    } == {"anamunozrios"}


def test_names_in_other_scripts_do_not_all_look_alike(owner: Connection) -> None:
    """A key that kept only Latin letters would make every other name the empty one."""
    keys = [sql_key(owner, name) for name in ("李小龍", "王芳", "Мария", "Иван")]
    assert len(set(keys)) == 4
    assert "" not in keys


def test_an_id_is_a_uuid_of_version_7(owner: Connection) -> None:
    """Version and variant bits are where RFC 9562 wants them, and no two ids are equal."""
    rows = owner.execute("SELECT frontdesk.new_id() AS id FROM generate_series(1, 1000)").fetchall()
    ids = [row["id"] for row in rows]
    assert all(isinstance(made, uuid.UUID) and made.version == 7 for made in ids)
    assert {made.variant for made in ids} == {uuid.RFC_4122}
    assert len(set(ids)) == 1000


def test_ids_are_in_the_order_of_time(owner: Connection) -> None:
    """The first 48 bits are the milliseconds since 1970, so later ids sort after earlier ones."""
    made = []
    for _ in range(5):
        row = owner.execute(
            "SELECT frontdesk.new_id() AS id, extract(epoch FROM clock_timestamp()) * 1000 AS now"
        ).fetchone()
        assert row is not None
        made.append(row["id"])
        assert abs((row["id"].int >> 80) - float(row["now"])) < 100
        time.sleep(0.003)
    assert made == sorted(made)
