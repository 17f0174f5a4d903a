"""Which engine answers: OpenSearch where it is set up and well, else PostgreSQL, which is always there."""

import threading
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from knowledge.search import postgres
from knowledge.search.engine import Answer, Asked, Unfit
from tenants.errors import Refusal

log = structlog.get_logger(__name__)
POSTGRES, OPENSEARCH = "postgres", "opensearch"
SAID_AFTER = 3  # requests in a row that PostgreSQL answered instead, until agents are told


@dataclass
class _Health:
    """How often in a row OpenSearch was no help to this process."""

    failures: int = 0

    def failed(self, reason: str) -> bool:
        with _lock:
            self.failures += 1
            if self.failures in (1, SAID_AFTER):
                log.warning("search.fallback", reason=reason, in_a_row=self.failures)
            return self.failures >= SAID_AFTER

    def succeeded(self) -> None:
        if self.failures:
            with _lock:
                log.info("search.opensearch_is_back", after=self.failures)
                self.failures = 0


_lock = threading.Lock()
health = _Health()


def usual() -> str:
    """The engine that should answer."""
    return OPENSEARCH if settings.OPENSEARCH else POSTGRES


def answered(asked: Asked, backend: str | None = None) -> tuple[Answer, str, bool]:
    """The answer, which engine gave it, and whether the usual one has been away for a while. `backend` asks for one and no other; raises
    Refusal when that one cannot answer."""
    if backend == OPENSEARCH and not settings.OPENSEARCH:
        raise Refusal(_("OpenSearch ist nicht eingerichtet. Suchen Sie mit --backend postgres."))
    if (backend or usual()) == POSTGRES:
        return postgres.found(asked), POSTGRES, False
    try:
        return _from_opensearch(asked, alone=backend is not None), OPENSEARCH, False
    except Unfit as unfit:
        if backend:
            from knowledge.search.trouble import in_words  # noqa: PLC0415  as below

            reason = in_words(unfit.__cause__ or unfit)
            raise Refusal(_("OpenSearch antwortet nicht, wie es soll: %(reason)s.") % {"reason": reason}) from unfit
        degraded = health.failed(str(unfit))
        return unfit.instead or postgres.found(asked), POSTGRES, degraded


def _from_opensearch(asked: Asked, *, alone: bool) -> Answer:
    """Its answer, unless it found nothing where PostgreSQL finds something: an index may have been emptied."""
    from knowledge.search import opensearch  # noqa: PLC0415  its client is imported where it is used

    answer = opensearch.found(asked, limit=5.0 if alone else opensearch.LIMIT)
    if not answer.rows and not alone:
        other = postgres.found(asked)
        if other.rows:
            raise Unfit("it found nothing where something is", instead=other)
    health.succeeded()
    return answer
