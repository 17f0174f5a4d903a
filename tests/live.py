"""What browser tests do to the database of their server, through the same actions as people: `python -m tests.live seed | answer …`."""

import json
import sys

import django


def seed() -> dict[str, object]:
    """Demo entries of Soest and the Kreis, published; a session per person; the token of Soest's exchange."""
    from knowledge import demo
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
    token = give_token(centre=places["soest"].centre, acting_user=SYSTEM)
    return {"token": token, "sessions": sessions()}


def sessions() -> dict[str, str]:
    """A signed-in session for everybody, by the local part of their address."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import transaction

    from accounts.models import Person
    from tenants import scope

    keys = {}
    with scope.front(), transaction.atomic():
        for person in Person.objects.all():
            session = SessionStore()
            session[SESSION_KEY] = str(person.pk)
            session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
            session[HASH_SESSION_KEY] = person.get_session_auth_hash()
            session.create()
            keys[person.email.split("@")[0]] = session.session_key
    return keys


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


def quiet() -> None:
    """End all calls and forget who was there."""
    from django.db import transaction
    from django.utils import timezone

    from telephony_bridge.models import Call, Presence
    from tenants import scope

    with scope.telephony(), transaction.atomic():
        Call.objects.exclude(state="ended").update(state="ended", ended_at=timezone.now(), wrap_up_until=None)
    with scope.owner(), transaction.atomic():
        Presence.objects.all().delete()


if __name__ == "__main__":
    django.setup()
    commands = {"seed": seed, "answer": answer, "end_session": end_session, "quiet": quiet}
    result = commands[sys.argv[1]](*sys.argv[2:])
    if result is not None:
        sys.stdout.write(json.dumps(result))
