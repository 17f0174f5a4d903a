"""From the outbox into the index: in order, at least once, and nothing comes back."""

import json

import pytest
from django.db import connection, transaction

from knowledge.pool import feeding, rebuilding, upkeep
from knowledge.pool.index_models import IndexPosition, IndexWork
from knowledge.search import index
from knowledge.search import opensearch as engine
from tenants import scope
from tenants.models import OutboxEntry
from tests.opensearch.town import change, place, publish, titles, withdraw


@pytest.fixture(autouse=True)
def built(installation, monkeypatch):
    """An index, empty but for what the template has."""
    monkeypatch.setattr(engine, "LIMIT", 5.0)
    rebuilding.rebuild()


def fed():
    """As the worker does, and as the index does by itself half a second later."""
    done = feeding.feed()
    index.client().indices.refresh(index=index.alias())
    return done


def stored(slug, article):
    name = f"{place(slug).pk}/article/{article.key}"
    return index.client().get(index=index.alias(), id=name)


def position(slug):
    with scope.worker():
        return IndexPosition.objects.get(municipality=place(slug)).number


def test_published_changed_withdrawn_and_published_again():
    article = publish("soest", "Quastenflosser melden")
    assert titles("quastenflosser") == []
    fed()
    assert titles("quastenflosser") == ["Quastenflosser melden"]
    change("soest", article, "Lungenfisch melden")
    fed()
    assert (titles("quastenflosser"), titles("lungenfisch")) == ([], ["Lungenfisch melden"])
    withdraw("soest", article)
    fed()
    buried = stored("soest", article)["_source"]
    assert buried["withdrawn"]
    assert "title" not in buried
    change("soest", article, "Lungenfisch anmelden")
    fed()
    assert titles("lungenfisch") == ["Lungenfisch anmelden"]
    assert fed() == 0


def test_versions_are_numbers_of_the_stream_and_changes_are_gathered():
    article = publish("soest", "Hund")
    for number in range(4):
        change("soest", article, f"Hund {number}")
    fed()
    with scope.worker():
        newest = OutboxEntry.objects.filter(stream=f"m:{place('soest').pk}").order_by("-number").first()
    there = stored("soest", article)
    assert there["_version"] == newest.number * index.LOANS
    assert there["_seq_no"] == 0  # written once
    assert position("soest") == newest.number


def test_a_late_write_brings_nothing_back_even_after_deletes_are_forgotten():
    article = publish("soest", "Quastenflosser melden")
    with scope.worker():
        (late,) = index.documents("key = %s", [article.key])
    fed()
    name = rebuilding.serving()
    index.client().indices.put_settings(index=name, body={"index": {"gc_deletes": "0ms"}})
    withdraw("soest", article)
    fed()
    feeding.send(name, [late])  # by a worker that was frozen
    index.client().indices.refresh(index=name)
    assert stored("soest", article)["_source"]["withdrawn"]


def test_told_twice_is_told_once():
    publish("soest", "Quastenflosser melden")
    fed()
    with scope.worker(), transaction.atomic():
        IndexPosition.objects.update(number=0)
    assert fed() > 0
    assert titles("quastenflosser") == ["Quastenflosser melden"]


def test_borrowed_words_arrive_although_nothing_was_published():
    publish("soest", "Kasperltheater", group="g1")
    fed()
    upkeep.run()
    publish("kreis", "Puppenbühne", group="g1")
    fed()
    assert titles("puppenbuehne", called="kreis")[0] == "Puppenbühne"
    upkeep.run()
    with scope.worker():
        assert IndexWork.objects.count() == 1
    fed()
    with scope.worker():
        assert IndexWork.objects.count() == 0
        (own,) = index.documents("title = %s", ["Kasperltheater"])
    there = index.client().get(index=index.alias(), id=own.id)
    assert there["_source"]["lent"] == "puppenbuhn"
    assert there["_version"] == own.version
    assert own.version % index.LOANS == 1


def test_a_municipality_that_is_new_is_told_from_its_first_news_on():
    publish("lippstadt", "Quastenflosser melden")
    fed()
    assert position("lippstadt") >= 1
    assert titles("quastenflosser") == []  # it is joining: PostgreSQL says so, whatever the index has
    assert stored("lippstadt", type("A", (), {"key": "quastenflosser-melden"}))["_source"]["title"]


def test_lines_about_other_things_are_passed_over():
    before, stream = position_or_zero("soest"), f"m:{place('soest').pk}"
    with scope.owner(), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT public.append_to_stream(%s, 'gap', '7', 'answered')", [stream])
    fed()
    assert position("soest") == before + 1


def position_or_zero(slug):
    with scope.worker():
        return getattr(IndexPosition.objects.filter(municipality=place(slug)).first(), "number", 0)


def test_an_index_that_takes_nothing_keeps_its_place_in_the_stream():
    name = rebuilding.serving()
    before = position_or_zero("soest")
    index.client().indices.put_settings(index=name, body={"index.blocks.read_only_allow_delete": True})
    publish("soest", "Quastenflosser melden")
    with pytest.raises(feeding.Unfit, match="cluster_block"):
        feeding.feed()
    assert position_or_zero("soest") == before
    index.client().indices.put_settings(index=name, body={"index.blocks.read_only_allow_delete": None})
    fed()
    assert titles("quastenflosser") == ["Quastenflosser melden"]


def test_an_index_that_is_gone_is_not_written_into_being():
    publish("soest", "Quastenflosser melden")
    name = rebuilding.serving()
    index.client().indices.delete(index=name)
    with pytest.raises(feeding.GoneError):
        feeding.feed()
    assert not index.client().indices.exists(index=index.door(name))
    assert json.dumps(sorted(index.client().indices.get(index="rv-*"))) == "[]"
