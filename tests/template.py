"""The database that every test begins with: two service centres, four municipalities, one person per role. `python -m tests.template NAME`
makes it through the real way in (one login per scope), so that the tests start from what an installation has."""

import sys

import django

PASSWORD = "ein-langes-Passwort"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
MUNICIPALITIES = [  # slug, name, kind, AGS, prefix, centre, live, inhabitants
    ("soest", "Stadt Soest", "stadt", "05974040", "+492921103", "soest", True, 48543),
    ("kreis", "Kreis Soest", "kreis", "05974000", "+49292130", "soest", True, 306068),
    ("lippstadt", "Stadt Lippstadt", "stadt", "05974028", "+492941980", "soest", False, 66936),
    ("unna", "Stadt Unna", "stadt", "05978036", "+492303103", "unna", True, 59111),
]
PEOPLE = [  # e-mail name, name, role, where
    ("agent", "Jana Köster", "agent", "centre:soest"),
    ("agent2", "Murat Aydın", "agent", "centre:soest"),
    ("supervisor", "Beate Hüsing", "supervisor", "centre:soest"),
    ("editor", "Heike Brand", "editor", "soest"),
    ("admin", "Stefan Droste", "tenant_admin", "soest"),
    ("reader", "Karin Ostermann", "department_reader", "soest"),
    ("editor.kreis", "Nils Ebert", "editor", "kreis"),
    ("admin.lippstadt", "Petra Funke", "tenant_admin", "lippstadt"),
    ("agent.unna", "Olga Weiss", "agent", "centre:unna"),
    ("operator", "Claudia Rennert", "operator", ""),
    ("nobody", "Ohne Rolle", "", ""),
]
GREETING = "Guten Tag, Servicecenter der {name}, mein Name ist {agent}. Was kann ich für Sie tun?"


def main(database: str) -> None:
    """Make `database`, prepare, migrate and fill it."""
    from tenants import migrate, prepare
    from tests import environment

    prepare.run(environment.SERVER.superuser_url, database)
    migrate.apply()
    fill()
    forget_news()


def fill() -> None:
    """Through the same actions that people use."""
    from tenants import actions, provisioning
    from tenants.audit import SYSTEM

    centres = {
        slug: actions.add_centre(slug=slug, name=f"Servicecenter {slug.title()}", acting_user=SYSTEM)
        for slug in ("soest", "unna")
    }
    members = {}
    for slug, name, kind, ags, prefix, centre, live, inhabitants in MUNICIPALITIES:
        municipality = actions.add_municipality(
            slug=slug,
            name=name,
            kind=kind,
            ags=ags,
            centre=centres[centre],
            numbers=[prefix],
            inhabitants=inhabitants,
            greeting=GREETING,
            acting_user=SYSTEM,
        )
        provisioning.provision(municipality)
        if live:
            actions.set_state(municipality, "live", acting_user=SYSTEM)
        members[slug] = municipality
    actions.name_operator(centres["soest"], members["kreis"], acting_user=SYSTEM)
    add_people(centres, members)


def forget_news() -> None:
    """Tests count what happens from here on."""
    from django.db import connection, transaction

    from tenants import scope

    with scope.owner(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE public.tenants_outboxentry, public.tenants_streamcounter")


def add_people(centres: dict[str, object], members: dict[str, object]) -> None:
    """One person per role, each with a password and a second factor."""
    from allauth.account.models import EmailAddress
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import TOTP
    from django.db import transaction

    from accounts.models import Membership, Person
    from tenants import scope

    with scope.front(), transaction.atomic():
        for local, name, role, where in PEOPLE:
            person = Person.objects.create_user(f"{local}@example.org", PASSWORD, name=name)
            EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
            TOTP.activate(person, TOTP_SECRET)
            assert Authenticator.objects.filter(user=person).count() == 1
            if role:
                place = (
                    {"centre": centres[where[7:]]}
                    if where.startswith("centre:")
                    else {"municipality": members.get(where)}
                )
                Membership.objects.create(
                    person=person, role=role, person_name=name, person_email=person.email, **place
                )


if __name__ == "__main__":
    import os

    from tests import environment

    # The settings of the tests' servers: their passwords are hashed quickly.
    os.environ |= {
        "RUFVERBUND_TESTING": "0",
        "DATABASE_URL": environment.url(sys.argv[1]),
        "DJANGO_SETTINGS_MODULE": "tests.live_settings",
    }
    django.setup()
    main(sys.argv[1])
