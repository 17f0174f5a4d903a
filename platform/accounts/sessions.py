"""A session belongs to the host on which its person signed in (docs/adr/0006): its cookie, carried to another host, opens nothing there."""

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import SessionBase
from django.db import connection
from django.utils import timezone

HOST = "host"  # in the session: the name without a port, since cookies know no ports either


def bind(session: SessionBase, host: str) -> None:
    """Remember where the person signed in."""
    session[HOST] = host


def is_foreign(session: SessionBase, host: str) -> bool:
    """Whether somebody is signed in with it, but elsewhere. A session without a person belongs to nobody yet."""
    return SESSION_KEY in session and session.get(HOST) != host


class SessionStore(db.SessionStore):
    """Django's in the database; read as plain SQL, since this is asked with every letter that somebody types."""

    def load(self) -> dict[str, Any]:
        """What is stored; nothing, and no key any more, for a session that is over."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT session_data FROM django_session WHERE session_key = %s AND expire_date > %s",
                [self.session_key, timezone.now()],
            )
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return {}
        return dict(self.decode(row[0]))
