"""The judged queries that ship: floors below what is measured, that notice when something breaks; they are nothing to tune to."""

from typing import Any

import pytest
from django.db import connection

from knowledge import demo
from knowledge.pool.models import SearchEntry
from knowledge.search import documents
from knowledge.search.finding import search
from knowledge.search.judging import FAR, Judgement, judge
from tenants import scope
from tenants.actions import set_state
from tenants.audit import SYSTEM

pytestmark = pytest.mark.usefixtures("filled", "db")


@pytest.fixture(autouse=True)
def all_live(places: dict[str, Any]) -> None:
    set_state(places["lippstadt"], "live", acting_user=SYSTEM)


def judged() -> Judgement:
    with scope.worker():
        return judge(demo.judged_queries(), lambda query, place: search(query, called=place, limit=FAR).ranking(FAR))


def test_the_judged_queries_are_answered() -> None:
    total = judged().total
    assert total.success_at_3 >= 0.985
    assert total.ndcg_at_5 >= 0.93


def test_without_a_single_search_word_the_shared_synonyms_carry() -> None:
    """As before a municipality's editors have done anything: no search words, and so none to lend or to give to people."""
    with scope.owner(), connection.cursor() as cursor:
        for entry in SearchEntry.objects.all():
            details = entry.payload
            numbers = [number for number in (entry.ext, details.get("phone")) if number]
            found = documents.analysed(
                documents.Source(
                    entry.kind,
                    entry.title,
                    (),
                    entry.body,
                    details.get("dept") or "",
                    details.get("function") or "",
                    numbers,
                )
            )
            cursor.execute(
                "UPDATE public.pool_searchentry SET title_words = %s::tsvector, body_words = %s::tsvector, lent = '{}' WHERE id = %s",
                [documents.vector(found.title), documents.vector(found.body), entry.pk],
            )
        cursor.execute("DELETE FROM public.pool_lending")
    assert judged().total.success_at_3 >= 0.84
