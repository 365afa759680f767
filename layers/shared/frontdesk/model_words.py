"""How language models say nothing, yes and no."""

_ABSENT = frozenset(
    {"", "-", "--", "?", "null", "none", "nil", "undefined", "unknown", "n/a", "na", "nan", "empty", "tbd"}
    | {"not provided", "not given", "not specified", "not available", "not applicable", "unspecified"}
    | {"desconocido", "desconocida", "ninguno", "ninguna", "nulo", "no aplica", "no disponible"}
    | {"no proporcionado", "no proporcionada", "no especificado", "no especificada", "sin especificar"}
)
_YES = frozenset({"true", "yes", "y", "1", "si", "sí"})
_NO = frozenset({"false", "no", "n", "0"})


def is_absent(text: str) -> bool:
    """Tell whether a text is a model's way of saying that nothing was said."""
    plain = text.strip().rstrip(".").casefold()
    return plain in _ABSENT or (plain.startswith("{{") and plain.endswith("}}"))


def flag(said: object) -> bool | None:
    """Read a yes or no, said as a boolean, 1 or 0, or a word; None when it is neither."""
    if isinstance(said, bool):
        return said
    if isinstance(said, str | int):
        word = str(said).strip().casefold()
        return True if word in _YES else False if word in _NO else None
    return None
