"""The page and its parts: what is shown to whom, and that a part put into the page is what a full load would show."""

import re
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

FRAGMENT = {"X-Fragment": "1"}
REGIONS = ("state", "notices", "calls", "presence", "closing", "info", "below", "waiting", "side")
VOID = {"input", "br", "img", "meta", "link", "hr"}


class Outer(HTMLParser):
    """The outer HTML of each element with one of the ids, as source text."""

    def __init__(self, ids: tuple[str, ...]) -> None:
        super().__init__(convert_charrefs=False)
        self.ids, self.found, self.path, self.inside = ids, {}, [], {}

    def write(self, text: str) -> None:
        for name in self.inside:
            self.found[name] += text

    def handle_starttag(self, tag, attrs):
        name = dict(attrs).get("id")
        if name in self.ids:
            self.found[name] = ""
            self.inside[name] = len(self.path)
        self.write(self.get_starttag_text())
        if tag not in VOID:
            self.path.append(tag)

    def handle_endtag(self, tag):
        while self.path and self.path.pop() != tag:
            pass
        self.write(f"</{tag}>")
        for name in [name for name, depth in self.inside.items() if depth == len(self.path)]:
            del self.inside[name]

    def handle_data(self, data):
        self.write(data)

    def handle_entityref(self, name):
        self.write(f"&{name};")

    def handle_charref(self, name):
        self.write(f"&#{name};")


def parts(response) -> dict[str, str]:
    """The parts of a page or a fragment by id, without what changes by the second."""
    reader = Outer(REGIONS)
    reader.feed(response.content.decode())
    text = {name: re.sub(r'(data-(?:since|until)="[^"]*">)[^<]*', r"\1", html) for name, html in reader.found.items()}
    text = {
        name: re.sub(r' data-now="[^"]*"|<input type="hidden" name="csrfmiddlewaretoken"[^>]*>', "", html)
        for name, html in text.items()
    }
    return {name: re.sub(r"\s+", " ", html) for name, html in text.items()}


def test_only_agents_and_supervisors_have_a_desk(desk, visit) -> None:
    assert desk("agent").get("/").status_code == 200
    assert desk("supervisor").get("/").status_code == 200
    assert desk("editor").get("/").status_code == 403
    assert visit(None, "desk.localhost").get("/").status_code == 302


def test_without_a_call_the_page_says_what_to_do(desk, ready) -> None:
    ready("agent")
    page = desk().get("/").content.decode()
    assert "Bereit für den nächsten Anruf" in page
    assert "Noch keine. Sobald Sie einen Anruf abgeschlossen haben" in page
    assert 'id="live-ring" aria-live="assertive"' in page
    assert "JavaScript ist ausgeschaltet." in page


def test_a_ringing_call_is_a_card_with_greeting_and_caller(desk, ready, ring) -> None:
    ready("agent")
    call = ring()
    card = parts(desk().get("/"))["calls"]
    assert f'data-call-id="{call.public_id}" data-municipality="soest" data-state="ringing"' in card
    assert "Guten Tag, Servicecenter der Stadt Soest, mein Name ist Jana Köster." in card
    assert "02921 555" in card
    assert "02921 1030" in card or "02921 103-0" in card


def test_a_call_rings_only_for_those_who_are_ready(desk, ready, ring) -> None:
    call = ring()
    for state in ("break", "wrap-up", "away"):
        ready("agent", state=state)
        found = parts(desk().get("/"))
        assert call.public_id not in found["calls"]
        assert "Stadt Soest" in found["side"]
        assert "data-call-id" not in found["side"]


def test_a_second_ringing_call_stands_in_the_queue_and_can_be_taken(desk, ready, ring, kreis) -> None:
    ready("agent")
    first, second = ring(), ring(municipality=kreis)
    found = parts(desk().get("/"))
    assert first.public_id in found["calls"]
    assert second.public_id not in found["calls"]
    assert f'data-call-id="{second.public_id}"' in found["side"]
    assert first.public_id not in found["side"]


def test_two_calls_are_two_cards_the_conversation_first(desk, ready, ring, kreis, people) -> None:
    from django.utils import timezone

    ready("agent")
    now, mine = timezone.now(), {"agent_id": people["agent"].pk, "agent_name": "Jana Köster"}
    wrapping = ring(state="wrap-up", answered_at=now, wrap_up_at=now, **mine)
    talking = ring(state="talking", municipality=kreis, answered_at=now, **mine)
    found = parts(desk().get("/"))
    assert re.findall(r'data-call-id="([^"]+)"', found["calls"]) == [talking.public_id, wrapping.public_id]
    assert len(re.findall(r'class="band[ "]', found["calls"])) == 1  # two bands would leave open who is speaking
    assert 'data-show="closing"' in found["calls"]
    assert f'action="/anruf/{wrapping.public_id}/abschluss/"' in found["closing"]


def test_an_unknown_municipality_is_a_neutral_card_with_a_choice(desk, ready, ring) -> None:
    ready("agent")
    call = ring(municipality=None, to_number="+4929419800", evidence={"kind": "unknown"})
    client = desk()
    card = parts(client.get("/"))["calls"]
    assert 'data-municipality=""' in card
    assert "Kommune nicht erkannt" in card
    assert "02941 9800" in card
    assert re.findall(r'name="municipality" value="(\w+)"', card) == ["kreis", "soest"]  # live ones of the centre only
    assert client.post(f"/anruf/{call.public_id}/kommune/", {"municipality": "lippstadt"}).status_code == 404
    after = client.post(f"/anruf/{call.public_id}/kommune/", {"municipality": "kreis"}, headers=FRAGMENT)
    assert 'data-municipality="kreis"' in parts(after)["calls"]


def test_agents_of_another_centre_see_and_reach_nothing(desk, ready, ring) -> None:
    ready("agent.unna")
    call = ring()
    client = desk("agent.unna")
    assert call.public_id not in client.get("/").content.decode()
    assert client.post(f"/anruf/{call.public_id}/annehmen/", headers=FRAGMENT).status_code == 404
    assert client.get("/auskunft/soest/article/x/").status_code == 404


STATES = {
    "idle": lambda client, call: None,
    "ringing": lambda client, call: None,
    "talking": lambda client, call: client.post(f"/anruf/{call.public_id}/annehmen/"),
    "wrap-up": lambda client, call: (
        client.post(f"/anruf/{call.public_id}/annehmen/"), client.post(f"/anruf/{call.public_id}/nachbearbeitung/")
    ),
}  # fmt: skip


@pytest.mark.parametrize("state", STATES)
def test_a_swapped_part_is_what_a_full_load_shows(desk, ready, ring, state) -> None:
    ready("agent", "agent2")
    call = None if state == "idle" else ring()
    client = desk()
    STATES[state](client, call)
    page, fragment = parts(client.get("/")), parts(client.get("/anruf/"))
    assert set(page) == set(REGIONS)
    assert fragment == page
    queue = parts(client.get("/warteschlange/"))
    assert queue == {name: page[name] for name in ("waiting", "side")}
    assert f'data-phase="{state}"' in page["state"]


@pytest.mark.parametrize(("state", "at_most"), [("idle", 21), ("ringing", 20), ("talking", 20), ("wrap-up", 18)])
def test_the_number_of_queries_does_not_grow_with_what_is_shown(desk, ready, ring, state, at_most, kreis) -> None:
    ready("agent", "agent2")
    call = None if state == "idle" else ring()
    client = desk()
    STATES[state](client, call)
    with CaptureQueriesContext(
        connection,
    ) as few:
        assert client.get("/anruf/").status_code == 200
    ready("supervisor")
    if state != "idle":
        for _ in range(12):
            ring(municipality=kreis)
    with CaptureQueriesContext(connection) as many:
        assert client.get("/anruf/").status_code == 200
    sent = [query["sql"] for query in many if "SAVEPOINT" not in query["sql"]]
    assert len(many) == len(few)
    assert len(sent) <= at_most, "\n".join(sent)


def test_situation_and_closed_hours_stand_on_the_card(desk, ready, ring, soest) -> None:
    from tenants import scope
    from tenants.models import Municipality

    with scope.operator():
        Municipality.objects.filter(pk=soest.pk).update(
            situation="Wasserrohrbruch <b>Jakobistraße</b>",
            emergency="Bei Gasgeruch 112",
            hours={"0": [["00:00", "00:01"]]},
        )
    ready("agent")
    ring()
    card = parts(desk().get("/"))["calls"]
    assert "Wasserrohrbruch &lt;b&gt;Jakobistraße&lt;/b&gt;" in card
    assert "Bei Gasgeruch 112" in card
    assert "Rathaus geschlossen" in card
    assert "öffnet" in card
