"""In which language a page comes: the signed-in person's, else the cookie's, else German."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Person
from config.middleware import LanguageMiddleware
from tenants import scope


def speak(person: Person, language: str) -> None:
    """The person chose this language, in whatever browser."""
    with scope.front():
        Person.objects.filter(pk=person.pk).update(language=language)


def language_of(client: Client, address: str = "/") -> str:
    """The language of a page of this client."""
    page = client.get(address)
    language = page.headers["Content-Language"]
    assert f'lang="{language}"' in page.content.decode()
    return language


HOSTS = [("editor", "soest.localhost"), ("agent", "desk.localhost"), ("operator", "localhost")]


@pytest.mark.parametrize(("who", "host"), HOSTS)
def test_the_persons_choice_wins_over_the_browsers(visit, people, who, host):
    client = visit(who, host)
    client.cookies["rufverbund_language"] = "de"
    speak(people[who], "en")
    assert language_of(client) == "en"
    client.cookies["rufverbund_language"] = "en"
    speak(people[who], "de")
    assert language_of(client) == "de"


@pytest.mark.parametrize(("cookie", "language"), [("en", "en"), ("de", "de"), ("xx", "de"), ("", "de")])
def test_strangers_have_the_cookies_language(db, cookie, language):
    client = Client(headers={"host": "localhost", "accept-language": "en"})
    client.cookies["rufverbund_language"] = cookie
    assert language_of(client) == language


def test_the_choice_on_the_account_page_holds_at_once_and_in_other_browsers(visit, people):
    here, elsewhere = visit("editor", "soest.localhost"), visit("editor", "soest.localhost")
    profile = {"name": "Heike Brand", "language": "en", "theme": "system", "density": "kompakt"}
    assert here.post("/konto/", profile).status_code == 302
    assert language_of(here, "/konto/") == "en"
    assert language_of(elsewhere) == "en"


def test_the_choice_of_one_browser_holds_in_the_others(visit, people):
    here, elsewhere = visit("editor", "soest.localhost"), visit("editor", "soest.localhost")
    here.post("/sprache/", {"language": "en", "next": "/"})
    assert [language_of(here), language_of(elsewhere)] == ["en", "en"]


def test_strangers_choose_beside_the_name_of_the_product(db):
    """One button, called by the other language's own name; it works without JavaScript and leads back."""
    client = Client(headers={"host": "soest.localhost"})
    offer = '<button type="submit" class="link-btn" name="language" value="en" lang="en">English</button>'
    page = client.get("/konto/login/?next=/wissen/").content.decode()
    assert offer in page
    assert '<input type="hidden" name="next" value="/konto/login/?next=/wissen/">' in page
    done = client.post("/sprache/", {"language": "en", "next": "/konto/login/?next=/wissen/"})
    back = client.get(done.headers["location"]).content.decode()
    assert offer not in back
    assert 'value="de" lang="de">Deutsch</button>' in back


def test_an_unknown_host_offers_nothing(db):
    page = Client(headers={"host": "nirgends.localhost"}).get("/")
    assert page.status_code == 404
    assert "/sprache/" not in page.content.decode()


def test_signing_in_and_out_keeps_the_language(visit, people):
    speak(people["editor"], "en")
    client = visit("editor", "soest.localhost")
    client.post("/sprache/", {"language": "en", "next": "/"})
    client.post("/konto/logout/")
    assert language_of(client, "/konto/login/") == "en"


def test_refusals_come_in_the_persons_language(visit, people):
    speak(people["agent"], "en")
    client = visit("agent", "soest.localhost")
    assert client.get("/wissen/").status_code == 404
    assert language_of(client, "/wissen/") == "en"


@pytest.mark.parametrize(("who", "host"), HOSTS)
def test_a_page_asks_for_session_and_person_once(visit, who, host):
    """The language costs no query of its own."""
    client = visit(who, host)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get("/").status_code == 200
    queries = [query["sql"] for query in asked.captured_queries]
    assert sum("FROM accounts_person p WHERE p.id" in sql for sql in queries) == 1, queries
    assert not any('FROM "accounts_person"' in sql and '"accounts_person"."language"' in sql for sql in queries)
    assert sum("FROM django_session" in sql.replace('"', "") for sql in queries) == 1


@pytest.mark.parametrize("address", ["/readyz", "/api/cti/token"])
def test_programs_are_not_asked_who_they_are(rf, address):
    """What load balancers and exchanges call has no person: nobody looks for one (the request here has none to look at)."""
    request = rf.get(address)
    request.COOKIES["rufverbund_language"] = "en"
    assert LanguageMiddleware.language_of(request) == "en"
