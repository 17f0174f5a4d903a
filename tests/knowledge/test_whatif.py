"""Before a synonym is saved, its effect on the judged queries that ship is told."""

import pytest
from django.db import transaction

from knowledge import demo, whatif
from knowledge.pool import learning_actions
from knowledge.pool.models import Synonym
from tenants import scope

pytestmark = pytest.mark.usefixtures("filled", "db")


def test_what_helps_is_told_and_what_misleads(soest, people, monkeypatch):
    monkeypatch.setattr(whatif, "SECONDS", 120)  # however busy the machine is
    queries = demo.judged_queries()
    own = {**next(query for query in queries if query["query"] == "hund anmelden"), "qid": "own", "query": "xylowau"}
    monkeypatch.setattr(whatif.demo, "judged_queries", lambda: [*queries[::2], own])  # half of them tell as much
    with scope.municipality(soest.schema_name), transaction.atomic():
        synonym = Synonym(centre_id=soest.centre_id, municipality=soest, words="xylowau", meaning="Hundesteuer")
        helps = whatif.effect(synonym, ["soest"])
        assert helps.complete
        assert helps.judged > 30
        assert helps.good_before > 0.8 * helps.judged
        assert helps.good_after == helps.good_before + 1
        learning_actions.save_synonym(synonym, acting_user=people["editor"])
        synonym.meaning = "Reisepass"
        misleads = whatif.effect(synonym, ["soest"])
        assert (misleads.good_before, misleads.good_after) == (helps.good_after, helps.good_before)
