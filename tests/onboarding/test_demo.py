"""The demonstration makes itself, may be interrupted and repeated, and refuses to run in a real installation."""

import fcntl

import pytest
from django.db import transaction

from knowledge.models import Article
from knowledge.pool.models import Gap, LoggedSearch, SearchEntry
from onboarding import demo
from tenants import scope
from tenants.errors import Refusal
from tenants.models import Municipality, NumberPrefix, SpecialDay


def test_refused_outside_demo_mode(db, settings):
    settings.DEMO = False
    with pytest.raises(Refusal, match="RUFVERBUND_DEMO"):
        demo.ensure()


@pytest.fixture
def demonstration(db, settings, monkeypatch, tmp_path):
    """On top of the template's municipalities, which have no entries yet; fewer entries are enough here."""
    settings.DEMO, settings.RUFVERBUND_HOME = True, tmp_path
    every = demo.corpus.lines_of
    monkeypatch.setattr(demo.corpus, "lines_of", lambda slug: list(every(slug))[:12])
    demo.ensure()


def entries() -> dict[str, int]:
    with scope.operator(), transaction.atomic():
        return {
            m.slug: SearchEntry.objects.filter(municipality=m).count()
            for m in Municipality.objects.filter(centre__slug="soest")
        }


def test_everything_is_there_and_a_second_start_changes_nothing(demonstration):
    before = entries()
    assert before == {"soest": 12, "kreis": 12, "lippstadt": 12}
    demo.ensure()
    assert entries() == before


def test_some_articles_have_people_and_some_knowledge_is_missing(demonstration, soest):
    with scope.municipality(soest.schema_name), transaction.atomic():
        assert Article.objects.exclude(costs="").exists()
        assert {gap.title for gap in Gap.objects.all()} >= {"Balkonkraftwerk anmelden"}
        searched = set(LoggedSearch.objects.values_list("words", flat=True))
        assert {"balkonkraftwerk", "sperrmüll anmelden", "lastenrad leihen"} <= searched


def test_its_people_have_begun_things(demonstration, soest, places):
    with scope.municipality(soest.schema_name), transaction.atomic():
        draft = Article.objects.get(title="Lastenrad leihen")
        assert (draft.has_changes, draft.updated_by_name) == (True, "Heike Brand")
        assert not SearchEntry.objects.filter(title="Lastenrad leihen").exists()
        days = list(SpecialDay.objects.values_list("label", flat=True))
        assert days == ["Heiligabend", "Silvester"]
        assert Gap.objects.filter(title="Balkonkraftwerk anmelden").count() == 3
    with scope.municipality(places["lippstadt"].schema_name), transaction.atomic():
        assert NumberPrefix.objects.get(confirmed_at=None).prefix == "+492941988"


def test_lippstadt_stays_in_joining(demonstration):
    with scope.operator():
        assert str(Municipality.objects.get(slug="lippstadt").status) == "joining"


def test_what_an_operator_has_changed_stays(demonstration):
    from tenants import actions
    from tenants.audit import SYSTEM

    with scope.operator():
        kreis = Municipality.objects.get(slug="kreis")
    actions.set_state(kreis, "joining", acting_user=SYSTEM)
    demo.ensure()
    with scope.operator():
        assert str(Municipality.objects.get(slug="kreis").status) == "joining"


def test_a_second_start_waits_for_the_first(db, settings, monkeypatch, tmp_path):
    """Both would find nothing and make it twice; the later one fails then."""
    settings.DEMO, settings.RUFVERBUND_HOME = True, tmp_path / "home"

    def meanwhile():
        with (tmp_path / "home" / "demo.lock").open("w") as lock, pytest.raises(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        raise Refusal("enough seen")

    monkeypatch.setattr(demo, "_centre", meanwhile)
    with pytest.raises(Refusal, match="enough seen"):
        demo.ensure()
    with (tmp_path / "home" / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # free again
