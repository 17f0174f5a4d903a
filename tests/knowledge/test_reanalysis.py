"""After an update with another analyser, what is published is analysed again."""

from django.db import connection, transaction

from knowledge import actions, reanalysis
from knowledge.models import Article
from knowledge.search import documents
from knowledge.search.finding import search
from tenants import scope


def test_what_another_analyser_left_is_analysed_again(soest, people):
    with scope.municipality(soest.schema_name), transaction.atomic():
        article = actions.save_article(Article(title="Hund anmelden"), acting_user=people["editor"])
        actions.publish(article, acting_user=people["editor"])
    with scope.municipality(soest.schema_name), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE knowledge_publication SET analysis = 'old', title_words = ''")
    told = []

    def found():
        with scope.worker():
            return [hit.id for hit in search("hund").hits]

    assert found() == []
    assert reanalysis.run(lambda slug, done: told.append((slug, done))) == 1
    assert found() == ["soest:hund-anmelden"]
    assert told == [("soest", 1)]
    assert reanalysis.run() == 0


def test_who_is_behind_is_read_from_the_index(soest):
    with scope.owner(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT 1 FROM pool_searchentry WHERE analysis < %s OR analysis > %s", [documents.version()] * 2
        )
        assert "search_entry_analysis" in "".join(row[0] for row in cursor.fetchall())
