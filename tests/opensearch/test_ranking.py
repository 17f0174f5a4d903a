"""Ranking and rights on the real server, with the three demo towns live."""

import http.server
import threading
import time

import pytest
from django.db import connection, transaction
from django.test import Client
from opensearchpy import OpenSearch

from config.commands import check
from knowledge import actions
from knowledge.demo import judged_queries
from knowledge.models import Article
from knowledge.pool import rebuilding
from knowledge.search import engines, index, judging, opensearch
from knowledge.search.finding import search
from tenants import scope
from tenants.audit import SYSTEM
from tenants.errors import Refusal
from tests.opensearch.conftest import configured, settle

pytestmark = pytest.mark.usefixtures("indexed", "db")


@pytest.fixture(autouse=True)
def usual(cluster, settings, monkeypatch):
    """OpenSearch is set up and well, and has time: how long it may take is the matter of one test."""
    monkeypatch.setattr(opensearch, "LIMIT", 5.0)
    settings.OPENSEARCH = configured(cluster)
    settle()


@pytest.fixture
def find(people):
    def as_person(query, *, who="agent", **options):
        with scope.desk(people[who].pk):
            return search(query, **options)

    return as_person


def ranked(backend):
    return lambda query, called: search(query, called=called, limit=judging.FAR, backend=backend).ranking(judging.FAR)


def test_it_finds_as_postgresql_does():
    queries = list(judged_queries())
    with scope.worker():
        found = judging.judge(queries, ranked("opensearch"))
        firsts = {
            query["query"]: [next(iter(ranked(engine)(query["query"], query["called"])), "") for engine in ("postgres", "opensearch")]
            for query in queries
        }  # fmt: skip
    other = {query: pair for query, pair in firsts.items() if pair[0] != pair[1]}
    assert found.total.success_at_3 >= 0.985, found.missed
    assert found.total.ndcg_at_5 >= 0.93
    assert len(other) <= len(firsts) / 10, other


def test_a_hit_is_told_as_postgresql_tells_it(find):
    theirs, ours = (
        find("personalausweis verloren", called="soest", backend=name) for name in ("postgres", "opensearch")
    )
    assert (theirs.backend, ours.backend) == ("postgres", "opensearch")
    for one, other in zip(theirs.hits[:2], ours.hits[:2], strict=True):
        assert (one.id, one.title, one.subtitle, one.matched, one.others) == (
            other.id, other.title, other.subtitle, other.matched, other.others,
        )  # fmt: skip
    assert ours.hits[0].matched == ["personalausweis", "verloren"]
    assert ours.hits[0].others


def test_what_is_typed_is_answered_by_it_from_the_second_letter_on(find):
    for typed in (
        "pe",
        "per",
        "pers",
        "perso",
        "perso v",
        "perso verl",
        "4711",
        "müller bau",
        "§ 5",
        "sperrmüll lippstadt",
    ):
        assert find(typed, called="soest").backend == "opensearch", typed


def test_each_sees_what_the_centres_of_theirs_have(find, soest):
    assert find("personalausweis").hits
    assert find("personalausweis", who="agent.unna").hits == []
    assert find("personalausweis", who="nobody").hits == []
    with scope.municipality(soest.schema_name), transaction.atomic():
        assert {hit.municipality.slug for hit in search("personalausweis").hits} == {"soest"}


def test_what_was_withdrawn_is_not_shown_although_the_index_still_has_it(find, soest):
    assert "soest:perso_verlust" in [hit.id for hit in find("personalausweis verloren", called="soest").hits]
    with scope.municipality(soest.schema_name), transaction.atomic():
        actions.withdraw(Article.objects.get(key="perso_verlust"), acting_user=SYSTEM)
    after = find("personalausweis verloren", called="soest", backend="opensearch")
    assert "soest:perso_verlust" not in [hit.id for hit in after.hits]


def test_a_forged_index_shows_nothing_and_is_not_believed(find, places):
    forged, door, soest = index.client(), index.door(rebuilding.serving()), places["soest"].pk
    keys = ["nie_gewesen", "auch_nicht", "x/../y", "'; --"]
    source = {"municipality": soest, "kind": "article", "title": "zzyzx", "brevity": 1, "withdrawn": False}
    for key in keys:
        forged.index(index=door, id=f"forged {key}", body={**source, "key": key}, refresh=True)
    found = find("zzyzx", called="soest")
    assert (found.hits, found.backend) == ([], "postgres")
    with pytest.raises(Refusal, match="antwortet nicht"):
        find("zzyzx", called="soest", backend="opensearch")
    for key in keys:
        forged.delete(index=door, id=f"forged {key}", refresh=True)


def test_what_an_index_claims_is_told_to_nobody_who_may_not_see_it(people, soest):
    statement = "SELECT key FROM public.pool_reread(ARRAY[%s]::bigint[], '{article}', '{perso_verlust}', '{1}', %s, NULL, 5, '2026-11-28')"
    plan = '{"anywhere": [["perso", ""]]}'
    found = {}
    for who in ("agent", "agent.unna"):
        with scope.desk(people[who].pk), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [soest.pk, plan])
            found[who] = cursor.fetchall()
    assert found == {"agent": [("perso_verlust",)], "agent.unna": []}


def test_an_index_that_is_behind_for_too_long_is_not_asked(find, soest):
    with scope.municipality(soest.schema_name), transaction.atomic():
        article = actions.save_article(Article(title="Quastenflosser melden"), acting_user=SYSTEM)
        actions.publish(article, acting_user=SYSTEM)
    assert find("personalausweis", called="soest").backend == "opensearch"  # it has five seconds
    assert (
        find("quastenflosser", called="soest").hits[0].title == "Quastenflosser melden"
    )  # it found nothing: asked again elsewhere
    with scope.owner(), connection.cursor() as cursor:
        cursor.execute("UPDATE public.tenants_outboxentry SET at = at - interval '6 seconds'")
    late = find("personalausweis", called="soest")
    assert (late.backend, late.hits != []) == ("postgres", True)


def test_away_slow_or_talking_nonsense_it_is_replaced_and_the_third_time_that_is_said(
    find, settings, cluster, monkeypatch
):
    def told(hosts):
        settings.OPENSEARCH = {**configured(cluster), "hosts": hosts}
        settle()
        return [(found.backend, found.degraded, bool(found.hits)) for found in (find("hund") for _ in range(4))]

    instead = [("postgres", False, True)] * 2 + [("postgres", True, True)] * 2
    assert told(["http://127.0.0.1:9"]) == instead
    for answer in (b"{}", b"[]", b"null", b"<html>", b'{"timed_out": false, "_shards": {"failed": 0}, "hits": {"hits": [{"_id": 5}]}}',
                   b'{"timed_out": false, "_shards": {"failed": 0}, "hits": {"hits": [{"fields": {"municipality": [1], "kind": ["article"], "key": ["x"]}, "_index": "x", "_score": NaN}]}}',
                   b'{"timed_out": true, "_shards": {"failed": 0}, "hits": {"hits": []}}'):  # fmt: skip
        with Talking(answer) as address:
            assert told([address]) == instead, answer
    assert told(["http://127.0.0.1:9", *cluster.urls]) == [("opensearch", False, True)] * 4  # another node answers
    monkeypatch.setattr(opensearch, "LIMIT", 0.06)
    with Talking(b"{}", pause=3.0) as address:
        begun = time.monotonic()
        assert told([address]) == instead
        assert (
            time.monotonic() - begun < 3.0
        )  # three times its limit, not three times its answer; then it is left alone


def test_readyz_and_check_say_so(settings, cluster):
    def said():
        components = Client(headers={"host": "localhost"}).get("/readyz").json()["components"]
        found = [finding for finding in check.search_checks() if finding.component == "opensearch"]
        return components["search"], found[0].status, found[0].message

    assert said()[:2] == ("ok", "ok")
    assert "hat alle" in said()[2]
    settings.OPENSEARCH = {**configured(cluster), "hosts": ["http://127.0.0.1:9"]}
    assert said()[:2] == ("degraded", "warning")
    assert "antwortet nicht" in said()[2]
    settings.OPENSEARCH = None
    assert Client(headers={"host": "localhost"}).get("/readyz").json()["components"]["search"] == "ok"


def test_it_comes_back_by_itself(find, settings, cluster):
    settings.OPENSEARCH = {**configured(cluster), "hosts": ["http://127.0.0.1:9"]}
    assert [find("hund").degraded for _ in range(3)][-1]
    settings.OPENSEARCH = configured(cluster)
    back = find("hund")
    assert (back.backend, back.degraded) == ("opensearch", False)


def test_a_word_that_nothing_has_is_no_failure(find):
    for _ in range(4):
        found = find("qwertzuiop")
        assert (found.hits, found.backend, found.degraded) == ([], "opensearch", False)
    assert engines.health.failures == 0


def test_the_mapping_refuses_what_it_does_not_name():
    client: OpenSearch = index.client()
    answer = client.bulk(
        index=index.door(rebuilding.serving()),
        body='{"index": {"_id": "1/article/x"}}\n{"surprise": 1}\n',
        params={"require_alias": "true"},
    )
    assert answer["items"][0]["index"]["error"]["type"] == "strict_dynamic_mapping_exception"


class Talking:
    """An HTTP server that answers everything alike."""

    def __init__(self, answer, pause=0.0):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                time.sleep(pause)
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
