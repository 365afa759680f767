"""The booking call against its floor, a durable one-row INSERT, and against a handler without any lock."""

from benchmarks import pgbench
from benchmarks.database import Clinics
from benchmarks.figures import Effort, Figure, Section, ratio

NAME = "booking"

_ANY_CLINIC = """
\\set org random(100001, 100050)
\\set provider :org * 100 + random(1, 4)
\\set day random(2, 360)
\\set slot random(32, 71)
\\set caller random(2000000, 9999999)
\\set call random(1, 1000000000000)
"""
_START = (
    "(current_date + :day + time '00:00' + :slot * interval '15 minutes') AT TIME ZONE 'America/New_York'"
)
FLOOR = (
    _ANY_CLINIC + "INSERT INTO bench.floor (org, at, name)"
    " VALUES ('00000000-0000-4000-8000-000000:org', now(), 'Dana Whitfield');"
)
BOOK = (
    _ANY_CLINIC
    + "SELECT frontdesk.book_appointment_atomic('00000000-0000-4000-8000-000000:org', 'Dana Whitfield', NULL,"
    f" '+1202:caller', 'Check-up', {_START}, NULL,"
    " '00000000-0000-4000-9000-0000:provider', 'call-:call', 'tool-:call');"
)
# How such handlers start out: look, then insert, each a round trip, with no lock, rule, event or outbox.
NAIVE = (
    _ANY_CLINIC
    + "BEGIN;\n"
    + "SELECT id FROM bench.naive_appointments WHERE provider_id = '00000000-0000-4000-9000-0000:provider'"
    f" AND starts_at < {_START} + interval '15 minutes' AND ends_at > {_START};\n"
    "INSERT INTO bench.naive_contacts (org_id, phone, name)"
    " VALUES ('00000000-0000-4000-8000-000000:org', '+1202:caller', 'Dana Whitfield')"
    " ON CONFLICT (org_id, phone) DO UPDATE SET name = excluded.name;\n"
    "INSERT INTO bench.naive_appointments (org_id, provider_id, phone, starts_at, ends_at)"
    " VALUES ('00000000-0000-4000-8000-000000:org', '00000000-0000-4000-9000-0000:provider', '+1202:caller',"
    f" {_START}, {_START} + interval '15 minutes');\n"
    "COMMIT;"
)
GOALS = {1: 0.6, 32: 0.33, 100: 0.33}
NAIVE_AT = 32


def measure(clinics: Clinics, effort: Effort) -> Section:
    """Measure floor and booking call in turn, at each number of connections."""
    place = clinics.copy("booking")
    figures: list[Figure] = []
    raw: dict[str, dict[str, list[float]]] = {}
    calls = 0
    for connections in effort.connections:
        scripts = {"floor": FLOOR, "book": BOOK} | ({"naive": NAIVE} if connections == NAIVE_AT else {})
        runs: dict[str, list[pgbench.Load]] = {name: [] for name in scripts}
        for _ in range(effort.rounds):
            for name, script in scripts.items():
                runs[name].append(pgbench.run(place, script, connections=connections, seconds=effort.seconds))
        calls += sum(load.calls for load in runs["book"])
        figures += _compare(connections, runs)
        for name, loads in runs.items():
            raw[f"{name} at {connections}"] = {
                part: [round(getattr(load, part), 3) for load in loads]
                for part in ("per_second", "p50", "p99")
            }
    with place.owner() as owner:
        (booked,) = owner.execute("SELECT count(*) FROM frontdesk.idempotency_keys").fetchone() or (0,)
    if booked < calls / 2:
        raise RuntimeError(f"only {booked} of {calls} calls booked: this measured refusals")
    return Section(
        NAME, tuple(figures), raw, (f"{booked / calls:.0%} of the calls booked, the others found it taken",)
    )


def _compare(connections: int, runs: dict[str, list[pgbench.Load]]) -> list[Figure]:
    def column(name: str, part: str) -> list[float]:
        return [getattr(load, part) for load in runs[name]]

    at = f"{connections} connection{'s' if connections > 1 else ''}"
    found = [
        ratio(f"bookings/s over the floor's INSERTs/s, {at}", column("book", "per_second"),
              column("floor", "per_second"), GOALS.get(connections)),
        ratio(f"p50 over the floor's, {at}", column("book", "p50"), column("floor", "p50")),
        ratio(f"p99 over the floor's, {at}", column("book", "p99"), column("floor", "p99"),
              5.0 if connections == 100 else None, "at most"),
    ]  # fmt: skip
    if "naive" in runs:
        found.append(
            ratio(f"bookings/s over a handler with no lock and no rules, {at}", column("book", "per_second"),
                  column("naive", "per_second"), 1.0)
        )  # fmt: skip
    return found
