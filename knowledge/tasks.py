"""Background jobs of the search."""

from procrastinate.contrib.django import app

from knowledge import reanalysis
from knowledge.pool import log_actions, upkeep
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
