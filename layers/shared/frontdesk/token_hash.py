"""What is kept of a token that opens something by itself: never the token."""

import hashlib


def token_hash(token: str) -> str:
    """Return what is stored of a token: its SHA-256 in hexadecimal.

    Our tokens are 128 or more random bits, which need no slow hash and no key. What is looked up may be a
    stranger's: bytes that are no text arrive as surrogates, and match nothing.
    """
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
