"""Phones, names and e-mail addresses: what is said, and what is kept."""

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontdesk import emails, names, phones

DIGIT_WORDS = (
    ("zero", "oh", "cero"),
    ("one", "uno"),
    ("two", "dos"),
    ("three", "tres"),
    ("four", "cuatro"),
    ("five", "cinco"),
    ("six", "seis"),
    ("seven", "siete"),
    ("eight", "ocho"),
    ("nine", "nueve"),
)


@pytest.mark.parametrize(
    ("said", "region", "e164"),
    [
        ("+12025550147", "US", "+12025550147"),
        ("(202) 555-0147", "US", "+12025550147"),
        ("202.555.0147 ext. 5", "US", "+12025550147"),
        ("tel:+1-202-555-0147", "GB", "+12025550147"),
        ("two zero two five five five oh one four seven", "US", "+12025550147"),
        ("my number is two oh two, triple five, zero one forty-seven", "US", "+12025550147"),
        ("plus one two zero two five five five zero one four seven", "ES", "+12025550147"),
        ("one eight hundred five five five one two one two", "US", "+18005551212"),
        ("two twelve five five five twelve twelve", "US", "+12125551212"),
        ("seiscientos doce, treinta y cuatro, cincuenta y seis, setenta y ocho", "ES", "+34612345678"),
        ("más treinta y cuatro seis uno dos tres cuatro cinco seis siete ocho", "US", "+34612345678"),
        ("mi número es seis doce 34 56 78", "es", "+34612345678"),
        ("07700 900123", "GB", "+447700900123"),
        ("+15555550123", "US", "+15555550123"),
        ("011 44 20 7946 0958", "US", "+442079460958"),
        ("\uff0b\uff11 202 555 0147", "US", "+12025550147"),
    ],
)
def test_a_phone_is_understood(said: str, region: str, e164: str) -> None:
    """Written, spoken, in English or Spanish, with or without a country code, in the org's region."""
    assert phones.normalise(said, region) == e164


@pytest.mark.parametrize(
    "said",
    [
        "",
        "+",
        "911",
        "555-0147",
        "anonymous",
        "unknown",
        "+266696687",
        "+7378742833",
        "+86282452253",
        "2025550147 Dana",
        "202-555-0147 or 202-555-0148",
        "1-800-FLOWERS",
        "sip:bob@202.555.0147",
        "two zero two",
        "double",
        "one+2025550147",
        "+1 202 555 01470147",
        "0" * 300,
        "next Tuesday at three",
    ],
)
def test_what_cannot_be_a_phone_is_none(said: str) -> None:
    """Nothing is guessed: a number half understood is somebody else's; withheld callers have none."""
    assert phones.normalise(said, "US") is None


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 99), st.sampled_from(["202", "212", "646", "305"]), st.data())
def test_a_phone_read_out_digit_by_digit_is_itself(last: int, area: str, data: st.DataObject) -> None:
    """Any mixture of English and Spanish digit words gives the digits they name."""
    number = f"{area}55501{last:02d}"
    words = [data.draw(st.sampled_from((*DIGIT_WORDS[int(digit)], digit))) for digit in number]
    assert phones.normalise(" ".join(words), "US") == "+1" + number
    assert phones.normalise(phones.speak("+1" + number), "US") == "+1" + number


def test_a_carriers_number_is_taken_where_a_heard_one_would_be_asked_for() -> None:
    """+1 555 123 4567 is in no range known to be in use; but a carrier does not mishear."""
    assert phones.normalise("+15551234567", "US") is None
    assert phones.of_caller("+15551234567", "US") == "+15551234567"
    assert phones.of_caller("2025550147", "US") == "+12025550147"
    for withheld in ("+266696687", "anonymous", "+1", "+155512345678901234", ""):
        assert phones.of_caller(withheld, "US") is None


def test_a_phone_is_spoken_in_groups() -> None:
    """Digits apart, groups by commas; the country code only where it is not North America's."""
    assert phones.speak("+12025550147") == "2 0 2, 5 5 5, 0 1 4 7"
    assert phones.speak("+34612345678") == "plus 3 4, 6 1 2, 3 4, 5 6, 7 8"
    assert phones.last_four("+12025550147") == "0147"


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("dana whitfield", "Dana Whitfield"),
        ("Dana Whitfield", "Dana Whitfield"),
        ("GARCIA-LOPEZ, MARIA", "Maria Garcia-Lopez"),
        ("dana o'brien", "Dana O'Brien"),
        ("ronald MCDONALD jr.", "Ronald McDonald Jr"),
        ("Ronald Mcdonald iii", "Ronald McDonald III"),
        ("ian macdonald", "Ian MacDonald"),
        ("ana MACHADO", "Ana Machado"),
        ("maria macias", "Maria Macias"),
        ("juan de la cruz", "Juan de la Cruz"),
        ("Juan De La Cruz", "Juan de la Cruz"),
        ("mrs. anna van der berg", "Anna van der Berg"),
        ("Sr. Juan Pérez", "Juan Pérez"),
        ("van nguyen", "Van Nguyen"),
        ("dana whitfield do", "Dana Whitfield Do"),
        ("JOHN Y SMITH", "John Y Smith"),
        ("LaToya jackson", "LaToya Jackson"),
        ("JOSÉ ÑANDÚ", "José Ñandú"),
        ("дана иванова", "Дана Иванова"),
        ("王 小明", "王 小明"),
        ("محمد علي", "محمد علي"),
        ("D A N A Whitfield", "Dana Whitfield"),
        ("Dana Whitfield, W-H-I-T-F-I-E-L-D", "Dana Whitfield"),
        ("J R R Tolkien", "J R R Tolkien"),
        ("anna (nee smith) jones", "Anna Nee Smith Jones"),
        (" dana\x00\n whitfield. ", "Dana Whitfield"),
    ],
)
def test_a_name_is_written_properly(said: str, kept: str) -> None:
    """Title case that knows particles, prefixes and suffixes; no word is lost; other scripts stay."""
    assert names.normalise(said) == kept


@pytest.mark.parametrize(
    "said", ["", "   ", "12345", "-", "Mr", "miss", "a@b.com", "www.example.com", "<b>Dana</b>", "Da " * 60]
)
def test_what_is_no_name_is_none(said: str) -> None:
    """Without a letter, a courtesy title alone, an address, markup, or longer than 120 characters."""
    assert names.normalise(said) is None


NAME_WORDS = """
    dana Whitfield O'BRIEN mcdonald macdonald MacHado de la van der mr MRS. dr Jr. iii St. v x. PHD do and nee
    , ' ( " D A Y d-a-n-a Smith, ß ǆ Ñandú 李 小龍 İstanbul ŉ ﬁ
"""
NAME_PARTS = st.sampled_from(NAME_WORDS.split())


@settings(max_examples=400, deadline=None)
@given(st.lists(NAME_PARTS, max_size=6).map(" ".join) | st.text(max_size=40))
def test_a_name_written_twice_is_written_once(said: str) -> None:
    """normalise(normalise(x)) == normalise(x), and the table's CHECK accepts what comes out."""
    kept = names.normalise(said)
    if kept is not None:
        assert names.normalise(kept) == kept
        assert kept == kept.strip()
        assert 1 <= len(kept) <= 120
        assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in kept)


def test_plain_names_are_what_the_parser_would_write() -> None:
    """The short way past nameparser must not write one of its particles differently."""
    from nameparser.config import CONSTANTS

    for particle in sorted(CONSTANTS.prefixes):
        name = f"Dana {particle.title()} Whitfield"
        assert names.normalise(name) == names.normalise(name.lower()), particle


@pytest.mark.parametrize(
    "same",
    [
        ("Dr. Patel", "doctor patel", "PATEL", "Doctora Patel", "Patel, DDS"),
        ("José Ñandú", "jose nandu", "JOSE\u0301 N\u0303andu"),
        ("Garcia-Lopez", "garcia lopez", "García López"),
        ("O'Brien", "obrien", "O\u2019Brien"),
        ("Łukasz Øster", "lukasz oster"),
        ("Doctor", "doctor"),
    ],
)
def test_names_that_sound_the_same_have_one_key(same: tuple[str, ...]) -> None:
    """Case, accents, punctuation, titles and degrees do not tell two spoken names apart."""
    assert len({names.key(name) for name in same}) == 1
    assert names.key(same[0])


def test_different_names_have_different_keys() -> None:
    """The key still tells people apart, in scripts without case too."""
    different = ["Patel", "Petal", "Dana Patel", "李小龍", "李小明", "हिन्दी", "हन्द"]
    assert len({names.key(name) for name in different}) == len(different)
    assert names.key_words("Dr. Anita Patel, DDS") == ("anita", "patel")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Dana@Example.COM", "dana@example.com"),
        ("mailto:dana+clinic@example.co.uk", "dana+clinic@example.co.uk"),
        ("name at example dot com", "name@example.com"),
        ("Dana underscore W at gmail dot com.", "dana_w@gmail.com"),
        ("d a n a at gmail dot com", "dana@gmail.com"),
        ("my email is d a n o two two at gmail dot com", "dano22@gmail.com"),
        ("dana @ gmail . com", "dana@gmail.com"),
        ("ana punto ruiz arroba correo punto es", "ana.ruiz@correo.es"),
        ("ana guión bajo ruiz arroba gmail punto com", "ana_ruiz@gmail.com"),
        ("dana dash w at my hyphen clinic dot com", "dana-w@my-clinic.com"),
    ],
)
def test_an_email_is_understood(said: str, kept: str) -> None:
    """Typed or spelled out loud, in English or Spanish, kept in lower case."""
    assert emails.normalise(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "",
        "at",
        "dana",
        "dana at home",
        "a..b@c.com",
        ".a@c.com",
        "a@b",
        "a@b.1",
        "a@-b.com",
        "ana ruiz@c.com",
        "a@b@c.com",
        "call dana at gmail dot com",
        "x" * 65 + "@example.com",
        "a@" + "b" * 250 + ".com",
        "a@b.com\ncc: c@d.com",
        "<script>@a.com",
    ],
)
def test_what_is_no_email_is_none(said: str) -> None:
    """Doubtful is none: an address is never needed for a booking, and a wrong one is a leak."""
    assert emails.normalise(said) is None


@settings(max_examples=400, deadline=None)
@given(st.text(st.characters(), max_size=60) | st.text("0123456789+ ()-.@xabco\u0663", max_size=30))
def test_no_text_makes_normalisation_raise(text: str) -> None:
    """Any text gives a kept form or None, and the kept form is kept as it is."""
    for normalise in (names.normalise, emails.normalise, lambda t: phones.normalise(t, "US")):
        kept = normalise(text)
        assert kept is None or normalise(kept) == kept
    names.key(text)
    phones.speak(text)
    phones.last_four(text)


def test_the_booking_function_starts_without_the_heavy_libraries() -> None:
    """Phonenumbers and nameparser are loaded when first needed, never when the modules are."""
    code = (
        "import sys; sys.path[:0] = ['.', 'layers/shared']\n"
        "import frontdesk.phones, frontdesk.names, frontdesk.emails, frontdesk.senders, functions.book.vapi\n"
        "print([m for m in ('phonenumbers', 'nameparser', 'pydantic', 'boto3') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
