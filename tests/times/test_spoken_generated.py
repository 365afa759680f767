"""Properties over generated phrases: no wrong day, nothing dropped, what is said back parses to itself."""

from datetime import UTC, datetime, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from frontdesk.times import Days, Moment, Question, parse_days, parse_moment, say_moment
from frontdesk.times.vocabulary import VOCABULARY
from tests.times.phrases import OFFICE_HOURS, OPEN_8_TO_18, nows, said_starts

UNKNOWN_WORDS = (
    "zebra",
    "not",
    "except",
    "last",
    "every",
    "cancel",
    "nunca",
    "excepto",
    "los",
    "pasados",
    "x",
)


def instant(at: datetime) -> datetime:
    """Compare in UTC: inside one zone Python compares wall clocks."""
    return at.astimezone(UTC)


@given(said_starts())
@settings(max_examples=1500, deadline=None)
def test_no_phrase_resolves_to_another_start_than_the_one_it_was_made_from(
    said: tuple[datetime, datetime, str],
) -> None:
    """A phrase made from a start gives that start, or a question that offers it."""
    now, start, phrase = said
    answer = parse_moment(phrase, now, OPEN_8_TO_18)
    if isinstance(answer, Moment):
        assert instant(answer.at) == instant(start)
    else:
        assert instant(start) in [instant(at) for at in answer.options], answer


@given(said_starts())
@settings(max_examples=300, deadline=None)
def test_availability_of_a_phrase_is_looked_for_on_its_day_only(said: tuple[datetime, datetime, str]) -> None:
    """The same phrases give checkAvailability their one day from their hour on, or a question."""
    now, start, phrase = said
    answer = parse_days(phrase, now, OPEN_8_TO_18)
    if isinstance(answer, Days):
        assert (answer.first, answer.last, answer.earliest) == (start.date(), start.date(), start.time())


@given(said_starts(), st.sampled_from(UNKNOWN_WORDS), st.integers(0, 20))
@settings(max_examples=500, deadline=None)
def test_a_word_that_is_not_understood_never_gives_a_start(
    said: tuple[datetime, datetime, str], word: str, where: int
) -> None:
    """Every word must be understood: one unknown word anywhere turns a good phrase into a question."""
    now, _, phrase = said
    words = phrase.split()
    words.insert(where % (len(words) + 1), word)
    assert isinstance(parse_moment(" ".join(words), now, OPEN_8_TO_18), Question)


@given(nows(), st.integers(1, 500 * 24 * 60), st.sampled_from((OPEN_8_TO_18, OFFICE_HOURS)))
@settings(max_examples=1000, deadline=None)
def test_whatever_is_said_back_parses_to_itself(now: datetime, minutes: int, hours: object) -> None:
    """say_moment of any coming minute, in any zone and across years, is understood as that very instant."""
    later = (instant(now) + timedelta(minutes=minutes + 1)).replace(second=0)
    at = later.astimezone(now.tzinfo)
    answer = parse_moment(say_moment(at, now.date()), now, OFFICE_HOURS)
    if at.replace(fold=0).utcoffset() == at.replace(fold=1).utcoffset():
        assert isinstance(answer, Moment)
        assert instant(answer.at) == later
    elif isinstance(answer, Question):
        assert later in [instant(option) for option in answer.options]
    else:
        # Only when the other pass of the repeated hour is already over is there one reading left.
        assert instant(answer.at) == later
        assert instant(at.replace(fold=0)) < instant(now)


@given(nows(), st.text(max_size=260))
@settings(max_examples=400, deadline=None)
def test_no_text_raises_or_books_the_past(now: datetime, text: str) -> None:
    """Any text at all gives a coming start, days from today on, or a question."""
    _check_answers(now, text)


@given(
    nows(),
    st.lists(
        st.sampled_from([*VOCABULARY, "3", "15", "2026", "330", "3:30", "11/12", "24th", ",", "-", "/"]),
        max_size=14,
    ),
)
@settings(max_examples=1000, deadline=None)
def test_no_heap_of_known_words_raises_or_books_the_past(now: datetime, words: list[str]) -> None:
    """Words that are all understood, in any order, still give a coming start, coming days, or a question."""
    _check_answers(now, " ".join(words))


def _check_answers(now: datetime, text: str) -> None:
    answer = parse_moment(text, now, OFFICE_HOURS)
    if isinstance(answer, Moment):
        assert instant(answer.at) >= instant(now)
        assert answer.at.tzinfo is now.tzinfo
    else:
        assert answer.text
        assert "\n" not in answer.text
    days = parse_days(text, now, OFFICE_HOURS)
    if isinstance(days, Days):
        assert now.date() <= days.first <= days.last
        assert days.earliest is None or days.latest is None or days.earliest < days.latest
    else:
        assert "?" in days.text


@given(said_starts())
@settings(max_examples=100, deadline=None)
def test_all_but_the_ambiguous_phrases_are_taken_without_a_question(
    said: tuple[datetime, datetime, str],
) -> None:
    """A question for everything would pass the other properties: full dates are never asked about."""
    now, start, _ = said
    assume(start > now)
    for phrase in (f"{start:%Y-%m-%dT%H:%M}", say_moment(start, now.date())):
        assert parse_moment(phrase, now, OPEN_8_TO_18) == Moment(start)
