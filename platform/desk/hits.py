"""Hits as the desk lists them: articles, then contacts, numbered through, since the number is the Alt key; with what says why each is there."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils import timezone

from desk import contacts
from knowledge.search.finding import MOST_OTHERS as COUNTED
from knowledge.search.finding import Hit, SearchResult, search
from knowledge.search.marking import Marker, Part
from knowledge.search.suggesting import can_be_corrected, corrected
from tenants.models import Municipality

ARTICLES, CONTACTS = 6, 4
MOST_OTHERS = 3  # municipalities that are named beside a hit
Key = tuple[int, str, str]  # municipality, kind, key


@dataclass(frozen=True, slots=True)
class Row:
    """A hit with its number, its words in parts (some of them marked), a passage where words stand only in its body, and whether a
    contact can be reached now. `also`: other municipalities that have the same service and are named; `more`: how many are not, None for
    some, but nobody counted them."""

    number: int
    hit: Hit
    title: list[Part]
    subtitle: list[Part]
    ext: list[Part]
    passage: list[Part]
    is_reachable: bool
    also: list[Municipality]
    more: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """One of the two lists."""

    kind: str
    rows: list[Row]


@dataclass(frozen=True, slots=True)
class Found:
    """The lists that are not empty; `meant` is the query as it was probably meant; `degraded`: a simpler search answered."""

    groups: list[Group]
    meant: list[Part] = field(default_factory=list)
    degraded: bool = False

    @property
    def meant_text(self) -> str:
        """What to search for instead."""
        return "".join(part.text for part in self.meant).strip()


def find(query: str, *, called: str) -> Found:
    """At most six articles and four contacts. `called` is a slug, or empty."""
    found = search(query, called=called or None, limit=0, articles=ARTICLES, contacts=CONTACTS)
    shown = [*found.articles, *found.contacts]
    now = _reachable(found.contacts)
    marker = Marker(found.slots)
    rows = [_row(number, hit, marker, now) for number, hit in enumerate(shown, 1)]
    groups = (Group("articles", rows[: len(found.articles)]), Group("contacts", rows[len(found.articles) :]))
    return Found([group for group in groups if group.rows], _meant(found, shown), found.degraded)


def one_part(line: str) -> str:
    """Function or department, whichever says it in few letters, so that a hit stays one line."""
    parts = line.split(" · ")
    return next((part for part in parts if len(part) <= 18), parts[-1])


def _key(hit: Hit) -> Key:
    return hit.municipality.pk, hit.kind, hit.key


def _row(number: int, hit: Hit, marker: Marker, now: set[Key]) -> Row:
    is_name = hit.kind == "person"
    missing = marker.missing(hit.title, hit.subtitle, hit.ext, by_sound=is_name)
    missing = {at for at in missing if marker.slots[at].word in hit.matched}  # else no body has them either
    if missing:
        missing &= marker.missing(*hit.details.synonyms)
    others = list({municipality.pk: municipality for municipality, _key in hit.others}.values())
    return Row(
        number=number,
        hit=hit,
        title=marker.parts(hit.title, by_sound=is_name),
        subtitle=marker.parts(one_part(hit.subtitle)) if hit.is_contact else [],
        ext=marker.parts(hit.ext),
        passage=marker.passage(hit.details.body, missing) if missing else [],
        is_reachable=_key(hit) in now,
        also=others[:MOST_OTHERS],
        more=None if len(hit.others) >= COUNTED else len(others[MOST_OTHERS:]),
    )


def _reachable(hits: Iterable[Hit]) -> set[Key]:
    """The contacts with a number whose hours say that they can be reached now."""
    told = {_key(hit): (hit.municipality, hit.details.hours) for hit in hits if hit.ext or hit.details.phone}
    return set(contacts.open_now(told, timezone.now()))


def _meant(found: SearchResult, shown: list[Hit]) -> list[Part]:
    """Titles and search words are spelled with more care than texts, and say more about what was found."""
    if not can_be_corrected(found.slots):
        return []
    texts = [text for hit in shown for text in (hit.title, hit.subtitle, *hit.details.synonyms)]
    return corrected(found.query, found.slots, [*texts, *(hit.details.body for hit in shown)])
