"""Slots as instructions for PostgreSQL: tsqueries with weights, and which words are rare enough to look entries up by."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import le
from typing import Any

from knowledge.search.documents import BEGINNING, FORM, SOUND, quoted
from knowledge.search.slots import Alternative, Meaning, Slot, rarity, size
from knowledge.search.vocabulary import Vocabulary

SCOPE = "@"  # the municipality's number comes before it
MOST_BY_TITLE, MOST_BY_BODY = 200, 100  # entries per municipality that the rarest words together may have
SHORT_BEGINNING = 4  # letters; below that a beginning has a lexeme of its own
RANK = 1.645  # ts_rank divides by the number of operands and by this sum of a series (pi squared / 6): both are undone
SOUND_WORTH = 0.7  # what sounds alike, times its weight
# Several stems that must all be there: ts_rank would score half of them, so it is only asked whether they are.
ALL_WORTH = 0.85


# How many slots, and how many alternatives of each: single ones by title, of several stems, and by body. PostgreSQL keeps plans for these shapes
# (pool/sql/search.sql), the cheapest first; an unusual query gets one of its own.
USUAL = ((1, 4, 1, 2), (2, 4, 1, 2), (4, 4, 1, 2), (2, 5, 3, 3), (4, 5, 3, 3), (8, 5, 3, 3))


@dataclass(frozen=True, slots=True)
class Plan:
    """What `pool_search` gets. Tsqueries are text; `slots` are as `_slot` makes them, `anywhere` a (title, body) for each typed word, "" for none."""

    slots: list[dict[str, Any]]
    all: str
    written: str
    scoped_all: str
    some: str
    bodies: str
    anywhere: list[tuple[str, str]]
    many: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """How many slots, and how many places each has for its alternatives: a usual one, if it is large enough."""
        places = [max(len(slot[kind]) for slot in self.slots) for kind in ("title", "whole", "body")]
        needed = (len(self.slots), *(max(place, 1) for place in places))
        return next((shape for shape in USUAL if all(map(le, needed, shape))), needed)

    def as_json(self) -> dict[str, Any]:
        """The database's type search_plan: lists of slots one after the other, each with the places that `shape` gives it, None where it has
        fewer alternatives. "some" and "bodies" have an @ before each lexeme; "written": the words that bodies have, too; "many": whether "some"
        may have more entries than are read."""
        most, titles, wholes, bodies = self.shape
        title, whole, body = (
            _laid_out([slot[kind] for slot in self.slots], most, places)
            for kind, places in (("title", titles), ("whole", wholes), ("body", bodies))
        )
        return {
            "slots": len(self.slots),
            "shape": self.shape,
            "rarity": [slot["rarity"] for slot in self.slots],
            "title": [found[1] for found in title],
            "title_weight": [found[0] for found in title],
            "title_scale": [found[2] for found in title],
            "whole": [found[1] for found in whole],
            "whole_weight": [found[0] for found in whole],
            "body": [found[1] for found in body],
            "body_weight": [found[0] for found in body],
            "body_scale": [found[2] for found in body],
            "all": self.all,
            "written": self.written,
            "scoped_all": self.scoped_all,
            "some": self.some,
            "bodies": self.bodies,
            "anywhere": [title for title, _body in self.anywhere],
            "anywhere_body": [body or None for _title, body in self.anywhere],
            "many": self.many,
        }


Rated = Sequence[Any]  # weight, tsquery and, where ts_rank is asked, scale
NOTHING: Rated = (None, None, None)


def _laid_out(slots: Sequence[Sequence[Rated]], most: int, places: int) -> list[Rated]:
    return [found for slot in slots for found in (*slot, *[NOTHING] * (places - len(slot)))] + [NOTHING] * places * (
        most - len(slots)
    )


def tsquery(alternative: Alternative, scope: str = "") -> str:
    """An alternative as a tsquery; `scope` stands before each lexeme."""
    first = alternative.words[0]
    if alternative.kind == "beginning":
        return (
            quoted(scope + BEGINNING + first) if len(first) < SHORT_BEGINNING else f"{quoted(scope + FORM + first)}:*"
        )
    if alternative.kind == "sound":
        return quoted(scope + SOUND + first)
    return " & ".join(quoted(scope + word) for word in alternative.words)


def either(alternatives: Iterable[Alternative], scope: str = "") -> str:
    """One of them, as a tsquery; empty for none."""
    return " | ".join(f"({tsquery(alternative, scope)})" for alternative in alternatives)


def _every(slots: Iterable[Slot], scope: str = "") -> str:
    return " & ".join(f"({either(slot.alternatives, scope)})" for slot in slots)


def plan(slots: Sequence[Slot], vocabulary: Vocabulary) -> Plan:
    """The instructions for slots of which there is at least one."""
    typed = [slot for slot in slots if slot.weight == 1.0]
    most = MOST_BY_TITLE * vocabulary.municipalities
    rarest, total = _rarest([size(slot.alternatives, vocabulary) for slot in slots], most)
    bodies = [_body_size(slot, vocabulary) for slot in typed]
    in_bodies, _ = _rarest(bodies, MOST_BY_BODY * vocabulary.municipalities)
    return Plan(
        slots=[_slot(slot, vocabulary) for slot in slots],
        all=_every(typed),
        written=_every(slot for slot, entries in zip(typed, bodies, strict=True) if entries),
        scoped_all=_every(typed, SCOPE),
        some=" | ".join(either(slots[at].alternatives, SCOPE) for at in rarest or [0]),
        bodies=" | ".join(either(_in_body(typed[at].alternatives), SCOPE) for at in in_bodies),
        anywhere=[(either(slot.alternatives), either(_in_body(slot.alternatives))) for slot in typed],
        many=total > most,
    )


def _rarest(sizes: Sequence[int], limit: int) -> tuple[list[int], int]:
    """The rarest slots that together stay below the limit, and how many entries they have; at least one, if any has entries."""
    chosen: list[int] = []
    total = 0
    for entries, at in sorted((entries, at) for at, entries in enumerate(sizes) if entries):
        if chosen and total + entries > limit:
            break
        chosen.append(at)
        total += entries
    return chosen, total


def _in_body(alternatives: Iterable[Alternative]) -> list[Alternative]:
    return [alternative for alternative in alternatives if alternative.kind == "stems"]


def _body_size(slot: Slot, vocabulary: Vocabulary) -> int:
    return sum(min(vocabulary.bodies(word) for word in found.words) for found in _in_body(slot.alternatives))


def _slot(slot: Slot, vocabulary: Vocabulary) -> dict[str, Any]:
    """{"rarity", "title": [[weight, tsquery, scale]], "whole": [[weight, tsquery]], "body"}. Alternatives of one weight share one tsquery; those of
    several stems, which must all be there in title or body, cannot."""
    single: dict[float, list[Alternative]] = defaultdict(list)
    whole: dict[float, list[Alternative]] = defaultdict(list)
    for alternative, meaning in slot.alternatives.items():
        group = whole if alternative.kind == "stems" and len(alternative.words) > 1 else single
        group[_worth(alternative, meaning)].append(alternative)
    in_body = {weight: found for weight, group in single.items() if (found := _in_body(group))}
    every = [[round(weight * ALL_WORTH, 3), either(group)] for weight, group in whole.items()]
    return {
        "rarity": round(rarity(slot, vocabulary), 4),
        "title": [[weight, either(group), round(RANK * len(group), 3)] for weight, group in single.items()],
        "whole": every,
        "body": [[weight, either(group), round(RANK * len(group), 3)] for weight, group in in_body.items()],
    }


def _worth(alternative: Alternative, meaning: Meaning) -> float:
    return round(meaning.weight * (SOUND_WORTH if alternative.kind == "sound" else 1), 3)
