"""The thread of the worker that keeps OpenSearch up: it is woken when something is published, looks after the index now and then, and goes on
by itself when the database or OpenSearch was away."""

import threading
import time
from typing import Any

import psycopg
import structlog
from django.conf import settings
from django.db import connection

from knowledge.pool import feeding, rebuilding
from knowledge.pool.feeding import GoneError
from knowledge.pool.index_models import IndexBuild
from knowledge.search import index
from knowledge.search.engine import in_short
from tenants import scope
from tenants.backend.base import login_password

log = structlog.get_logger(__name__)
AT_LEAST_EVERY = 1.0  # seconds, should no bell ring
LOOK_EVERY = 30.0
# Seconds after failures: what is published meanwhile is there soon after it is back.
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 3.0
LOST = 0.9  # an index with a smaller share of the entries than this is no longer asked


class Keeper(threading.Thread):
    """Runs until `stop`; several workers may each have one."""

    def __init__(self) -> None:
        super().__init__(name="search-index", daemon=True)
        self.ending = threading.Event()
        self.failures = 0
        self.look_at = 0.0
        self.bell: psycopg.Connection[Any] | None = None

    def stop(self) -> None:
        """Come to an end soon; what was begun is finished by the next one."""
        self.ending.set()

    def run(self) -> None:
        """The loop."""
        while not self.ending.is_set():
            try:
                self._round()
                self.failures = 0
            except Exception as error:  # noqa: BLE001  whatever it is, it is tried again
                self._failed(error)
            finally:
                connection.close()
        self._hang_up()

    def _round(self) -> None:
        if self.bell is None or self.bell.closed:
            self.bell = _listen()  # before looking, so that nothing is missed in between
        if time.monotonic() >= self.look_at:
            look()
            self.look_at = time.monotonic() + LOOK_EVERY
        feeding.feed()
        for _note in self.bell.notifies(timeout=AT_LEAST_EVERY, stop_after=1):
            pass

    def _failed(self, error: Exception) -> None:
        self.failures += 1
        if isinstance(error, GoneError):
            self.look_at = 0.0
        if self.failures & (self.failures - 1) == 0:  # the first, second, fourth …
            log.warning(
                "search_index.failed", error=type(error).__name__, reason=in_short(error), in_a_row=self.failures
            )
        self._hang_up()
        self.ending.wait(min(FIRST_PAUSE * 2 ** min(self.failures - 1, 8), LONGEST_PAUSE))

    def _hang_up(self) -> None:
        if self.bell is not None:
            self.bell.close()
            self.bell = None


def _listen() -> psycopg.Connection[Any]:
    database: dict[str, Any] = settings.DATABASES["default"]
    bell = psycopg.connect(
        host=database["HOST"] or None,
        port=database["PORT"] or None,
        dbname=database["NAME"],
        user=scope.WORKER.login,
        password=login_password(scope.WORKER.login),
        autocommit=True,
        **database["OPTIONS"],
    )
    bell.execute("LISTEN rufverbund")
    return bell


def look() -> None:
    """See to it that an index serves that was made by this version and has what PostgreSQL has."""
    rebuilding.drop_missed()
    name = rebuilding.serving()
    with scope.worker():
        filled = set(IndexBuild.objects.exclude(filled_at=None).values_list("index", flat=True))
        unfinished = IndexBuild.objects.filter(filled_at=None).exists()
    for lost in sorted(filled - {name}):
        log.warning("search_index.lost", index=lost)
        rebuilding.remove(lost)
    if name is None or name not in filled or unfinished or _is_worn(name):
        rebuilding.rebuild()
    elif not _complete(name):
        _repair(name)


def _is_worn(name: str) -> bool:
    """Whether it was made by another version, or is lost with its nodes."""
    return rebuilding.revision(name) != index.REVISION or not rebuilding.usable(name)


def _complete(name: str) -> bool:
    """Whether it has as many entries as PostgreSQL. While news are on their way, that cannot be said."""
    feeding.feed()
    index.client().indices.refresh(index=name)
    here, there = rebuilding.counts(name)
    with scope.worker():
        return here == there or bool(feeding.behind(name))


def _repair(name: str) -> None:
    """One that was emptied is not asked any more until another one is built; else what differs is put right."""
    here, there = rebuilding.counts(name)
    log.warning("search_index.differs", index=name, entries=here, documents=there)
    if there < here * LOST:
        rebuilding.remove(name)
        rebuilding.rebuild()
    elif rebuilding.reconcile(name).ahead:
        rebuilding.rebuild()
