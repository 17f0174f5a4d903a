"""A session belongs to the host on which its person signed in (docs/adr/0006): its cookie, carried to another host, opens nothing there."""

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase

HOST = "host"  # in the session: the name without a port, since cookies know no ports either


def bind(session: SessionBase, host: str) -> None:
    """Remember where the person signed in."""
    session[HOST] = host


def is_foreign(session: SessionBase, host: str) -> bool:
    """Whether somebody is signed in with it, but elsewhere. A session without a person belongs to nobody yet."""
    return SESSION_KEY in session and session.get(HOST) != host
