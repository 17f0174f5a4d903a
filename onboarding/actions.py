"""Joining and going live: what needs more than the row of a municipality."""

from typing import Any

from django.utils.translation import gettext as _

from onboarding import readiness
from tenants import actions, provisioning, scope
from tenants.audit import SYSTEM, Actor
from tenants.errors import Refusal
from tenants.models import Municipality


def go_live(municipality: Municipality, *, acting_user: Actor) -> None:
    """From now on its calls are labelled and its knowledge is found. Refused while a required step is missing. In the operator's scope."""
    missing = [str(step.title) for step in readiness.steps(municipality) if step.required and not step.done]
    if missing:
        raise Refusal(_("Vor dem Start fehlt noch: %(missing)s.") % {"missing": ", ".join(missing)})
    actions.set_state(municipality, "live", acting_user=acting_user)


def add_and_provision(*, acting_user: Actor, **fields: Any) -> Municipality:
    """Add a municipality (tenants.actions.add_municipality) and make its schema at once: for the command line, which has the owner's secret."""
    municipality = actions.add_municipality(acting_user=acting_user, **fields)
    provisioning.provision(municipality, acting_user=acting_user)
    return municipality


def provision_waiting(*, acting_user: Actor = SYSTEM) -> int:
    """Make the schemas of all municipalities that wait for one (the worker's job); the number made."""
    with scope.owner():
        waiting = list(Municipality.objects.filter(status="provisioning"))
    for municipality in waiting:
        provisioning.provision(municipality, acting_user=acting_user)
    return len(waiting)
