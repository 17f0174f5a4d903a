"""Background jobs of joining."""

import time
from contextlib import suppress

from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from onboarding import actions


@app.periodic(cron="* * * * *", periodic_id="provision")
@app.task(name="onboarding.provision", queueing_lock="onboarding.provision", pass_context=False)
def provision(timestamp: int) -> int:
    """Make the schemas of municipalities that the operator has added on the web, where the owner's secret is not at hand.

    At once after each, and every minute for what was left undone. `timestamp` is when it was due (Unix seconds).
    """
    return actions.provision_waiting()


def provision_soon() -> None:
    """Have the worker do it after the commit: a job that began before would not see the new row, one that still waits will."""
    transaction.on_commit(_enqueue, robust=True)


def _enqueue() -> None:
    with suppress(AlreadyEnqueued), transaction.atomic():
        provision.configure().defer(timestamp=int(time.time()))
