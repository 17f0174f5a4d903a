"""Several at the same moment, each with a connection and a login of its own."""

from django.db import transaction
from django.db.models import Sum

from knowledge import actions, demo
from knowledge.models import Article, Version
from knowledge.pool.models import SearchEntry, TermChange
from knowledge.search.finding import search
from onboarding.imports import Options, import_entries
from tenants import scope
from tenants.audit import SYSTEM
from tenants.errors import Refusal
from tenants.models import Municipality, OutboxEntry

DONE = {"created": 40, "published": 40}


def place(slug):
    with scope.front():
        return Municipality.objects.get(slug=slug)


def add(slug, *titles):
    municipality = place(slug)
    with scope.municipality(municipality.schema_name), transaction.atomic():
        return municipality, [actions.save_article(Article(title=title), acting_user=SYSTEM) for title in titles]


def publish(municipality, article):
    with scope.municipality(municipality.schema_name), transaction.atomic():
        return actions.publish(article, acting_user=SYSTEM)


def lines(slug, *, backwards=False):
    found = [line.replace(b'"soest:', f'"{slug}:'.encode()) for line in demo.lines_of("soest")[:40]]
    return found[::-1] if backwards else found


def load(slug, source):
    report = import_entries(place(slug), source, acting_user=SYSTEM, options=Options(publish=True))
    return {"created": report.created, "published": report.published}


def test_two_press_publish_and_one_version_comes_of_it(at_once):
    (made,) = at_once(lambda: add("soest", "Hund anmelden"))
    municipality, (article,) = made
    results = at_once(
        *[lambda: publish(municipality, Article.objects.model(pk=article.pk, title=article.title, key=article.key))] * 3
    )
    assert sorted(version.is_new for version in results) == [False, False, True]
    assert {version.number for version in results} == {1}


def test_two_municipalities_import_the_same_words_in_opposite_order(at_once):
    assert at_once(lambda: load("soest", lines("soest")), lambda: load("kreis", lines("kreis", backwards=True))) == [
        DONE,
        DONE,
    ]

    def look():
        with scope.worker(), transaction.atomic():
            streams = {}
            for entry in OutboxEntry.objects.filter(stream__startswith="m:"):
                streams.setdefault(entry.stream, []).append(entry.number)
            found = {hit.municipality.slug for hit in search("personalausweis", called="kreis").hits}
        return list(streams.values()), found

    (seen,) = at_once(look)
    assert seen == ([list(range(1, 41))] * 2, {"kreis"})  # one hit for both: the same service, the called one's copy


def test_an_import_and_editors_of_the_same_entries_do_not_lock_each_other_up(at_once):
    assert at_once(lambda: load("soest", lines("soest"))) == [DONE]

    def again():
        changed = [line.replace(b'"body": "', b'"body": "Neu. ') for line in lines("soest", backwards=True)]
        return import_entries(place("soest"), changed, acting_user=SYSTEM, options=Options(publish=True)).published

    def edit():
        municipality, done = place("soest"), []
        with scope.municipality(municipality.schema_name), transaction.atomic():
            articles = list(Article.objects.order_by("key")[:12])
        for number, article in enumerate(articles):
            with scope.municipality(municipality.schema_name), transaction.atomic():
                article.costs = f"{number} Euro"
                actions.save_article(article, acting_user=SYSTEM)
            try:
                done.append(publish(municipality, article).number)
            except Refusal as refusal:
                done.append(refusal)  # told to try again, which is no lock-up
        return done

    published, edited = at_once(again, edit)
    assert published == 40
    assert len(edited) == 12

    def look():
        with scope.owner(), transaction.atomic():
            counted = TermChange.objects.filter(lexeme="#").aggregate(entries=Sum("titles"))["entries"]
            return counted, SearchEntry.objects.count(), SearchEntry.objects.filter(municipality__slug="soest").count()

    ((counted, entries, own),) = at_once(look)
    assert counted == entries  # by deltas, whoever published beside
    assert own == 40
    with_versions = at_once(lambda: numbers("soest"))
    assert all(found == list(range(1, len(found) + 1)) for found in with_versions[0].values())


def numbers(slug):
    with scope.municipality(place(slug).schema_name), transaction.atomic():
        found = {}
        for key, number in Version.objects.order_by("number").values_list("key", "number"):
            found.setdefault(key, []).append(number)
        return found
