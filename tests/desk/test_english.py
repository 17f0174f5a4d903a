"""The desk in English, in every state of a call: our words are English, what is read to callers stays as it was written."""

from html.parser import HTMLParser

import pytest

from accounts.models import Person
from tenants import scope
from tests.english import Words, catalogue, english, german_in

__all__ = ["catalogue", "english"]
STATES = {
    "idle": [],
    "ringing": [],
    "talking": ["annehmen"],
    "wrap-up": ["annehmen", "nachbearbeitung"],
    "closed": ["annehmen", "nachbearbeitung", "abschluss"],
}


@pytest.fixture
def english_desk(desk, people, english):
    """A test client of an agent who chose English."""
    with scope.front():
        Person.objects.filter(pk=people["agent"].pk).update(language="en")
    return desk("agent")


def left_in(page, catalogue) -> list[str]:
    """German texts of the catalogue on a page that is said to be English."""
    assert page.status_code == 200
    assert page.headers["Content-Language"] == "en"
    words = Words(page.content.decode())
    return german_in([*words.texts, *(str(v) for table in words.tables for v in dict(table).values())], catalogue)


@pytest.mark.parametrize("known", [True, False], ids=["recognised", "unknown"])
@pytest.mark.parametrize("state", STATES)
def test_every_state_speaks_english(english_desk, catalogue, ready, ring, publish, soest, state, known):
    publish(soest, "perso", "Personalausweis beantragen", short_answer="37 Euro.", costs="37 Euro", body="Mit Foto.")
    ready("agent", "agent2")
    if state != "idle":
        call = ring() if known else ring(municipality=None)
        ring()
        for step in STATES[state]:
            done = english_desk.post(f"/anruf/{call.public_id}/{step}/", {"outcome": "answered", "concern": "x"})
            assert done.status_code < 400, done.content.decode()[-2000:]
    for address in ("/", "/anruf/", "/auskunft/soest/article/perso/", "/suche?q=personalausweis", "/suche?q=xyzzy"):
        assert left_in(english_desk.get(address), catalogue) == []


def test_the_greeting_stays_german(english_desk, ready, ring):
    """It is said to callers, not to the agent."""
    ready("agent")
    ring()
    page = english_desk.get("/").content.decode()
    assert "Guten Tag, Servicecenter der Stadt Soest" in page
    assert "Call – ringing for" in page


def test_refusals_are_english(english_desk, ready, ring):
    ready("agent", "agent2")
    call = ring()
    refused = english_desk.post(f"/anruf/{call.public_id}/nachbearbeitung/", headers={"X-Fragment": "1"})
    assert "You did not accept this call." in refused.content.decode()


class Languages(HTMLParser):
    """Each text of a page with the language that it is in."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts, self.stack = [], [("", "en")]
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag not in {"input", "br", "img", "meta", "link", "hr"}:
            self.stack.append((tag, dict(attrs).get("lang") or self.stack[-1][1]))

    def handle_endtag(self, tag):
        while len(self.stack) > 1 and self.stack.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if data.strip() and self.stack[-1][0] not in {"option", "script", "title"}:
            self.texts.append((" ".join(data.split()), self.stack[-1][1]))


@pytest.fixture
def written(publish, soest):
    """What a municipality wrote, on an article, a contact, and its own card."""
    from tenants import scope
    from tenants.models import Municipality

    with scope.operator():
        Municipality.objects.filter(pk=soest.pk).update(emergency="Feuer: 112.", situation="Rohrbruch Jakobistraße.")
    links = [{"label": "Zur Seite", "url": "https://example.org/"}]
    rita = publish(
        soest, "p_bock", "Rita Böckmann", kind="person", function="Standesbeamtin", hours="vormittags", ext="12"
    )
    article = {"short_answer": "Wird ausgestellt.", "costs": "37 Euro", "documents": "Lichtbild", "body": "Mit Termin."}
    publish(soest, "perso", "Personalausweis beantragen", links=links, contacts=[rita], **article)


def test_what_municipalities_wrote_says_that_it_is_german(english_desk, ready, ring, written):
    """WCAG 3.1.2: else a screen reader reads it with English sounds."""
    ready("agent", "agent2")
    ring()
    addresses = ["/", "/auskunft/soest/article/perso/", "/auskunft/soest/person/p_bock/", "/suche?q=personalausweis"]
    found = {text: language for address in addresses for text, language in spoken(english_desk.get(address))}
    written = [
        "Stadt Soest",
        "Feuer: 112.",
        "Rohrbruch Jakobistraße.",
        "Personalausweis beantragen",
        "Wird ausgestellt.",
    ]
    written += ["37 Euro", "Lichtbild", "Mit Termin.", "Zur Seite", "Rita Böckmann", "Standesbeamtin", "vormittags"]
    assert {text: found.get(text) for text in written} == dict.fromkeys(written, "de")
    assert [language for text, language in found.items() if text.startswith("Guten Tag, Servicecenter")] == ["de"]
    assert {
        text: language for text, language in found.items() if text in ("Costs", "Accept", "Queue")
    } == dict.fromkeys(("Costs", "Accept", "Queue"), "en")


def spoken(answer) -> list[tuple[str, str]]:
    assert answer.status_code == 200
    return Languages(answer.content.decode()).texts


def test_a_german_page_says_its_language_once(desk, ready, ring, written):
    ready("agent", "agent2")
    ring()
    assert desk().get("/").content.decode().count('lang="de"') == 1
    for address in ("/anruf/", "/auskunft/soest/article/perso/", "/suche?q=personalausweis"):
        assert 'lang="de"' not in desk().get(address).content.decode()
