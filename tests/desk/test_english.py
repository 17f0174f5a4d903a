"""The desk in English, in every state of a call: our words are English, what is read to callers stays as it was written."""

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
