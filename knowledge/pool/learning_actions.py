"""What is learnt from searches: synonyms, how searches ended, and what editors make of those that found nothing (docs/adr/0100)."""

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from knowledge.actions import save_article
from knowledge.models import Article
from knowledge.pool.models import LoggedSearch, Synonym
from knowledge.search.slots import LONGEST_SYNONYM, read
from knowledge.validation import UNREADABLE
from tenants import audit
from tenants.audit import Actor
from tenants.errors import Refusal
from tenants.models import Municipality

MOST_SYNONYMS = 500  # of a municipality, and as many shared ones: every search reads their digest
MOST_TOGETHER = 10  # words on a side: in both directions each stands for each, and all that search read it
FIELDS = ("words", "meaning", "both_ways")


def save_synonym(synonym: Synonym, *, acting_user: Actor) -> Synonym:
    """Keep a synonym, which holds at once: a municipality's own in its scope, a centre's in the scope of a supervisor's desk. Raises Refusal."""
    check_synonym(synonym)
    synonym.changed_by_name = str(acting_user.name)[:120]
    with transaction.atomic():
        before = None
        if not synonym.pk:
            synonym.save(force_insert=True)
        else:
            before = audit.state(_stored(synonym), *FIELDS)
            synonym.save(update_fields=[*FIELDS, "changed_at", "changed_by_name"])
        _record("save_synonym", synonym, acting_user, before=before)
    return synonym


def check_synonym(synonym: Synonym) -> None:
    """Tidy its words; raises Refusal for what cannot be a synonym, or is one already."""
    synonym.words, synonym.meaning = tidied(synonym.words), tidied(synonym.meaning)
    _refuse_nonsense(synonym)
    _refuse_more(synonym)


def remove_synonym(synonym: Synonym, *, acting_user: Actor) -> None:
    """It holds no longer. Raises Refusal when it is gone already, or not the caller's."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT public.drop_synonym(%s)", [synonym.pk])
        if not cursor.fetchone()[0]:
            raise Refusal(_("Dieses Synonym gibt es nicht mehr."))
        _record("remove_synonym", synonym, acting_user, before=audit.state(synonym, *FIELDS), gone=True)


def _stored(synonym: Synonym) -> Synonym:
    stored = Synonym.objects.select_for_update(of=("self",)).filter(pk=synonym.pk).first()
    if stored is None:
        raise Refusal(_("Dieses Synonym gibt es nicht mehr."))
    return stored


def settle_searches(municipality: Municipality, words: str, settled: str, *, acting_user: Actor) -> int:
    """Note what was made of all searches for these words (municipality scope); they come up again when they fail again. Returns how many."""
    with transaction.atomic():
        rows = LoggedSearch.objects.filter(municipality=municipality.pk, words=words, settled="")
        if number := rows.update(settled=settled, settled_at=timezone.now()):
            subject = ("loggedsearch", "", words)
            after = {"settled": settled, "searches": number}
            audit.record("settle_searches", subject, acting_user=acting_user, municipality=municipality.pk, after=after)
    return number


def use_as_search_word(
    article: Article, word: str, *, municipality: Municipality, words: str, acting_user: Actor
) -> None:
    """Put a word among the search words of an article's draft, and settle the searches for `words` by that; publishing is a step of its
    own. Raises Refusal."""
    with transaction.atomic():
        if word.casefold() not in (known.casefold() for known in article.synonyms):
            article.synonyms = [*article.synonyms, word]
            save_article(article, acting_user=acting_user)
        settle_searches(municipality, words, LoggedSearch.SETTLED.keyword, acting_user=acting_user)


def tidied(text: str) -> str:
    """Words with commas between them: `perso ,  Ausweis,` -> `perso, Ausweis`."""
    parts = (" ".join(UNREADABLE.sub(" ", part).split()) for part in text.split(","))
    return ", ".join(dict.fromkeys(part for part in parts if part))


def _refuse_nonsense(synonym: Synonym) -> None:
    if not synonym.words or not synonym.meaning or set(_folded(synonym.words)) & set(_folded(synonym.meaning)):
        raise Refusal(_("Beide Seiten brauchen Wörter, und zwar verschiedene."))
    sides = [text.split(", ") for text in (synonym.words, synonym.meaning)]
    if max(map(len, sides)) > MOST_TOGETHER:
        raise Refusal(_("Höchstens %(most)d Wörter stehen auf einer Seite.") % {"most": MOST_TOGETHER})
    for part in (part for side in sides for part in side):
        asked = read(part).words
        if not asked or "=>" in part:
            raise Refusal(_("„%(word)s“ ist kein Wort, nach dem gesucht werden kann.") % {"word": part[:60]})
        if len(asked) > LONGEST_SYNONYM:
            words = {"word": part[:60], "most": LONGEST_SYNONYM}
            raise Refusal(_("„%(word)s“ ist zu lang: höchstens %(most)d Wörter stehen zusammen.") % words)


def _folded(text: str) -> Iterable[tuple[str, ...]]:
    return (read(part).words for part in text.split(","))


def _refuse_more(synonym: Synonym) -> None:
    owner = Q(municipality=synonym.municipality_id) if synonym.municipality_id else Q(municipality=None)
    others = Synonym.objects.filter(owner, centre=synonym.centre_id).exclude(pk=synonym.pk)
    if others.filter(words__iexact=synonym.words, meaning__iexact=synonym.meaning).exists():
        raise Refusal(_("Dieses Synonym gibt es schon."))
    if not synonym.pk and others.count() >= MOST_SYNONYMS:
        raise Refusal(_("Mehr als %(most)d Synonyme sind nicht möglich.") % {"most": MOST_SYNONYMS})


def _record(
    action: str, synonym: Synonym, acting_user: Actor, *, before: dict[str, Any] | None, gone: bool = False
) -> None:
    audit.record(
        action,
        synonym,
        acting_user=acting_user,
        municipality=synonym.municipality_id,
        centre=synonym.centre_id,
        before=before,
        after=None if gone else audit.state(synonym, *FIELDS),
    )
