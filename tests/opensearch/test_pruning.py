"""What an index that comes too late for the outbox leads to: another one is built, and until then PostgreSQL answers."""

import pytest
from django.db import connection, transaction

from knowledge import tasks
from knowledge.pool import feeding, keeping, rebuilding
from knowledge.pool.index_models import IndexBuild
from knowledge.search import opensearch as engine
from tenants import scope
from tenants.errors import Refusal
from tenants.models import OutboxEntry
from tests.opensearch.town import place, publish, titles


@pytest.fixture(autouse=True)
def built(installation, monkeypatch):
    """An index of one entry."""
    monkeypatch.setattr(engine, "LIMIT", 5.0)
    publish("soest", "Quastenflosser melden")
    return rebuilding.rebuild()


def a_month_later():
    with scope.owner(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE public.tenants_outboxentry SET at = at - interval '31 days'")


def lines():
    with scope.worker():
        return OutboxEntry.objects.filter(stream=f"m:{place('soest').pk}").count()


def test_what_the_index_was_not_told_is_kept_for_it(built):
    for word in ("Lungenfisch", "Seepferdchen", "Seegurke"):
        publish("soest", word)
    a_month_later()
    tasks.prune_outbox(0)
    assert lines() == 3
    feeding.feed()
    keeping.look()
    assert rebuilding.serving() == built
    assert titles("lungenfisch") == ["Lungenfisch"]
    tasks.prune_outbox(0)
    assert lines() == 1
    publish("soest", "Ofenrohr")
    keeping.look()
    assert rebuilding.serving() == built
    assert titles("ofenrohr") == ["Ofenrohr"]


@pytest.fixture
def missed(built, settings):
    """OpenSearch was not set up for a month, in which something was published."""
    own, settings.OPENSEARCH = settings.OPENSEARCH, None
    for word in ("Lungenfisch", "Seepferdchen", "Seegurke"):
        publish("soest", word)
    a_month_later()
    tasks.prune_outbox(0)
    assert lines() == 1
    settings.OPENSEARCH = own


def test_an_index_that_missed_lines_is_not_believed_and_built_anew_by_the_worker(built, missed):
    with pytest.raises(Refusal, match="the index is behind"):
        titles("quastenflosser")
    assert titles("seegurke", backend=None) == ["Seegurke"]
    with pytest.raises(feeding.GoneError, match="missed"):
        feeding.feed()
    keeping.look()
    assert rebuilding.serving() != built
    assert titles("lungenfisch") == ["Lungenfisch"]
    assert feeding.feed() == 0


def test_one_that_was_half_built_is_not_gone_on_with(built, missed):
    with scope.worker():
        IndexBuild.objects.update(filled_at=None, cursor=0)
    new = rebuilding.rebuild()
    assert new != built
    assert rebuilding.reconcile(new).repaired == 0
    with scope.worker():
        assert list(IndexBuild.objects.values_list("index", flat=True)) == [new]
    assert titles("seepferdchen") == ["Seepferdchen"]


def test_whoever_builds_by_hand_gets_another_one_too(built, missed):
    new = rebuilding.rebuild()
    assert rebuilding.serving() == new != built
    assert titles("seegurke") == ["Seegurke"]
