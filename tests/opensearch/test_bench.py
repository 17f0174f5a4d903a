"""`rufverbund bench search` with an OpenSearch: the figures are there, and nothing is left on the server; without one it says so."""

from pathlib import Path

from config.commands import bench_opensearch
from knowledge.bench import engine, opensearch
from knowledge.pool import upkeep
from knowledge.search import index
from telephony_bridge.bench import stage
from tenants import scope
from tests.opensearch.town import publish


def test_it_is_measured_and_nothing_is_left(installation, monkeypatch):
    from accounts.models import Person

    monkeypatch.setattr(opensearch, "queries", lambda: [typed[:30] for typed in engine.queries()])
    monkeypatch.setattr(opensearch, "PUBLISHED", 3)
    for title in ("Personalausweis beantragen", "Hund anmelden"):
        publish("soest", title)
    upkeep.run()
    with scope.front():
        agent = Person.objects.get(email="agent@example.org").pk
    said = []
    found = opensearch.measure(agent, said.append)
    assert found["rebuild_s"] >= 0
    assert found["index_bytes"] > 0
    assert found["same_first_share"] == 1.0
    assert found["complete"]["queries"] == found["keystrokes"]["queries"] == found["round_trip"]["queries"] == 30
    assert found["findable"]["published"] == 3
    assert 0 < found["findable"]["p50_s"] <= found["findable"]["p95_s"] <= found["findable"]["max_s"]
    assert len(said) == 3
    assert not index.client().indices.get(index="rv-*")


def test_without_a_server_it_is_said(monkeypatch, capsys):
    monkeypatch.delenv("OPENSEARCH_URL", raising=False)
    assert bench_opensearch.measured(Path("/nowhere")) == {"engines": {}, "measured": {}, "must_hold": {}}
    assert "OpenSearch wird nicht gemessen" in capsys.readouterr().err


def test_the_installation_of_a_measurement_does_not_know_the_real_index(monkeypatch):
    monkeypatch.setenv("OPENSEARCH_URL", "https://os1:9200")
    monkeypatch.setenv("OPENSEARCH_PASSWORD_FILE", "/run/secrets/os")
    assert not [name for name in stage.environment(Path("/nowhere")) if name.startswith("OPENSEARCH_")]
