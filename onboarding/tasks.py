"""Background jobs of joining."""

from procrastinate.contrib.django import app

from onboarding import actions


@app.task(name="onboarding.provision", queueing_lock="onboarding.provision")
def provision() -> int:
    """Make the schemas of municipalities that the operator has added on the web, where the owner's secret is not at hand."""
    return actions.provision_waiting()
