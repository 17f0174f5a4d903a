"""The database backend: a transaction carries its scope, and whatever is unclear is an error.

DATABASES["default"]["TENANCY"]:
  login   production: one login per scope, connections kept by login; BEGIN and SET LOCAL travel as one string
  single  tests: one connection of a superuser, `SET LOCAL ROLE` at each change of scope, so that an ordinary TestCase
          (one outer transaction, rolled back) still meets the rights and policies of every login
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.conf import settings
from django.db.backends.postgresql.base import ServerSideCursor  # type: ignore[attr-defined]  # missing in the stubs
from django.utils.functional import cached_property
from django_tenants.postgresql_backend import base as tenants
from psycopg.pq import TransactionStatus

from tenants import scope
from tenants.backend.keyed_pool import KeyedPool, password_of
from tenants.errors import TenancyError

_pools: dict[tuple[str, str, str], KeyedPool] = {}


def pool_of(params: dict[str, Any]) -> KeyedPool:
    """The process's pool for one database (tests talk to several)."""
    key = (str(params.get("host")), str(params.get("port")), str(params.get("dbname")))
    return _pools.setdefault(key, KeyedPool(size=settings.RUFVERBUND_DB_POOL))


def login_password(login: str) -> str:
    """The migrator's secret is another one, so that web processes need not have it."""
    secret = settings.RUFVERBUND_OWNER_SECRET if login == scope.OWNER.login else settings.RUFVERBUND_DATABASE_SECRET
    if not secret:
        raise TenancyError(f"this process was not given the secret of the login {login}")
    return password_of(login, secret)


class DatabaseWrapper(tenants.DatabaseWrapper):  # type: ignore[misc]
    """Chooses the login by the scope, refuses queries without one, and never runs on in another one's transaction."""

    bound_to: scope.Scope | None = None  # the scope that the open transaction was begun for
    _ready = False

    def __init__(self, settings_dict: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        self.single = settings_dict.get("TENANCY", "login") == "single"
        super().__init__(settings_dict, *args, **kwargs)
        self._ready = True

    # Tenant state: the ContextVar instead of attributes of the connection.

    @property
    def schema_name(self) -> str:
        """What django-tenants' router and commands read."""
        current = scope.current()
        return current.schema if current else scope.PUBLIC

    @schema_name.setter
    def schema_name(self, value: str) -> None:
        """django-tenants assigns it in __init__: a new thread's wrapper must not reset the scope it was made in."""

    @property
    def tenant(self) -> Any:
        """What django-tenants' commands read."""
        return tenants.FakeTenant(self.schema_name)

    @tenant.setter
    def tenant(self, value: Any) -> None:
        """As above."""

    def set_tenant(self, tenant: Any, include_public: bool = True) -> None:  # noqa: FBT001, FBT002  django-tenants' signature
        """The entrance of django-tenants' migration commands; nobody else may use it."""
        if not self._ready:
            return
        scope.enter_schema(tenant.schema_name)

    # Transactions. psycopg stays in autocommit mode: the BEGIN is ours, so that it can carry the scope in the same round trip.

    def _set_autocommit(self, autocommit: bool) -> None:  # noqa: FBT001  Django's signature
        with self.wrap_database_errors:
            if not self.connection.autocommit:
                self.connection.autocommit = True
            if not autocommit:
                self._begin()

    def _begin(self) -> None:
        if self.single:
            psycopg.Cursor(self.connection).execute("BEGIN")
            self.bound_to = None
            return
        current = scope.required()
        try:
            self._send_begin(current)
        except psycopg.OperationalError:
            if not self.connection.closed:
                raise
            self.close()  # the server went away while the connection lay idle; nothing has been done on it yet
            self.connect()
            self._send_begin(current)
        self.bound_to = current

    def _send_begin(self, current: scope.Scope) -> None:
        try:
            psycopg.Cursor(self.connection).execute(f"BEGIN;{current.begin}")
        except psycopg.Error:
            if not self.connection.closed:
                self.connection.rollback()  # cancelled half way: nothing may run in what is left of it
            raise

    def _cursor(self, name: str | None = None) -> Any:
        current = scope.required()
        self.ensure_connection()
        self._check(current)
        return super(tenants.DatabaseWrapper, self)._cursor(name)

    def _check(self, current: scope.Scope) -> None:
        status = self.connection.info.transaction_status
        if status == TransactionStatus.IDLE:
            if current.needs_transaction:
                raise TenancyError("a query outside a transaction")
            if current.login == scope.OWNER.login and not self.single:
                psycopg.Cursor(self.connection).execute(f"SET search_path = {current.search_path}")
        elif self.single:
            self._become(current, status)
        elif self.bound_to != current:
            self._rebind(current, status)

    def _rebind(self, current: scope.Scope, status: TransactionStatus) -> None:
        """Migrations alone may change their schema within a transaction."""
        bound = self.bound_to
        if bound is None or bound.login != scope.OWNER.login or current.login != scope.OWNER.login:
            raise TenancyError(f"the transaction is {bound and bound.login}'s, the scope says {current.login}")
        if status != TransactionStatus.INERROR:
            psycopg.Cursor(self.connection).execute(f"SET LOCAL search_path = {current.search_path}")
            self.bound_to = current

    # Tests (tenancy "single").

    def _become(self, current: scope.Scope, status: TransactionStatus) -> None:
        if status == TransactionStatus.INERROR or self.bound_to == current:
            return
        role = "owner" if current.login == scope.OWNER.login else current.login
        person = "" if current.person is None else str(current.person)
        psycopg.Cursor(self.connection).execute(
            f"SET LOCAL ROLE {role};SET LOCAL search_path = {current.search_path};SET LOCAL rufverbund.person = '{person}'"
        )
        self.bound_to = current

    def _savepoint(self, sid: str) -> None:
        with self._in_some_scope():
            super()._savepoint(sid)

    def _savepoint_commit(self, sid: str) -> None:
        with self._in_some_scope():
            super()._savepoint_commit(sid)

    def _savepoint_rollback(self, sid: str) -> None:
        with self._in_some_scope():
            super()._savepoint_rollback(sid)
        if self.single:
            self.bound_to = None  # the role of before the savepoint is back

    def check_constraints(self, table_names: Any = None) -> None:
        """TestCase calls it between scopes."""
        with self._in_some_scope():
            super().check_constraints(table_names)

    @contextmanager
    def _in_some_scope(self) -> Iterator[None]:
        """TestCase itself checks constraints and rolls back between scopes."""
        if self.single and scope.current() is None:
            with scope.owner():
                yield
        else:
            yield

    # Connections: taken from the pool under the scope's login, exchanged when the scope has changed.

    def ensure_connection(self) -> None:
        """Give back a connection of another login before it is used."""
        if not self.single and self.connection is not None and not self.in_atomic_block:
            current = scope.current()
            if current is not None and self.connection.info.user != current.login:
                self.close()
        super().ensure_connection()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """One of the scope's login, from the pool."""
        self.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        self.bound_to = None
        if self.single:
            return psycopg.connect(**{**conn_params, "autocommit": True})
        login = scope.required().login
        params = {**conn_params, "user": login, "password": login_password(login), "autocommit": True}
        self._pool = pool_of(params)
        return self._pool.take(login, params)

    def get_connection_params(self) -> dict[str, Any]:
        """As Django's, without automatic PREPARE: a statement would outlive a change of search_path."""
        params: dict[str, Any] = super().get_connection_params()
        return {"prepare_threshold": None, **params}

    def _close(self) -> None:
        if self.connection is None:
            return
        if self.single:
            super()._close()
        else:
            self._pool.give(self.connection)

    # What Django or django-tenants do outside a transaction, or across one.

    @cached_property
    def pg_version(self) -> int:
        """The original opens a cursor for it, outside a transaction."""
        self.ensure_connection()
        return int(self.connection.info.server_version)

    def chunked_cursor(self) -> Any:
        """Rows in pieces where there is a transaction to hold them; the platform's logins may also read outside of one."""
        return super().chunked_cursor() if self.in_atomic_block else self.cursor()

    def create_cursor(self, name: str | None = None) -> Any:
        """Django makes named cursors WITH HOLD on autocommit connections: rows would outlive the transaction and its login."""
        if name:
            return ServerSideCursor(self.connection, name=name, scrollable=False, withhold=False)
        return super().create_cursor(name)

    def _handle_search_path(self, cursor: Any = None) -> None:
        """The original catches DatabaseError, and the next query runs in the previous tenant's schema. Nothing to do here."""
