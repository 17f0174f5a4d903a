"""A list of hits is put together in Python: whatever municipalities write stays text, and a page is built of our tags alone."""

from html.parser import HTMLParser

import pytest
from django.db import transaction

from desk import hits
from knowledge.pool import upkeep
from tenants import scope
from tenants.models import Municipality

EVIL = """"><img src=x onerror='alert(1)'>&amp;<script>"""
OURS = {"button", "div", "li", "mark", "small", "span", "ul", "b", "p"}


class Page(HTMLParser):
    """Tags, attributes' names, and the texts of a page."""

    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.values, self.text = set(), set(), [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _value in attrs}
        self.values += [value for _name, value in attrs]

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def evil(soest, kreis, publish):
    """Municipalities and entries whose every text is an attack."""
    with scope.owner(), transaction.atomic():
        for number, place in enumerate((soest, kreis)):
            Municipality.objects.filter(pk=place.pk).update(name=f"Stadt {EVIL}{number}", initials=f"<{number}>")
    publish(
        soest, "a1", f"Hunde {EVIL}", group="hund", synonyms=[EVIL], body="Ein Lichtbild &amp;lt;u&amp;gt; gehört dazu."
    )
    publish(kreis, "a1", f"Hunde {EVIL}", group="hund")
    publish(soest, "p1", f"Rita Hund {EVIL}", kind="person", ext="<b>1", function=f"Amt {EVIL}")
    upkeep.run()


def test_what_municipalities_write_stays_text(desk, evil):
    page = Page()
    found = desk().get("/suche", {"q": "hund lichtbild", "called": "soest"})
    page.feed(found.content.decode())
    assert page.tags <= OURS
    assert not {name for name in page.attributes if name.startswith("on") or name in {"src", "href", "style"}}
    for text in (f"Hunde {EVIL}", f"Rita Hund {EVIL}", f"{EVIL}0", f"{EVIL}1", "<0>", "<b>1", "Lichtbild &lt;u&gt;"):
        assert text in page.text


def test_a_key_stays_within_its_attributes(desk, publish, soest, monkeypatch):
    """The form allows a key few letters, the database almost all (knowledge/pool/sql/rights.sql)."""
    publish(soest, "a1", "Hunde anmelden")
    search = hits.search

    def broken(*asked, **wished):
        found = search(*asked, **wished)
        for hit in found.articles:
            object.__setattr__(hit, "key", f"a{EVIL.replace('/', '')}")
        return found

    monkeypatch.setattr(hits, "search", broken)
    page = Page()
    page.feed(desk().get("/suche", {"q": "hund", "called": "soest"}).content.decode())
    assert page.tags <= OURS
    assert f"soest:a{EVIL}" in page.values
