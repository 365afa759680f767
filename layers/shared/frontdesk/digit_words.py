"""Numbers below a thousand as English and Spanish words, without accents."""


def _numbered(first: int, *words: str) -> dict[str, int]:
    return {word: number for number, each in enumerate(words, start=first) for word in each.split()}


DIGITS = _numbered(
    0,
    "zero oh o nought cero",
    "one uno",
    "two dos",
    "three tres",
    "four cuatro",
    "five cinco",
    "six seis",
    "seven siete",
    "eight ocho",
    "nine niner nueve",
)
TEENS = _numbered(
    10,
    "ten diez",
    "eleven once",
    "twelve doce",
    "thirteen trece",
    "fourteen catorce",
    "fifteen quince",
    "sixteen dieciseis",
    "seventeen diecisiete",
    "eighteen dieciocho",
    "nineteen diecinueve",
    "veinte",
    "veintiuno",
    "veintidos",
    "veintitres",
    "veinticuatro",
    "veinticinco",
    "veintiseis",
    "veintisiete",
    "veintiocho",
    "veintinueve",
)
TENS = _numbered(
    2,
    "twenty",
    "thirty treinta",
    "forty fourty cuarenta",
    "fifty cincuenta",
    "sixty sesenta",
    "seventy setenta",
    "eighty ochenta",
    "ninety noventa",
)
SPANISH_HUNDREDS = _numbered(
    1,
    "cien ciento",
    "doscientos",
    "trescientos",
    "cuatrocientos",
    "quinientos",
    "seiscientos",
    "setecientos",
    "ochocientos",
    "novecientos",
)
