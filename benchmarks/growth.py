"""What ten thousand appointments and many more make of the booking call and of the slot search."""

from benchmarks import pgbench
from benchmarks.booking_call import BOOK
from benchmarks.database import FIRST, Clinics
from benchmarks.figures import Effort, Section, ratio

NAME = "growth"
CONNECTIONS = 4

# A month of one provider's starts, and of all four: what checkAvailability asks for.
SEARCH = """
\\set org random(100001, 100050)
\\set provider :org * 100 + random(1, 4)
\\set day random(2, 300)
SELECT frontdesk.find_slots('00000000-0000-4000-8000-000000:org', 'Check-up', now() + :day * interval '1 day',
 now() + (:day + 30) * interval '1 day', '00000000-0000-4000-9000-0000:provider', p_limit => 20);
"""


def measure(clinics: Clinics, effort: Effort) -> Section:
    """Measure two databases of one server in turn: the same coming year, a short and a long history."""
    small, large = clinics.copy("growth_small"), clinics.copy("growth_large")
    large.fill(effort.grown_to)
    figures, raw = [], {}
    grown = f"{FIRST // 1000} thousand to {effort.grown_to // 1000} thousand appointments"
    for what, script, goal in (("booking call", BOOK, 1.2), ("slot search", SEARCH, 1.1)):
        runs: dict[str, list[float]] = {"small": [], "large": []}
        for _ in range(effort.rounds):
            for name, place in (("small", small), ("large", large)):
                load = pgbench.run(place, script, connections=CONNECTIONS, seconds=effort.seconds)
                runs[name].append(load.per_second)
        figures.append(
            ratio(f"{what}: times slower from {grown}", runs["small"], runs["large"], goal, "at most")
        )
        raw[what] = {name: [round(value, 1) for value in values] for name, values in runs.items()}
    return Section(NAME, tuple(figures), raw, (f"{CONNECTIONS} connections",))
