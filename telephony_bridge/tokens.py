"""Tokens of webhooks and secrets of signatures: derived, so that they can be shown again; the database holds a token's hash only."""

import base64
import hashlib
import hmac

from django.conf import settings


def token_of(source_id: int, generation: int) -> str:
    """The token of a source: 256 bits, 43 characters that are safe in a URL. The next generation's has nothing in common with it."""
    return _derived(f"cti:{source_id}:{generation}")


def secret_of(source_id: int, generation: int) -> str:
    """What an exchange signs its messages with; as long as a token, and not to be guessed from it."""
    return _derived(f"cti-signature:{source_id}:{generation}")


def hash_of(token: str) -> str:
    """What is stored and looked up: a look-up by hash takes no longer for a token that begins rightly."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _derived(name: str) -> str:
    digest = hmac.new(settings.SECRET_KEY.encode(), name.encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
