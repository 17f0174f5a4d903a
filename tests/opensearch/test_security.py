"""TLS, users and rights on the real server: the two users of docs/opensearch.md can do what they must, and nothing else."""

import json
import re
import subprocess
import sys
from itertools import chain

import pytest
from click.testing import CliRunner
from opensearchpy.exceptions import AuthorizationException

from config.commands import check
from knowledge import tasks
from knowledge.index_cli import search_index
from knowledge.pool import feeding, keeping, rebuilding
from knowledge.search import engines, index
from knowledge.search import opensearch as engine
from knowledge.search.finding import search
from tenants import scope
from tenants.errors import Refusal
from tests.opensearch.conftest import configured, settle, started
from tests.opensearch.secured import Authority, Secured
from tests.opensearch.town import change, eventually, publish, titles, withdraw, worker
from tests.server import ROOT

FISH = "Quastenflosser melden"
SECRETS = {"rufverbund-worker": "Schlüssel-für-42-€-täglich", "rufverbund-serve": "Lesen:ist-für-Ölsardinen-9"}
DOCUMENTED = re.findall(r"```json\n(.*?)```", (ROOT / "docs" / "opensearch.md").read_text("utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def cluster():
    """One node with the two users, and an index of somebody else."""
    node = started(make=Secured)
    for (user, secret), role in zip(SECRETS.items(), DOCUMENTED, strict=True):
        node.admit(user, secret, json.loads(role))
    node.told("PUT", "/finanzen", {"settings": {"number_of_replicas": 0}})
    node.told("PUT", "/finanzen/_doc/1?refresh=true", {"title": "geheim"})
    yield node
    node.stop()


def as_user(cluster, name, **more):
    own = {"user": name, "password": SECRETS[name], "ca": str(cluster.authority.certificate)}
    return configured(cluster, **{"prefix": "rufverbund", **own, **more})


@pytest.fixture
def opensearch(cluster, settings, monkeypatch):
    """The settings of the worker; nothing of ours is on the server before and after."""
    monkeypatch.setattr(engine, "LIMIT", 5.0)
    settings.OPENSEARCH = as_user(cluster, "rufverbund-worker")
    forget(cluster)
    yield cluster
    forget(cluster)


def forget(cluster):
    ours = [name for name in cluster.told("GET", "/_alias") if name.startswith("rufverbund-")]
    for name in ours:
        cluster.told("DELETE", f"/{name}")
    settle()


@pytest.fixture
def variables(installation, cluster):
    """The worker's environment."""
    return {
        **installation, "OPENSEARCH_USER": "rufverbund-worker", "OPENSEARCH_PASSWORD": SECRETS["rufverbund-worker"],
        "OPENSEARCH_CA": str(cluster.authority.certificate),
    }  # fmt: skip


def run(*arguments):
    return CliRunner().invoke(search_index, arguments)


def test_the_worker_builds_swaps_feeds_compares_and_removes(installation, cluster):
    article = publish("soest", FISH)
    first = rebuilding.rebuild()
    publish("soest", "Lungenfisch melden")
    change("soest", article, "Seepferdchen melden")
    feeding.feed()
    index.client().indices.refresh(index=first)
    assert (titles("lungenfisch"), titles("seepferdchen")) == (["Lungenfisch melden"], ["Seepferdchen melden"])
    withdraw("soest", article)
    feeding.feed()
    keeping.look()
    second = rebuilding.rebuild()
    assert rebuilding.serving() == second != first
    assert rebuilding.reconcile(second).as_json()["checked"] == 1
    assert tasks.reconcile_search_index(0)["repaired"] == 0
    told = json.loads(run("status", "--json").stdout.splitlines()[-1])
    assert (told["index"], told["documents"], told["behind"], told["health"]) == (second, 1, 0, "green")
    rebuilding.remove(second)
    keeping.look()
    assert titles("lungenfisch") == ["Lungenfisch melden"]
    assert [found.status for found in check.opensearch_checks()] == ["ok"]


def test_who_serves_finds_and_writes_nothing(installation, cluster, settings):
    article = publish("soest", FISH)
    name = rebuilding.rebuild()
    settings.OPENSEARCH = as_user(cluster, "rufverbund-serve")
    assert titles("quastenflosser") == [FISH]
    client = index.client()
    one = {"index": index.door(name), "id": "1/article/x", "body": {"withdrawn": True}}
    for what in (
        lambda: client.index(**one),
        lambda: client.delete(index=name, id=f"1/article/{article.key}"),
        lambda: client.indices.delete(index=name),
        lambda: client.indices.create(index="rufverbund-entries-x"),
        lambda: client.indices.put_alias(index=name, name="rufverbund-entries-x"),
        lambda: client.search(index="finanzen"),
        lambda: client.search(index="*"),
    ):
        with pytest.raises(AuthorizationException):
            what()
    bulk = {"index": index.door(name), "body": '{"index": {"_id": "1/article/x"}}\n{"withdrawn": true}\n'}
    assert client.bulk(**bulk)["items"][0]["index"]["status"] == 403
    assert "dem Benutzer fehlt ein Recht" in str(run("rebuild").exception)
    assert titles("quastenflosser") == [FISH]


def test_the_worker_has_rights_on_its_own_indexes_alone(installation, cluster):
    name = rebuilding.rebuild()
    client = index.client()
    onto = [{"add": {"index": "finanzen", "alias": "rufverbund-entries-x"}}]
    for what in (
        lambda: client.search(index="finanzen"),
        lambda: client.get(index="finanzen", id="1"),
        lambda: client.index(index="finanzen", body={"title": "x"}),
        lambda: client.indices.delete(index="finanzen"),
        lambda: client.indices.create(index="andere"),
        lambda: client.indices.update_aliases(body={"actions": onto}),
        lambda: client.indices.put_settings(index=name, body={"index.number_of_replicas": 0}),
        lambda: client.cluster.put_settings(body={"transient": {"cluster.routing.allocation.enable": "none"}}),
        lambda: client.transport.perform_request("GET", "/_plugins/_security/api/internalusers"),
    ):
        with pytest.raises(AuthorizationException):
            what()
    assert cluster.told("GET", "/finanzen/_count")["count"] == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"password": "falsch"}, "nimmt die Anmeldung nicht an"),
        ({"user": ""}, "nimmt die Anmeldung nicht an"),
        ({"user": "", "api_key": "os_abcdefgh"}, "nimmt die Anmeldung nicht an"),
        ({"ca": "other"}, "Zertifikat"),
        ({"ca": ""}, "Zertifikat"),
        ({"ca": "/nowhere/ca.pem"}, "Zertifikat"),
        ({"scheme": "http"}, "nicht zu erreichen"),
    ],
    ids=str,
)
def test_who_is_set_up_wrongly_is_told_so_and_postgresql_answers(
    installation, cluster, settings, tmp_path, wrong, said
):
    publish("soest", FISH)
    rebuilding.rebuild()
    if wrong.get("ca") == "other":
        wrong = {"ca": str(Authority(tmp_path, "other").certificate)}
    hosts = [url.replace("https:", f"{wrong.get('scheme', 'https')}:") for url in cluster.urls]
    settings.OPENSEARCH = as_user(cluster, "rufverbund-worker", hosts=hosts, **wrong)
    with scope.worker():
        found = [search("quastenflosser") for _ in range(3)][-1]
    assert ([hit.title for hit in found.hits], found.backend, found.degraded) == ([FISH], "postgres", True)
    for command in ("status", "rebuild", "reconcile"):
        outcome = run(command)
        assert isinstance(outcome.exception, Refusal), outcome.exception
        assert said in str(outcome.exception)
    settle()
    with pytest.raises(Refusal, match=said):
        titles("quastenflosser")
    (finding,) = check.opensearch_checks()
    assert (finding.status, said in finding.message) == ("warning", True)


def test_programs_that_are_set_up_as_documented(variables, cluster):
    publish("soest", FISH)
    with worker(variables):
        eventually(lambda: there(FISH), 60)
        publish("soest", "Lungenfisch melden")
        eventually(lambda: there("Lungenfisch melden"))
    told = command(variables, "search-index", "status", "--json")
    assert (told.returncode, json.loads(told.stdout)["documents"]) == (0, 2), told.stderr
    assert engines.health.failures == 0


def there(title):
    try:
        return title in titles(title)
    except Refusal:  # not built yet
        return False


def test_a_password_is_not_sent_in_the_clear(variables):
    told = command(
        {**variables, "OPENSEARCH_URL": variables["OPENSEARCH_URL"].replace("https:", "http:")},
        "search-index",
        "status",
    )
    assert told.returncode == 1
    assert told.stderr.splitlines()[-1].startswith("Fehler: OPENSEARCH_URL muss mit https beginnen")
    assert "Traceback" not in told.stderr


def command(variables, *arguments):
    called = [sys.executable, "-W", "ignore", "-m", "config.cli", *arguments]
    return subprocess.run(called, env=variables, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_key_is_sent_as_opensearch_documents_it(cluster, settings):
    settings.OPENSEARCH = as_user(cluster, "rufverbund-worker", user="", password="", api_key="os_abc")
    (connection,) = index.client().transport.connection_pool.connections
    assert connection.headers["authorization"] == "ApiKey os_abc"


def test_no_more_rights_are_documented_than_these():
    roles = [json.loads(role) for role in DOCUMENTED]
    granted = list(
        chain.from_iterable(right["index_patterns"] for role in roles for right in role["index_permissions"])
    )
    assert set(granted) == {"rufverbund-entries*"}
    assert roles[1]["cluster_permissions"] == []
