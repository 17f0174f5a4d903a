"""The exchange of the demonstration: a laboratory with a telephone for each agent of the centre."""

from dataclasses import replace
from pathlib import Path

from accounts.models import CENTRE_ROLES, Person
from telephony_bridge.asterisk.configuration import Station
from telephony_bridge.asterisk.lab import ADDRESS_OF_PHONES, Lab
from tenants import scope


def exchange_of_demo(folder: Path) -> Lab:
    """Configured for who is there now, unless it runs already; not started. Raises Refusal where Asterisk cannot be had."""
    lab = Lab(folder)
    if not lab.runs():
        contact = f"{ADDRESS_OF_PHONES}:{lab.ports.phones}"
        with scope.front():
            people = Person.objects.filter(memberships__role__in=CENTRE_ROLES, is_active=True).exclude(phone_user="")
            names = list(people.order_by("pk").distinct().values_list("phone_user", "name"))
        stations = [
            Station(user, name, str(901 + n), contact=f"{user}@{contact}") for n, (user, name) in enumerate(names)
        ]
        lab.configure(replace(lab.wanted(), stations=stations))
    return lab
