"""What browser tests do to the database of their server, through the same actions as people.

`python -m tests.live` reads one command a line (a JSON list: name, arguments) and answers each with a line of JSON: {"result": …} or
{"error": "traceback"}. It ends with its input.
"""

import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

import django

DESK = "desk.localhost"


def seed() -> dict[str, object]:
    """Demo entries of Soest and the Kreis, published; a session per person at the desk; the token of Soest's exchange."""
    from knowledge import demo
    from knowledge.pool import upkeep
    from onboarding.imports import Options, import_entries
    from telephony_bridge.actions import give_token
    from tenants import scope
    from tenants.audit import SYSTEM
    from tenants.models import Municipality

    with scope.front():
        places = {m.slug: m for m in Municipality.objects.select_related("centre")}
    for slug in ("soest", "kreis"):
        report = import_entries(places[slug], demo.lines_of(slug), acting_user=SYSTEM, options=Options(publish=True))
        assert report.bad == []
    upkeep.run()  # as the worker does: typing errors are looked up among the words that were counted
    token = give_token(centre=places["soest"].centre, acting_user=SYSTEM)
    return {"token": token, "sessions": sessions()}


def new_session(person: Any, host: str = DESK) -> str:
    """Signed in on a host; in the front's scope."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from accounts.sessions import bind

    made = SessionStore()
    bind(made, host)
    made[SESSION_KEY] = str(person.pk)
    made[BACKEND_SESSION_KEY] = "accounts.backend.AuthenticationBackend"
    made[HASH_SESSION_KEY] = person.get_session_auth_hash()
    made.create()
    return str(made.session_key)


def sessions(host: str = DESK) -> dict[str, str]:
    """A session for everybody, signed in on a host, by the local part of their address."""
    from django.db import transaction

    from accounts.models import Person
    from tenants import scope

    with scope.front(), transaction.atomic():
        return {person.email.split("@")[0]: new_session(person, host) for person in Person.objects.all()}


def session(who: str, host: str = DESK) -> str:
    """One more session of a person, signed in on a host."""
    from accounts.models import Person
    from tenants import scope

    with scope.front():
        return new_session(Person.objects.get(email=f"{who}@example.org"), host)


def crowd(size: str) -> list[str]:
    """Sessions of many more agents of Soest's centre."""
    from allauth.mfa.totp.internal.auth import TOTP
    from django.db import transaction

    from accounts.models import Membership, Person
    from tenants import scope
    from tenants.models import ServiceCentre

    keys = []
    with scope.front(), transaction.atomic():
        centre = ServiceCentre.objects.get(slug="soest")
        for number in range(int(size)):
            person = Person.objects.create_user(f"crowd{number}@example.org", None, name=f"Kraft {number}")
            TOTP.activate(person, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
            Membership.objects.create(
                person=person, role="agent", person_name=person.name, person_email=person.email, centre=centre
            )
            keys.append(new_session(person))
    return keys


def newcomer(name: str, *centres: str) -> str:
    """One more agent of these centres (none named: Soest's); their session."""
    from allauth.mfa.totp.internal.auth import TOTP
    from django.db import transaction

    from accounts.models import Membership, Person
    from tenants import scope
    from tenants.models import ServiceCentre

    with scope.front(), transaction.atomic():
        person = Person.objects.create_user(f"{name.lower()}@example.org", None, name=name)
        TOTP.activate(person, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
        for centre in ServiceCentre.objects.filter(slug__in=centres or ["soest"]):
            Membership.objects.create(
                person=person, role="agent", person_name=name, person_email=person.email, centre=centre
            )
        return new_session(person)


def lock(name: str) -> None:
    """Somebody clears the flag of a newcomer in the database; their sessions and memberships stay."""
    from accounts.models import Person
    from tenants import scope

    with scope.front():
        Person.objects.filter(name=name).update(is_active=False)


def dismiss(name: str) -> None:
    """End a newcomer's membership in Soest's centre as the operator does."""
    from accounts.actions import remove_membership
    from accounts.models import Membership
    from tenants import scope
    from tenants.audit import SYSTEM

    with scope.operator():
        remove_membership(Membership.objects.get(person_name=name, centre__slug="soest"), acting_user=SYSTEM)


def become(slug: str, state: str) -> None:
    """The operator lets a municipality go live, or back to joining."""
    from tenants import scope
    from tenants.actions import set_state
    from tenants.audit import SYSTEM
    from tenants.models import Municipality

    with scope.operator():
        set_state(Municipality.objects.get(slug=slug), state, acting_user=SYSTEM)


def entries(slug: str, word: str) -> None:
    """A municipality publishes those of its demo entries that contain a word."""
    from knowledge import demo
    from onboarding.imports import Options, import_entries
    from tenants import scope
    from tenants.audit import SYSTEM
    from tenants.models import Municipality

    with scope.front():
        municipality = Municipality.objects.get(slug=slug)
    lines = [line for line in demo.lines_of(slug) if word in line.decode()]
    assert import_entries(municipality, lines, acting_user=SYSTEM, options=Options(publish=True)).bad == []


def expire() -> int:
    """What the worker does every minute."""
    from telephony_bridge.actions import expire_wrap_ups
    from tenants import scope

    with scope.worker():
        return expire_wrap_ups()


def presences() -> dict[str, str]:
    """Name to state of everybody who was there."""
    from telephony_bridge.models import Presence
    from tenants import scope

    with scope.telephony():
        return dict(Presence.objects.values_list("person_name", "state"))


def answer(title: str, words: str) -> None:
    """The editor of Soest writes an article for the newest gap and publishes it, which tells the agent."""
    from django.db import transaction

    from accounts.models import Person
    from knowledge import actions
    from knowledge.models import Article
    from knowledge.pool import queries
    from knowledge.pool.actions import answer_gap
    from tenants import scope
    from tenants.models import Municipality

    with scope.front():
        editor = Person.objects.get(email="editor@example.org")
        soest = Municipality.objects.get(slug="soest")
    with scope.municipality(soest.schema_name), transaction.atomic():
        article = Article(title=title, short_answer=words)
        actions.save_article(article, contacts=[], acting_user=editor)
        actions.publish(article, acting_user=editor)
        gap = queries.gaps(state="open").first()
        assert gap is not None
        answer_gap(gap, entry_kind="article", entry_key=article.key, note="Steht jetzt im Wissen.", acting_user=editor)


def end_session(key: str) -> None:
    """Sign somebody out from elsewhere."""
    from django.contrib.sessions.models import Session

    from tenants import scope

    with scope.front():
        Session.objects.filter(session_key=key).delete()


COMMANDS: dict[str, Callable[..., object]] = {
    command.__name__: command
    for command in (
        seed,
        answer,
        end_session,
        session,
        crowd,
        newcomer,
        lock,
        dismiss,
        become,
        entries,
        expire,
        presences,
    )
}


def obey(name: str, *arguments: str) -> dict[str, object]:
    """What one command says."""
    try:
        return {"result": COMMANDS[name](*arguments)}
    except Exception:  # noqa: BLE001  the test that asked shows it
        return {"error": traceback.format_exc()}


if __name__ == "__main__":
    django.setup()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(obey(*json.loads(line))) + "\n")
        sys.stdout.flush()
