"""Background jobs: the same chores as the bridge's, at a slower pace, so that they are done where no bridge runs."""

from procrastinate.contrib.django import app

from telephony_bridge import actions
from tenants import scope


@app.periodic(cron="* * * * * */15", periodic_id="presences")
@app.task(queueing_lock="expire_presences", pass_context=False)
def expire_presences(timestamp: int) -> int:
    """Agents without a heartbeat are away; every 15 s. `timestamp` is when it was due (Unix seconds)."""
    with scope.worker():
        return actions.expire_presences()


@app.periodic(cron="* * * * *", periodic_id="calls")
@app.task(queueing_lock="reap_calls", pass_context=False)
def reap_calls(timestamp: int) -> int:
    """Calls and wrap-ups whose end nobody reported, notices whose time is over; every minute. `timestamp` is when it was due (Unix seconds)."""
    with scope.worker():
        return actions.reap_calls() + actions.expire_wrap_ups() + actions.expire_notices()


@app.periodic(cron="17 2 * * *", periodic_id="callers")
@app.task(queueing_lock="forget_callers", pass_context=False)
def forget_callers(timestamp: int) -> int:
    """Numbers and notes of callers after 30 days, channels' events after 7, every night. `timestamp` is when it was due (Unix seconds)."""
    with scope.telephony():
        return actions.forget_callers() + actions.forget_events()


@app.periodic(cron="* * * * * */15", periodic_id="handovers")
@app.task(queueing_lock="mail_handovers", pass_context=False)
def mail_handovers(timestamp: int) -> int:
    """Cards of transferred callers to who has no account; every 15 s. `timestamp` is when it was due (Unix seconds)."""
    with scope.worker():
        return actions.mail_handovers()
