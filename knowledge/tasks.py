"""Background jobs of the search."""

from procrastinate.contrib.django import app

from knowledge import reanalysis
from knowledge.pool import upkeep


@app.periodic(cron="* * * * * */5", periodic_id="search")
@app.task(queueing_lock="keep_search_up", pass_context=False)
def keep_search_up(timestamp: int) -> int:
    """The search's tables, every five seconds; cheap when nothing was published. `timestamp` is when it was due (Unix seconds).

    After an update with another analyser all entries are analysed again here; returns how many were.
    """
    done = reanalysis.run()
    upkeep.run()
    return done
