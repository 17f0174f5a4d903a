"""Tokens of webhooks: derived, so that the command line can print one again; stored as a hash, so that the database does not hold them."""

import base64
import hashlib
import hmac

from django.conf import settings


def token_of(source_id: int, generation: int) -> str:
    """The token of a source: 256 bits, 43 characters that are safe in a URL. The next generation's has nothing in common with it."""
    message = f"cti:{source_id}:{generation}".encode()
    digest = hmac.new(settings.SECRET_KEY.encode(), message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def hash_of(token: str) -> str:
    """What is stored and looked up: a look-up by hash takes no longer for a token that begins rightly."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
