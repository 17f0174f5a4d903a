"""The operator's pages of exchanges: what is shown, what is never shown, and the test that waits for a call."""

import re
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from telephony_bridge import actions, source_checks
from telephony_bridge.models import CtiEvent, Source
from telephony_bridge.source_words import EVIDENCE, RESULTS
from telephony_bridge.tokens import hash_of, secret_of, token_of
from tenants import scope
from tenants.audit import SYSTEM
from tenants.models import AuditEntry

HOST, PAGES = "localhost", "/betrieb/telefonanlagen/"
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def exchange(soest):
    """The webhook of Soest's centre; `.token` reports to it."""
    token = actions.give_token(centre=soest.centre, acting_user=SYSTEM)
    with scope.operator():
        source = Source.objects.select_related("centre").get(token_hash=hash_of(token))
    source.token = token
    return source


@pytest.fixture
def report(exchange):
    """report("newCall", "c1", to=…): a message of the exchange; the status of the answer."""
    client = Client(headers={"host": HOST})

    def send(event, call_id="c1", **fields):
        raw = urlencode(
            {"event": event, "callId": call_id} | {name.rstrip("_"): value for name, value in fields.items()}
        )
        return client.post(f"/api/v1/cti/{exchange.token}", raw, content_type=FORM).status_code

    return send


@pytest.fixture
def operator(visit):
    return visit("operator", HOST)


def page_of(client, source, query=""):
    return words(client.get(f"{PAGES}{source.pk}/{query}"))


def words(response):
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


@pytest.mark.parametrize("path", ["", "neu/", "{pk}/", "{pk}/token/"])
def test_pages_are_for_the_operator(visit, exchange, path):
    path = PAGES + path.format(pk=exchange.pk)
    assert visit("operator", HOST).get(path).status_code == 200
    for who in ("agent", "admin", "nobody"):
        assert visit(who, HOST).get(path).status_code == 403


def test_the_list_names_exchanges_of_all_centres(operator, exchange, places):
    actions.give_token(
        centre=places["unna"].centre, municipality=places["unna"], dialect="placetel", acting_user=SYSTEM
    )
    said = words(operator.get(PAGES))
    assert exchange.name in said
    assert str(places["unna"]) in said
    assert "Placetel" in said
    assert "von überall" in said


@pytest.mark.parametrize("dialect", ["zammad", "sipgate", "placetel"])
def test_an_exchange_is_added_and_its_address_shown(operator, places, dialect):
    added = operator.post(f"{PAGES}neu/", {"place": f"m{places['kreis'].pk}", "dialect": dialect})
    with scope.operator():
        source = Source.objects.get(municipality=places["kreis"])
    assert added.headers["location"] == f"{PAGES}{source.pk}/"
    assert (source.centre_id, source.dialect) == (places["kreis"].centre_id, dialect)
    page = operator.get(f"{PAGES}{source.pk}/").content.decode()
    assert f'value="http://localhost/api/v1/cti/{token_of(source.pk, 1)}"' in page
    assert (secret_of(source.pk, 1) in page) == (dialect == "placetel")
    again = operator.post(f"{PAGES}neu/", {"place": f"m{places['kreis'].pk}", "dialect": dialect})
    assert again.status_code == 422
    assert "gibt es schon" in words(again)


def test_mistakes_in_the_form_are_said(operator):
    for fields in ({}, {"place": "m999999", "dialect": "zammad"}, {"place": "c1", "dialect": "asterisk"}):
        assert operator.post(f"{PAGES}neu/", fields).status_code == 422


def test_each_message_is_shown_with_the_municipality_and_its_evidence(operator, exchange, report):
    report("newCall", to="029211030", from_="01713920047")
    report("answer", user="nobody")
    report("hangup")
    report("newCall", "c2", to="Buergertelefon", from_="anonymous")
    report("newCall", "c3", direction="out")
    said = page_of(operator, exchange)
    assert said.count("Stadt Soest") >= 3
    assert "gewählte Rufnummer 02921 103-0" in said
    assert "gemeldet: „Buergertelefon“" in said
    for words_ in (
        "neuer Anruf",
        "angenommen",
        "aufgelegt",
        "Anruf angelegt",
        "Annahme vermerkt",
        "nicht erkannt",
        "abgehend, wird nicht gezeigt",
    ):
        assert words_ in said
    assert re.search(r"\d+ ms", said)
    with scope.telephony():
        assert set(CtiEvent.objects.values_list("took_ms", flat=True)) - set(range(5000)) == set()


def test_who_called_is_not_shown_and_cannot_be_read(operator, exchange, report):
    report("newCall", to="029211030", from_="01713920047")
    page = operator.get(f"{PAGES}{exchange.pk}/").content.decode()
    assert "3920047" not in page
    for column, table in (("body", "ctievent"), ("from_number", "call"), ("note", "call"), ("told", "call")):
        with (
            pytest.raises(Exception, match="permission denied"),
            scope.operator(),
            transaction.atomic(),
            connection.cursor() as c,
        ):
            c.execute(f"SELECT {column} FROM telephony_bridge_{table}")


def test_messages_are_paged_and_cost_the_same_queries(operator, exchange, report, django_assert_max_num_queries):
    for number in range(60):
        report("newCall", f"c{number}", to="029211030")
    with django_assert_max_num_queries(40):
        said = page_of(operator, exchange)
    assert "1 bis 25 von 60" in said
    assert "51 bis 60 von 60" in page_of(operator, exchange, "?seite=3")


def test_exchanges_of_others_are_kept_apart(operator, exchange, report, places):
    report("newCall", to="029211030")
    actions.give_token(centre=places["unna"].centre, acting_user=SYSTEM)
    with scope.operator():
        other = Source.objects.get(centre=places["unna"].centre)
    assert "Noch keine. Tragen Sie die Adresse" in page_of(operator, other)


def test_addresses_are_typed_stored_and_logged(operator, exchange, people):
    path = f"{PAGES}{exchange.pk}/netze/"
    assert operator.post(path, {"networks": "192.0.2.7\n2001:db8::/32"}).status_code == 302
    with scope.operator():
        exchange.refresh_from_db()
        entry = AuditEntry.objects.get(action="change_networks")
    assert exchange.networks == ["192.0.2.7/32", "2001:db8::/32"]
    assert (entry.person_name, entry.after) == (people["operator"].name, {"networks": "192.0.2.7/32, 2001:db8::/32"})
    assert "2001:db8::/32" in operator.get(f"{PAGES}{exchange.pk}/").content.decode()
    wrong = operator.post(path, {"networks": "sipgate.de"})
    assert wrong.status_code == 422
    assert "keine IP-Adresse" in words(wrong)
    assert "sipgate.de</textarea>" in wrong.content.decode()
    assert operator.post(path, {}).status_code == 422  # cut off on the way: nothing is emptied
    operator.post(path, {"networks": ""})
    with scope.operator():
        exchange.refresh_from_db()
    assert exchange.networks == []


def test_a_token_is_rotated_after_a_question(operator, exchange, report):
    path = f"{PAGES}{exchange.pk}/token/"
    assert "sofort abgewiesen" in words(operator.get(path))
    assert report("newCall") == 200  # asking changes nothing
    said = words(operator.post(path, follow=True))
    assert "Das 2. Token" in said
    assert report("newCall") == 401
    with scope.operator():
        assert AuditEntry.objects.filter(action="rotate_token").count() == 1


def test_a_changed_secret_key_is_said(operator, exchange):
    with scope.operator():
        Source.objects.filter(pk=exchange.pk).update(token_hash=hash_of("derived from another key"))
    said = page_of(operator, exchange)
    assert "Das Token kann nicht mehr gezeigt werden." in said
    assert "Die Adresse, die an der Anlage steht, gilt weiter" in said
    assert "An der Anlage eintragen" not in said
    operator.post(f"{PAGES}{exchange.pk}/token/")
    assert "An der Anlage eintragen" in page_of(operator, exchange)


def test_an_exchange_of_ours_has_messages_and_nothing_to_enter(operator, soest):
    with scope.operator(), transaction.atomic():
        own = Source.objects.create(centre=soest.centre, name="Asterisk", dialect="asterisk", token_hash="x")
    said = page_of(operator, own)
    assert "An der Anlage eintragen" not in said
    assert operator.get(f"{PAGES}{own.pk}/token/").status_code == 404
    assert operator.post(f"{PAGES}{own.pk}/netze/", {"networks": ""}).status_code == 404


class Watched:
    """The waiting test as a browser plays it: opened once, asked again."""

    def __init__(self, client, source):
        self.client, self.path = client, f"{PAGES}{source.pk}/"
        page = client.get(self.path).content.decode()
        self.query = re.search(r'hx-get="[^"]*(\?seit=[0-9.]+)"', page)[1]
        assert "Noch kein Anruf, seit die Seite offen ist." in page

    def asked(self):
        return self.client.get(f"{self.path}pruefung/{self.query}")

    def reloaded(self):
        return words(self.client.get(self.path + self.query))


def test_the_waiting_test_sees_the_first_call_and_stops(operator, exchange, report):
    report("newCall", "before", to="02921300")
    watched = Watched(operator, exchange)
    assert watched.asked().status_code == 204
    report("answer", "before")
    assert watched.asked().status_code == 204
    report("newCall", "c1", to="029211030")
    report("newCall", "c2", to="02921300")
    found = watched.asked()
    assert found.status_code == 286
    assert "Anruf für Stadt Soest." in words(found)
    assert re.search(
        r"Um \d\d:\d\d:\d\d Uhr kam ein Anruf, nach [\d.]+ ms gespeichert. Erkannt an: gewählte Rufnummer 02921 103-0.",
        words(found),
    )
    assert words(found) in watched.reloaded()  # the swap, and the whole page without JavaScript, say the same
    assert "hx-get" not in operator.get(watched.path + watched.query).content.decode()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"to": "Zentrale 100%"}, "Als gewählt nennt die Anlage „Zentrale 100%“"),
        ({"to": "029419800"}, "nennt die Anlage „029419800“"),
        ({}, "keine gewählte Rufnummer genannt"),
        ({"direction": "out"}, "abgehend, wird nicht gezeigt. Rufen Sie bitte von außen an."),
    ],
)
def test_the_waiting_test_says_what_is_wrong(operator, exchange, report, fields, said):
    watched = Watched(operator, exchange)
    report("newCall", "c1", **fields)
    assert said in words(watched.asked())


def test_the_waiting_test_says_what_was_refused(operator, exchange, report):
    with scope.telephony():
        Source.objects.filter(pk=exchange.pk).update(
            refused_at=timezone.now() - timedelta(hours=1), refused_why="Früher."
        )
    watched = Watched(operator, exchange)
    assert watched.asked().status_code == 204
    assert report("explode") == 422
    assert "Eine Meldung wurde abgewiesen." in words(watched.asked())
    assert "bekannt sind newCall, answer und hangup" in words(watched.asked())


def test_a_forgotten_page_stops_asking(operator, exchange):
    since = source_checks.Since(0, timezone.now() - source_checks.PATIENCE)
    found = operator.get(f"{PAGES}{exchange.pk}/pruefung/?seit={since}")
    assert (found.status_code, "Seit zehn Minuten kam kein Anruf." in words(found)) == (286, True)


@pytest.mark.parametrize("since", ["", "x", "1", "1.", ".1", "-1.5", "1.99999999999", "9" * 25 + ".1", "²³.1", "1.1.1"])
def test_a_strange_address_is_a_new_beginning(operator, exchange, report, since):
    report("newCall", to="029211030")
    assert source_checks.read_since(since) is None
    assert operator.get(f"{PAGES}{exchange.pk}/", {"seit": since}).status_code == 200
    assert operator.get(f"{PAGES}{exchange.pk}/pruefung/", {"seit": since}).status_code == 204


def test_everything_that_is_stored_has_words():
    from telephony_bridge import passing
    from telephony_bridge.actions import receiving
    from telephony_bridge.identify import Evidence

    results = {
        *receiving.RESULTS.values(),
        receiving.DUPLICATE,
        "created",
        "unknown_call",
        *passing.ASIDE,
        passing.PASSED,
    }
    assert results - RESULTS.keys() == set()
    assert {*map(str, Evidence), "source"} == EVIDENCE.keys()
