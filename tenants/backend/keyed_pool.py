"""Connections kept per login, with one limit for the process.

A connection is lent only to the login that opened it, so nothing that a session leaves behind (held cursors, prepared
statements, settings, locks) can reach another municipality.
"""

import hashlib
import hmac
import os
import select
import threading
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus


def password_of(login: str, secret: str) -> str:
    """The password of a login, 256 bits in hex, derived from the installation's secret: nothing to store or to rotate apart."""
    return hmac.new(secret.encode(), f"login:{login}".encode(), hashlib.sha256).hexdigest()


class KeyedPool:
    """At most `size` connections; `take` waits up to `wait` seconds for one, then raises psycopg.OperationalError."""

    def __init__(self, size: int, wait: float = 10.0) -> None:
        self.size, self.wait, self.changed = size, wait, threading.Condition()
        self.idle: list[psycopg.Connection[Any]] = []  # the longest unused first
        self.open = self.hits = 0
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """A forked child must not speak on its parent's connections."""
        self.changed, self.idle, self.open = threading.Condition(), [], 0

    def take(self, login: str, params: dict[str, Any]) -> psycopg.Connection[Any]:
        """An idle connection of this login, else a new one; at the limit the longest unused connection makes room."""
        with self.changed:
            if not self.changed.wait_for(lambda: self.idle or self.open < self.size, self.wait):
                raise psycopg.OperationalError(f"no connection became free within {self.wait} s")
            if found := self._of(login):
                return found
            victim = self.idle.pop(0) if self.open >= self.size else None
            self.open += victim is None
        try:
            if victim:
                victim.close()
            return psycopg.connect(**params)
        except BaseException:
            self._put()
            raise

    def _of(self, login: str) -> psycopg.Connection[Any] | None:
        for connection in reversed(self.idle):
            if connection.info.user == login:
                self.idle.remove(connection)
                if not self._alive(connection):
                    connection.close()
                    self.open -= 1
                    return self._of(login)
                self.hits += 1
                return connection
        return None

    @staticmethod
    def _alive(connection: psycopg.Connection[Any]) -> bool:
        """Whether the server still holds the other end. Nobody speaks to an idle connection but to end it, so input is a farewell."""
        if connection.closed:
            return False
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN | select.POLLHUP)
        return not poll.poll(0)

    def give(self, connection: psycopg.Connection[Any]) -> None:
        """Back to the shelf, unless it is broken."""
        try:
            if not connection.closed and connection.info.transaction_status != TransactionStatus.IDLE:
                connection.rollback()
        except psycopg.OperationalError:
            connection.close()
        self._put(*() if connection.closed else (connection,))

    def _put(self, *connection: psycopg.Connection[Any]) -> None:
        with self.changed:
            self.idle += connection
            self.open -= not connection
            self.changed.notify()

    def clear(self) -> None:
        """Close what is idle (end of a process, or before its database is dropped)."""
        with self.changed:
            for connection in self.idle:
                connection.close()
            self.open -= len(self.idle)
            self.idle.clear()
            self.changed.notify_all()
