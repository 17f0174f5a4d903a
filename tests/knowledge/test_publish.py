"""Publishing is at once and whole: draft, version, pool row and news go together or not at all."""

from datetime import date, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from knowledge import actions
from knowledge.models import Article, Contact, Department, Publication, Version
from knowledge.pool import queries as pool
from knowledge.pool.models import SearchEntry
from tenants import scope
from tenants.errors import Refusal
from tenants.models import AuditEntry, OutboxEntry


@pytest.fixture
def own(soest):
    """As Stadt Soest, in a transaction."""

    def enter():
        return scope.municipality(soest.schema_name)

    return enter


@pytest.fixture
def dog(own, people):
    """A saved draft."""
    with own(), transaction.atomic():
        article = Article(
            title="Hund anmelden", synonyms=["Hundesteuer", " Hundesteuer "], body="Innerhalb von **zwei** Wochen."
        )
        return actions.save_article(article, acting_user=people["editor"])


def seen_by(person) -> dict[str, SearchEntry]:
    with scope.desk(person.pk), transaction.atomic():
        return {entry.id_text: entry for entry in pool.shown()}


def test_a_draft_has_a_key_and_tidy_words_and_nobody_at_the_desk_sees_it(dog, people):
    assert (dog.key, dog.synonyms, dog.has_changes) == ("hund-anmelden", ["Hundesteuer"], True)
    assert dog.updated_by_name == "Heike Brand"
    assert seen_by(people["agent"]) == {}


def test_published_is_seen_at_once_with_its_news_and_audit(dog, own, people, soest):
    with own(), transaction.atomic():
        version = actions.publish(dog, acting_user=people["editor"], note="neu")
        assert OutboxEntry.objects.filter(kind="article", object_id=dog.key, op="put").count() == 1
        row = AuditEntry.objects.get(action="publish", object_id=dog.key)
    assert (version.number, version.is_new, version.note) == (1, True, "neu")
    assert (row.municipality_id, row.person_name, row.after["version"]) == (soest.pk, "Heike Brand", 1)
    seen = seen_by(people["agent"])["soest:hund-anmelden"]
    assert (seen.title, seen.body, seen.payload["body"]) == (
        "Hund anmelden",
        "Innerhalb von zwei Wochen.",
        "Innerhalb von **zwei** Wochen.",
    )
    assert not dog.has_changes


def test_publishing_the_same_again_says_so(dog, own, people):
    with own(), transaction.atomic():
        actions.publish(dog, acting_user=people["editor"])
        again = actions.publish(dog, acting_user=people["editor"])
        assert (again.number, again.is_new) == (1, False)
        assert Version.objects.count() == 1


def test_agents_read_the_published_version_while_the_draft_goes_on(dog, own, people):
    with own(), transaction.atomic():
        actions.publish(dog, acting_user=people["editor"])
        dog.costs = "96 Euro"
        actions.save_article(dog, acting_user=people["editor"])
        assert dog.has_changes
    assert seen_by(people["agent"])["soest:hund-anmelden"].payload["costs"] == ""
    with own(), transaction.atomic():
        version = actions.publish(dog, acting_user=people["editor"])
        assert (version.number, version.changed) == (2, ["costs"])
    assert seen_by(people["agent"])["soest:hund-anmelden"].payload["costs"] == "96 Euro"


def test_going_back_by_hand_leaves_nothing_to_publish(dog, own, people):
    with own(), transaction.atomic():
        actions.publish(dog, acting_user=people["editor"])
        for costs, differs in (("96 Euro", True), ("", False)):
            dog.costs = costs
            actions.save_article(dog, acting_user=people["editor"])
            assert Article.objects.get(pk=dog.pk).has_changes is differs


def test_withdrawn_is_gone_at_once_and_can_come_back(dog, own, people):
    with own(), transaction.atomic():
        actions.publish(dog, acting_user=people["editor"])
        withdrawn = actions.withdraw(dog, acting_user=people["editor"])
        assert (withdrawn.op, withdrawn.number, dog.has_changes) == ("withdraw", 2, True)
        with pytest.raises(Refusal, match="nicht veröffentlicht"):
            actions.withdraw(dog, acting_user=people["editor"])
    assert seen_by(people["agent"]) == {}
    with own(), transaction.atomic():
        assert actions.publish(dog, acting_user=people["editor"]).number == 3
    assert seen_by(people["agent"])


def test_a_rollback_leaves_nothing(dog, own, people):
    class Broken(Exception):
        pass

    with own(), pytest.raises(Broken), transaction.atomic():
        actions.publish(dog, acting_user=people["editor"])
        assert SearchEntry.objects.count() == 1
        raise Broken
    with own(), transaction.atomic():
        assert [Version.objects.count(), Publication.objects.count(), SearchEntry.objects.count()] == [0, 0, 0]
        assert not OutboxEntry.objects.filter(kind="article").exists()
        assert not AuditEntry.objects.filter(action="publish").exists()
        assert Article.objects.get(pk=dog.pk).has_changes


def test_the_last_number_is_not_skipped_by_a_rollback(dog, own, people):
    with own():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            actions.publish(dog, acting_user=people["editor"])
            _ = 1 / 0
        with transaction.atomic():
            actions.publish(dog, acting_user=people["editor"])
            numbers = list(
                OutboxEntry.objects.filter(stream__startswith="m:").order_by("number").values_list("number", flat=True)
            )
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


@pytest.mark.parametrize(
    ("starts", "ends", "visible"),
    [(0, 0, True), (-3, None, True), (None, 3, True), (1, None, False), (None, -1, False)],
)
def test_only_what_is_valid_today_is_shown(dog, own, people, starts, ends, visible):
    today = timezone.localdate()
    dog.valid_from = today + timedelta(days=starts) if starts is not None else None
    dog.valid_to = today + timedelta(days=ends) if ends is not None else None
    with own(), transaction.atomic():
        actions.save_article(dog, acting_user=people["editor"])
        actions.publish(dog, acting_user=people["editor"])
    assert bool(seen_by(people["agent"])) is visible


def test_another_centre_and_a_joining_municipality_see_and_show_nothing(dog, own, people, places):
    with own(), transaction.atomic():
        actions.publish(dog, acting_user=people["editor"])
    with scope.municipality(places["lippstadt"].schema_name), transaction.atomic():
        article = actions.save_article(Article(title="Hund anmelden"), acting_user=people["admin.lippstadt"])
        actions.publish(article, acting_user=people["admin.lippstadt"])
    assert seen_by(people["agent.unna"]) == {}
    assert set(seen_by(people["agent"])) == {"soest:hund-anmelden"}


def test_discard_and_restore(dog, own, people):
    editor = people["editor"]
    with own(), transaction.atomic():
        with pytest.raises(Refusal, match="nicht veröffentlicht"):
            actions.discard_changes(dog, acting_user=editor)
        first = actions.publish(dog, acting_user=editor)
        dog.title, dog.valid_to = "Hund an- und abmelden", timezone.localdate()
        actions.save_article(dog, acting_user=editor)
        actions.publish(dog, acting_user=editor)
        dog.title = "Etwas anderes"
        actions.save_article(dog, acting_user=editor)
        back = actions.discard_changes(dog, acting_user=editor)
        assert (back.title, back.valid_to, back.has_changes) == ("Hund an- und abmelden", timezone.localdate(), False)
        older = actions.restore_version(first, acting_user=editor)
        assert (older.title, older.valid_to, older.has_changes) == ("Hund anmelden", None, True)
    assert seen_by(people["agent"])["soest:hund-anmelden"].title == "Hund an- und abmelden"


def test_still_right_moves_the_review_and_nothing_else(dog, own, people, soest):
    due = timezone.localdate() - timedelta(days=3)
    with own(), transaction.atomic():
        dog.review_at = due
        actions.save_article(dog, acting_user=people["editor"])
        actions.publish(dog, acting_user=people["editor"])
        edited_at = Article.objects.get(pk=dog.pk).updated_at
        day = actions.confirm_review(dog, acting_user=people["reader"])
        kept = Article.objects.get(pk=dog.pk)
        row = AuditEntry.objects.get(action="confirm_review")
        assert (kept.review_at, kept.has_changes, kept.updated_at) == (day, False, edited_at)
        assert day == actions.a_year_from(timezone.localdate())
        assert (row.person_name, row.municipality_id) == ("Karin Ostermann", soest.pk)
        assert (row.before, row.after) == ({"review_at": due.isoformat()}, {"review_at": day.isoformat()})
        assert not actions.publish(dog, acting_user=people["editor"]).is_new
        assert "review_at" not in Publication.objects.get(key=dog.key).payload


def test_a_review_day_is_kept_when_a_draft_goes_back(dog, own, people):
    with own(), transaction.atomic():
        first = actions.publish(dog, acting_user=people["editor"])
        day = actions.confirm_review(dog, acting_user=people["editor"])
        dog.title = "Etwas anderes"
        actions.save_article(dog, acting_user=people["editor"])
        assert actions.discard_changes(dog, acting_user=people["editor"]).review_at == day
        assert actions.restore_version(first, acting_user=people["editor"]).review_at == day


@pytest.mark.parametrize(
    ("day", "then"), [("2026-11-25", "2027-11-25"), ("2028-02-29", "2029-02-28"), ("2027-02-28", "2028-02-28")]
)
def test_a_year_later(day, then):
    assert actions.a_year_from(date.fromisoformat(day)) == date.fromisoformat(then)


def test_contacts_are_resolved_where_they_are_published(dog, own, people):
    editor = people["editor"]
    with own(), transaction.atomic():
        tax = actions.save_department(Department(title="Steuern"), acting_user=editor)
        anna = actions.save_contact(Contact(title="Anna Berg", ext="1243", department=tax), acting_user=editor)
        ben = actions.save_contact(Contact(title="Ben Kurz", ext="1244"), acting_user=editor)
        actions.save_article(dog, contacts=[ben, anna], acting_user=editor)
        for entry in (dog, anna, tax):
            actions.publish(entry, acting_user=editor)
    seen = seen_by(people["agent"])
    assert "Ben Kurz" not in str([entry.payload for entry in seen.values()])  # a draft does not leak through an article
    with scope.desk(people["agent"].pk), transaction.atomic():
        assert [c.title for c in pool.contacts_of(seen["soest:hund-anmelden"])] == ["Anna Berg"]
        assert pool.articles_of(seen["soest:anna-berg"])[0].title == "Hund anmelden"
    with own(), transaction.atomic():
        anna.ext = "1299"
        tax.title = "Steueramt"
        for save, entry in ((actions.save_contact, anna), (actions.save_department, tax)):
            save(entry, acting_user=editor)
            actions.publish(entry, acting_user=editor)
        actions.publish(ben, acting_user=editor)
    with scope.desk(people["agent"].pk), transaction.atomic():
        contacts = pool.contacts_of(seen["soest:hund-anmelden"])
    assert [(c.title, c.ext, c.subtitle) for c in contacts] == [
        ("Ben Kurz", "1244", ""),
        ("Anna Berg", "1299", "Steueramt"),
    ]


def test_departments_cannot_stand_below_themselves(own, people):
    with own(), transaction.atomic():
        top = actions.save_department(Department(title="A"), acting_user=people["editor"])
        low = actions.save_department(Department(title="B", parent=top), acting_user=people["editor"])
        top.parent = low
        with pytest.raises(Refusal, match="nicht unter sich selbst"):
            actions.save_department(top, acting_user=people["editor"])


def test_delete_needs_a_withdrawal_first_and_keeps_the_versions(dog, own, people):
    with own(), transaction.atomic():
        actions.publish(dog, acting_user=people["editor"])
        with pytest.raises(Refusal, match="Ziehen Sie"):
            actions.delete_entry(dog, acting_user=people["editor"])
        actions.withdraw(dog, acting_user=people["editor"])
        actions.delete_entry(dog, acting_user=people["editor"])
        assert not Article.objects.exists()
        assert Version.objects.count() == 2
        with pytest.raises(Refusal, match="gelöscht"):
            actions.publish(dog, acting_user=people["editor"])


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"title": ""}, "Titel"),
        ({"title": "x" * 201}, "200"),
        ({"body": "x" * 50_001}, "50000"),
        ({"title": "a\0b"}, "Steuerzeichen"),
        ({"title": "a\ud800"}, "Steuerzeichen"),
        ({"synonyms": "Hund"}, "Liste"),
        ({"synonyms": ["x" * 81]}, "80"),
        ({"links": [{"label": "x", "url": "javascript:alert(1)"}]}, "https"),
        ({"links": [{"url": "https://example.org"}]}, "Bezeichnung"),
        ({"leika": "123"}, "LeiKa"),
        ({"short_answer": "x" * 401}, "400"),
        ({"valid_from": timezone.localdate(), "valid_to": timezone.localdate() - timedelta(days=1)}, "Gültig"),
        ({"key": "mit leerzeichen"}, "Kennung"),
    ],
)
def test_what_an_entry_may_not_hold(own, people, fields, reason):
    with own(), transaction.atomic():
        with pytest.raises(Refusal, match=reason):
            actions.save_article(Article(**{"title": "Titel", **fields}), acting_user=people["editor"])
        assert not Article.objects.exists()


def test_a_key_is_given_once_whatever_the_kind(dog, own, people):
    with own(), transaction.atomic():
        with pytest.raises(Refusal, match="gibt es schon"):
            actions.save_contact(Contact(title="Hund", key=dog.key), acting_user=people["editor"])
        assert (
            actions.save_contact(Contact(title="Hund anmelden"), acting_user=people["editor"]).key == "hund-anmelden-2"
        )


def test_the_search_too_knows_only_what_is_valid_today(dog, own, people):
    from knowledge.search.finding import search

    for days, found in ((1, 0), (0, 1)):
        dog.valid_from = timezone.localdate() + timedelta(days=days)
        with own(), transaction.atomic():
            actions.save_article(dog, acting_user=people["editor"])
            actions.publish(dog, acting_user=people["editor"])
        with scope.desk(people["agent"].pk):
            assert len(search("hund anmelden", called="soest").hits) == found
