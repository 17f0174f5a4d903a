"""Missing knowledge: reported at the desk, answered by the municipality, told to the agent who asked."""

import pytest
from django.db import ProgrammingError, transaction

from knowledge import actions
from knowledge.models import Article
from knowledge.pool import actions as pool_actions
from knowledge.pool import queries as pool
from knowledge.pool.models import Gap
from tenants import scope
from tenants.errors import Refusal
from tenants.models import AuditEntry, OutboxEntry


@pytest.fixture
def report(people, soest):
    """report(title=…) -> a gap of Stadt Soest, reported by Jana Köster."""

    def reported(who="agent", **fields):
        values = {
            "municipality": soest,
            "centre": soest.centre,
            "title": "Zwergelefant anmelden",
            "query": "zwergelefant",
            "call_id": "c1",
        }
        with scope.desk(people[who].pk), transaction.atomic():
            return pool_actions.report_gap(**values | fields, acting_user=people[who])

    return reported


@pytest.fixture
def published(soest, people):
    """An article that answers."""
    with scope.municipality(soest.schema_name), transaction.atomic():
        article = actions.save_article(Article(title="Zwergelefanten"), acting_user=people["editor"])
        actions.publish(article, acting_user=people["editor"])
    return article


def at_desk(person):
    return scope.desk(person.pk)


def test_from_the_report_to_the_answer_that_was_read(report, published, soest, people):
    gap = report(text="  Was kostet\x00 es? ")
    with scope.municipality(soest.schema_name), transaction.atomic():
        found = pool.gaps(state="open").get()
        assert (found.title, found.text, found.query, found.reported_by_name) == (
            gap.title,
            "Was kostet  es?",
            "zwergelefant",
            "Jana Köster",
        )
        pool_actions.take_gap(found, acting_user=people["editor"])
        assert pool.gap_counts()["in_progress"] == 1
        pool_actions.answer_gap(
            found, entry_kind="article", entry_key=published.key, note="Steht jetzt drin.", acting_user=people["editor"]
        )
        assert AuditEntry.objects.get(action="answer_gap").person_name == "Heike Brand"
    with at_desk(people["agent"]), transaction.atomic():
        told = pool.answered_gaps(people["agent"].pk)
        assert [(g.title, g.answer_note, g.answered_by_name) for g in told] == [
            (gap.title, "Steht jetzt drin.", "Heike Brand")
        ]
        assert pool.answer_of(told[0]).title == "Zwergelefanten"
        news = (
            OutboxEntry.objects.filter(kind="gap", object_id=str(gap.pk))
            .order_by("number")
            .values_list("op", flat=True)
        )
        assert list(news) == ["new", "in_progress", "answered"]
        assert pool_actions.mark_gap_seen(told[0], acting_user=people["agent"])
        assert not pool_actions.mark_gap_seen(told[0], acting_user=people["agent"])
        assert pool.answered_gaps(people["agent"].pk) == []


def test_an_answer_must_be_one_that_the_agent_can_open(report, soest, people):
    gap = report()
    with scope.municipality(soest.schema_name), transaction.atomic():
        draft = actions.save_article(Article(title="Entwurf"), acting_user=people["editor"])
        with pytest.raises(Refusal, match="nicht veröffentlicht"):
            pool_actions.answer_gap(gap, entry_kind="article", entry_key=draft.key, acting_user=people["editor"])
        with pytest.raises(Refusal, match="Wählen"):
            pool_actions.answer_gap(gap, entry_kind="", entry_key="", note=" ", acting_user=people["editor"])
        with pytest.raises(Refusal, match="kurz"):
            pool_actions.decline_gap(gap, note="", acting_user=people["editor"])
        pool_actions.decline_gap(gap, note="Gibt es nicht.", acting_user=people["editor"])
        with pytest.raises(Refusal, match="Heike Brand hat"):
            pool_actions.answer_gap(gap, entry_kind="", entry_key="", note="Doch.", acting_user=people["admin"])
        assert pool.gap_counts() == {"new": 0, "in_progress": 0, "answered": 0, "declined": 1, "open": 0}


def test_a_report_needs_words_and_a_municipality_of_the_centre(report, places):
    with pytest.raises(Refusal, match="gefehlt"):
        report(title=" ")
    with pytest.raises(Refusal, match="gehört nicht"):
        report(municipality=places["unna"])
    assert len(report(title="x" * 500, query="y" * 500).title) == 200


@pytest.mark.parametrize("who", ["agent.unna", "editor", "nobody"])
def test_who_does_not_answer_for_soest_cannot_report_to_it(report, who):
    with pytest.raises(ProgrammingError, match="row-level security"):
        report(who=who)


def test_nobody_reports_in_anothers_name_or_to_one_that_is_only_joining(report, people, soest, places):
    with at_desk(people["agent"]), pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        pool_actions.report_gap(municipality=soest, centre=soest.centre, title="x", acting_user=people["agent2"])
    with pytest.raises(ProgrammingError, match="row-level security"):
        report(municipality=places["lippstadt"])


def test_strangers_see_no_gap_and_agents_change_nothing_but_their_seen(report, people, kreis, soest):
    gap = report()
    with scope.municipality(kreis.schema_name), transaction.atomic():
        assert not pool.gaps().exists()
        with pytest.raises(Refusal, match="gibt es nicht mehr"):
            pool_actions.take_gap(gap, acting_user=people["editor.kreis"])
    with at_desk(people["agent.unna"]), transaction.atomic():
        assert not pool.gaps().exists()
    with at_desk(people["agent2"]), transaction.atomic():
        assert pool.gaps().count() == 1
        assert not pool_actions.mark_gap_seen(gap, acting_user=people["agent2"])
        with pytest.raises(ProgrammingError), transaction.atomic():
            Gap.objects.filter(pk=gap.pk).update(answer_note="x")
    with (
        scope.municipality(soest.schema_name),
        transaction.atomic(),
        pytest.raises(ProgrammingError),
        transaction.atomic(),
    ):
        Gap.objects.filter(pk=gap.pk).update(title="x")
