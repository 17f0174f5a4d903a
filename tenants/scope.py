"""For whom the running code works: a ContextVar that chooses the database login, read when a connection is taken and at BEGIN.

Tasks, generators and threads started by asgiref each keep their own value, which an attribute of the connection
(shared by everything on a thread) cannot do. See docs/adr/0002.
"""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from tenants.errors import TenancyError

SCHEMA_NAME = re.compile(r"t_[a-z0-9]{1,40}\Z")  # safe in SQL without quotes
PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Scope:
    """A database login and what a transaction of it begins with."""

    login: str
    schema: str = PUBLIC
    person: int | None = None  # the desk acts for one person; row-level security reads it
    needs_transaction: bool = False

    @property
    def begin(self) -> str:
        """The statements that travel with BEGIN, so that they cost no round trip of their own."""
        path = f"SET LOCAL search_path = {self.search_path}"
        return path if self.person is None else f"{path};SET LOCAL rufverbund.person = '{int(self.person)}'"

    @property
    def search_path(self) -> str:
        """The municipality's schema first, the shared tables behind it."""
        return PUBLIC if self.schema == PUBLIC else f"{self.schema}, {PUBLIC}"


_current: ContextVar[Scope | None] = ContextVar("scope", default=None)
current = _current.get


def required() -> Scope:
    """The scope of the running code; raises TenancyError where none was opened."""
    scope = _current.get()
    if scope is None:
        raise TenancyError("a query without a scope: say for whom with tenants.scope")
    return scope


def enter_schema(schema: str) -> None:
    """For migrations only: go on in another schema until the owner's scope ends. Raises TenancyError in any other scope."""
    if required().login != OWNER.login:
        raise TenancyError("only migrations walk through schemas; say tenants.scope.municipality(...) instead")
    _current.set(Scope(login=OWNER.login, schema=schema))


@contextmanager
def entered(scope: Scope | None) -> Iterator[Scope | None]:
    """Work in `scope` until the block ends; None takes a scope away (what a new request starts with)."""
    token = _current.set(scope)
    try:
        yield scope
    finally:
        _current.reset(token)


def of_municipality(schema: str) -> Scope:
    """The scope of one municipality's own people. Raises TenancyError for anything that is not a schema of ours."""
    if not SCHEMA_NAME.match(schema):
        raise TenancyError(f"not a municipality's schema: {schema!r}")
    return Scope(login=schema, schema=schema, needs_transaction=True)


def of_desk(person: int) -> Scope:
    """The scope of one agent or supervisor: what is published by the municipalities of their centres."""
    return Scope(login="desk_web", person=person, needs_transaction=True)


FRONT = Scope(login="front")  # sign-in, sessions, people, memberships, host look-up
OPERATOR = Scope(login="operator_web")  # centres, municipalities, states; never drafts
TELEPHONY = Scope(login="telephony")  # webhook, reaper, bridge
WORKER = Scope(login="worker")  # background jobs
OWNER = Scope(login="migrator")  # migrations and provisioning


def municipality(schema: str) -> AbstractContextManager[Scope | None]:
    """Context manager: work as this municipality (`schema` is Municipality.schema_name)."""
    return entered(of_municipality(schema))


def desk(person: int) -> AbstractContextManager[Scope | None]:
    """Context manager: work as the desk for this person (Person.pk)."""
    return entered(of_desk(person))


def front() -> AbstractContextManager[Scope | None]:
    """Context manager: sign-in, sessions, people, memberships, host look-up."""
    return entered(FRONT)


def operator() -> AbstractContextManager[Scope | None]:
    """Context manager: the operator's pages."""
    return entered(OPERATOR)


def telephony() -> AbstractContextManager[Scope | None]:
    """Context manager: webhook, reaper, bridge."""
    return entered(TELEPHONY)


def worker() -> AbstractContextManager[Scope | None]:
    """Context manager: background jobs."""
    return entered(WORKER)


def owner(schema: str = PUBLIC) -> AbstractContextManager[Scope | None]:
    """Context manager: migrations and provisioning, with `schema` in front of the search path."""
    return entered(Scope(login=OWNER.login, schema=schema))
