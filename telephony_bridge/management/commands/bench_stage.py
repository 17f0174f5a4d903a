"""`rufverbund manage bench_stage N`: what `rufverbund bench` needs in its own temporary installation."""

import json
from typing import Any

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts import sessions
from accounts.models import ROLES, Membership, Person
from telephony_bridge.actions import give_token
from tenants import actions, provisioning, scope
from tenants.audit import SYSTEM
from tenants.models import Municipality, ServiceCentre

TOWNS = (
    ("soest", "Stadt Soest", "stadt", "05974040", "+492921103"),
    ("kreis", "Kreis Soest", "kreis", "05974000", "+49292130"),
)


class Command(BaseCommand):
    """A centre with two live municipalities and N agents, each signed in; prints token and session keys as JSON."""

    help = "Bereitet die eigene, vorübergehende Installation einer Messung vor."

    def add_arguments(self, parser: CommandParser) -> None:
        """How many agents."""
        parser.add_argument("agents", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        """Only in an installation without municipalities, so that nothing real gets invented agents."""
        with scope.operator():
            if Municipality.objects.exists():
                raise CommandError("Diese Installation hat schon Kommunen; eine Messung richtet sich eine eigene ein.")
        centre = actions.add_centre(slug="messung", name="Messung", acting_user=SYSTEM)
        with scope.operator(), transaction.atomic():  # a measurement at night finds somebody, too
            ServiceCentre.objects.filter(pk=centre.pk).update(hours={})
        for slug, name, kind, ags, number in TOWNS:
            self.add_town(centre, slug=slug, name=name, kind=kind, ags=ags, numbers=[number])
        with scope.front(), transaction.atomic():
            keys = [self.sign_in(centre, number) for number in range(options["agents"])]
        token = give_token(centre=centre, acting_user=SYSTEM)
        self.stdout.write(json.dumps({"token": token, "cookie": settings.SESSION_COOKIE_NAME, "sessions": keys}))

    @staticmethod
    def add_town(centre: ServiceCentre, **fields: Any) -> None:
        """A live municipality."""
        greeting = "Guten Tag, Servicecenter {name}, mein Name ist {agent}. Was kann ich für Sie tun?"
        town = actions.add_municipality(centre=centre, greeting=greeting, acting_user=SYSTEM, **fields)
        provisioning.provision(town)
        actions.set_state(town, "live", acting_user=SYSTEM)

    @staticmethod
    def sign_in(centre: ServiceCentre, number: int) -> str:
        """An agent with a telephone, a second factor and a session at the desk; returns its key."""
        name = f"Agentin {number:03d}"
        address = f"agent{number}@rufverbund.invalid"
        person = Person.objects.create_user(address, None, name=name, phone_user=f"agent{number}")
        Membership.objects.create(
            person=person, role=ROLES.agent, centre=centre, person_name=name, person_email=person.email
        )
        TOTP.activate(person, generate_totp_secret())
        session = SessionStore()
        session[SESSION_KEY], session[HASH_SESSION_KEY] = str(person.pk), person.get_session_auth_hash()
        session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
        sessions.bind(session, f"desk.{settings.RUFVERBUND_DOMAIN}")
        session.create()
        return str(session.session_key)
