"""Whether a request was signed by Twilio with one of a clinic's auth tokens.

The signature is base64(HMAC-SHA1(token, url + every field's name and value, sorted)), see
twilio.com/docs/usage/webhooks/webhooks-security. The SDK's validator writes it; the comparison is ours, since
the SDK's is a loop in Python.
"""

import hmac
from collections.abc import Iterable

from twilio.request_validator import RequestValidator

HEADER = "x-twilio-signature"


class Form(dict[str, list[str]]):
    """A body's fields, each with all its values in the order they came."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        for name, value in pairs:
            self.setdefault(name, []).append(value)

    def getall(self, name: str) -> list[str]:
        """Return a field's values; the SDK's validator asks so for repeated ones."""
        return self[name]

    def first(self, name: str) -> str:
        """Return a field's first value, or an empty text."""
        return self.get(name, [""])[0]


def holds(tokens: Iterable[str], url: str, form: Form, signed: str) -> bool:
    """Tell whether any of the tokens made this signature, in a time that tells nothing about them."""
    given = signed.encode("utf-8", "surrogatepass")
    verdicts = [
        hmac.compare_digest(RequestValidator(token).compute_signature(url, form).encode(), given)
        for token in tokens
        if token
    ]
    return any(verdicts)
