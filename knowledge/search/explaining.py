"""Why a hit stands where it stands, in sentences for editors: `rufverbund search --explain` and the page „Suche erklären“.

Nothing is asked of the engines: the words of the entry are compared with the slots of the query once more, as both engines have them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from knowledge.search.documents import FORM, SOUND
from knowledge.search.finding import Hit, SearchResult
from knowledge.search.folding import words
from knowledge.search.marking import Word, words_of
from knowledge.search.slots import Alternative, Meaning, Slot

FITS = gettext_lazy("„%(typed)s“ passt zu %(there)s.")
REASONS = {  # see slots.Meaning
    "beginning": gettext_lazy("„%(typed)s“ ist der Anfang von %(there)s."),
    "typo": gettext_lazy("„%(typed)s“ schreibt niemand; gemeint sein kann %(there)s."),
    "parts": gettext_lazy("„%(typed)s“ steht hier in Teilen: %(there)s."),
    "synonym": gettext_lazy("Synonym: für „%(typed)s“ steht %(there)s."),
    "sound": gettext_lazy("„%(typed)s“ klingt wie %(there)s."),
    "number": gettext_lazy("„%(typed)s“ endet auf die Durchwahl %(there)s."),
}


@dataclass(frozen=True, slots=True)
class Text:
    """A text of an entry and what it is called, in the order in which it counts; names are found by their sound, too."""

    where: str
    text: str
    is_name: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """What of an entry is compared: its texts, the most important first, and the words (stems) that others lend it."""

    texts: Sequence[Text]
    lent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Place:
    """A word in a text of the entry."""

    where: str
    word: Word
    is_name: bool


def why(result: SearchResult, hit: Hit, entry: Entry) -> list[str]:
    """One sentence per word of the query, then one for whatever moved the hit up or down."""
    places = [_Place(text.where, word, text.is_name) for text in entry.texts for word in words_of(text.text)]
    typed = [slot for slot in result.slots if slot.weight == 1.0]
    written = {word: text for text in reversed(result.query.split()) for word in words(text)}
    sentences = []
    for slot in typed:
        parts = [other for other in result.slots if other.word == slot.word and other.weight < 1.0]
        sentences.append(_word(written.get(slot.word, slot.word), slot, parts, places, entry.lent))
    return sentences + list(_order(result, hit, typed))


def _order(result: SearchResult, hit: Hit, typed: Sequence[Slot]) -> Iterable[str]:
    name = hit.municipality.name
    if len({one.municipality.pk for one in result.hits}) == 1:
        pass  # nothing to choose between
    elif result.named and hit.municipality.pk == result.first:
        yield _("%(name)s ist in der Suche genannt; Einträge von dort stehen vorn.") % {"name": name}
    elif hit.municipality.pk == result.first:
        yield _("%(name)s ist angerufen; Einträge von dort stehen vorn.") % {"name": name}
    elif hit.municipality.kind == "kreis" and result.first is not None:
        yield _("%(name)s zählt fast so viel wie die angerufene Kommune.") % {"name": name}
    if len(typed) > 1 and len(hit.matched) == len({slot.word for slot in typed}):
        yield _("Alle Wörter der Suche kommen vor; das zählt mehr als jedes für sich.")
    if hit.others:
        yield ngettext(
            "Dieselbe Leistung hat noch %(count)d Kommune; gezeigt wird sie einmal.",
            "Dieselbe Leistung haben noch %(count)d Kommunen; gezeigt wird sie einmal.",
            len(hit.others),
        ) % {"count": len(hit.others)}


def _word(typed: str, slot: Slot, parts: Sequence[Slot], places: Sequence[_Place], lent: frozenset[str]) -> str:
    """How a word of the query is found in the entry: by its best alternative, where that counts most; else by one of its parts alone."""
    ranked = sorted(slot.alternatives.items(), key=lambda pair: -pair[1].weight)
    for alternative, meaning in ranked:
        if found := _found(alternative, places):
            return _sentence(typed, meaning, found)
    for alternative, _meaning in ranked:
        if alternative.kind == "stems" and lent.issuperset(alternative.words):
            return _("Mit „%(typed)s“ bezeichnet eine andere Kommune dieselbe Leistung.") % {"typed": typed}
    for part in parts:
        for alternative in part.alternatives:
            if found := _found(alternative, places):
                return _("Nur ein Teil von „%(typed)s“: %(there)s.") % {"typed": typed, "there": _shown(found)}
    return _("„%(typed)s“ kommt hier nicht vor.") % {"typed": typed}


def _found(alternative: Alternative, places: Sequence[_Place]) -> list[_Place]:
    """The first place for each part of an alternative; empty when one has none."""
    first = alternative.words[0]
    if alternative.kind == "beginning":
        begun = (place for place in places if any(one.startswith(FORM + first) for one in place.word.lexemes))
        return [place for place in [next(begun, None)] if place]
    wanted = alternative.words
    if alternative.kind == "sound":
        wanted, places = (SOUND + first,), [place for place in places if place.is_name]
    found = [next((place for place in places if lexeme in place.word.lexemes), None) for lexeme in wanted]
    return [place for place in found if place] if all(found) else []


def _sentence(typed: str, meaning: Meaning, found: Sequence[_Place]) -> str:
    return str(REASONS.get(meaning.reason, FITS)) % {"typed": typed, "there": _shown(found)}


def _shown(found: Sequence[_Place]) -> str:
    return " + ".join(dict.fromkeys(f"„{place.word.text}“ ({place.where})" for place in found))
