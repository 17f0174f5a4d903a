"""Background jobs of the search."""

from django.conf import settings
from procrastinate.contrib.django import app

from knowledge import reanalysis
from knowledge.pool import log_actions, pruning, upkeep
from tenants import scope


@app.periodic(cron="* * * * * */5", periodic_id="search")
@app.task(queueing_lock="keep_search_up", pass_context=False)
def keep_search_up(timestamp: int) -> int:
    """The search's tables, every five seconds; cheap when nothing was published. `timestamp` is when it was due (Unix seconds).

    After an update with another analyser all entries are analysed again here; returns how many were.
    """
    done = reanalysis.run()
    upkeep.run()
    return done


@app.periodic(cron="41 2 * * *", periodic_id="searches")
@app.task(queueing_lock="forget_searches", pass_context=False)
def forget_searches(timestamp: int) -> int:
    """Searches that are older than they may get, every night. `timestamp` is when it was due (Unix seconds)."""
    with scope.worker():
        return log_actions.forget_searches()


@app.periodic(cron="11 4 * * *", periodic_id="outbox")
@app.task(queueing_lock="prune_outbox", pass_context=False)
def prune_outbox(timestamp: int) -> int:
    """Lines of the outbox that everybody has passed, every night. `timestamp` is when it was due (Unix seconds)."""
    with scope.worker():
        return pruning.prune()


@app.periodic(cron="17 3 * * *", periodic_id="search_index")
@app.task(queueing_lock="reconcile_search_index", pass_context=False)
def reconcile_search_index(timestamp: int) -> dict[str, int]:
    """Where OpenSearch is used: compare its index with PostgreSQL, entry by entry, and put right what differs, every night."""
    if not settings.OPENSEARCH:
        return {}
    from knowledge.pool import rebuilding  # noqa: PLC0415  OpenSearch's client is imported where it is used

    name = rebuilding.serving()
    found = rebuilding.reconcile(name) if name else None
    if found is None or found.ahead:
        rebuilding.rebuild()
    return found.as_json() if found else {}
