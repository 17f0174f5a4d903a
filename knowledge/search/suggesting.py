""" "Meinten Sie …": a query with the words put right that nobody wrote, as those spell them who wrote what was found."""

from collections.abc import Iterable, Sequence

from rapidfuzz.distance import OSA

from knowledge.search.folding import words
from knowledge.search.marking import Part, Word, words_of
from knowledge.search.slots import Slot

NO_SPELLING = {"typo", "sound"}  # reasons: what was typed may be misspelt


def corrected(query: str, slots: Sequence[Slot], texts: Sequence[str]) -> list[Part]:
    """The query with its corrected words marked; empty when nothing was corrected. `texts` are those of the hits, the best first: a
    correction that none of them has led nowhere, and one that was not needed to find them is none."""
    if not can_be_corrected(slots):
        return []
    read = [words_of(text) for text in texts]
    spelled = {slot.word: better for slot in slots if slot.weight == 1.0 and (better := _spelling(slot, read))}
    return _put_right(query, spelled) if spelled else []


def can_be_corrected(slots: Iterable[Slot]) -> bool:
    """Whether one of the words may stand for another that is spelled much like it."""
    return any(meaning.reason == "typo" for slot in slots for meaning in slot.alternatives.values())


def _spelling(slot: Slot, texts: Sequence[Sequence[Word]]) -> str:
    """How the word that was meant is spelled, empty when it is not known or the word stands as it was typed."""
    rated = [
        (meaning.weight, alternative.words)
        for alternative, meaning in slot.alternatives.items()
        if meaning.reason == "typo"
    ]
    if not rated or _stands(slot, texts):
        return ""
    best = max(weight for weight, _lexemes in rated)
    meant = [frozenset(lexemes) for weight, lexemes in rated if weight == best]
    found = [word.text for text in texts for word in text if any(lexemes <= word.lexemes for lexemes in meant)]
    spellings = [begun for text in found for word in slot.meant if (begun := _beginning(text, word))] or found
    return min(spellings, key=lambda text: OSA.distance("".join(words(text)), slot.word), default="")


def _beginning(text: str, word: str) -> str:
    """What of a text is the word: Personalausweis of "Personalausweises"; empty when it does not begin with it."""
    lengths = range(max(1, len(word) // 2), min(len(text), len(word)) + 1)  # folding makes two letters of one at most
    return next((text[:length] for length in lengths if words(text[:length]) == [word]), "")


def _stands(slot: Slot, texts: Sequence[Sequence[Word]]) -> bool:
    """Whether one of the texts has the word, its parts or what else means the same."""
    there = [frozenset().union(*(word.lexemes for word in text)) for text in texts]
    return any(
        lexemes.issuperset(alternative.words)
        for alternative, meaning in slot.alternatives.items()
        if alternative.kind == "stems" and meaning.reason not in NO_SPELLING
        for lexemes in there
    )


def _put_right(query: str, spelled: dict[str, str]) -> list[Part]:
    parts, at = [], 0
    for word in words_of(query):
        if better := spelled.get("".join(words(word.text))):
            parts += [Part(query[at : word.start]), Part(better, marked=True)]
            at = word.end
    parts.append(Part(query[at:]))
    return [part for part in parts if part.text] if at else []
