"""Recognition marks: colour, pattern and shape beside a municipality's name. The name carries, the mark helps (desk.md)."""

from collections.abc import Collection
from itertools import product

from django.utils.translation import gettext_lazy as _

# In the order of offering: what deutan, protan and tritan eyes tell apart comes first.
COLOURS = [
    ("himmel", _("Himmel")),
    ("kupfer", _("Kupfer")),
    ("nacht", _("Nacht")),
    ("braun", _("Braun")),
    ("violett", _("Violett")),
    ("beere", _("Beere")),
    ("petrol", _("Petrol")),
    ("pflaume", _("Pflaume")),
    ("ocker", _("Ocker")),
    ("graphit", _("Graphit")),
    ("oliv", _("Oliv")),
    ("tanne", _("Tanne")),
]
PATTERNS = [
    ("schraeg", _("Schräg")),
    ("punkte", _("Punkte")),
    ("karo", _("Karo")),
    ("quer", _("Quer")),
    ("laengs", _("Längs")),
    ("gitter", _("Gitter")),
    ("gegen", _("Gegenschräg")),
    ("voll", _("Voll")),
]
SHAPES = [("stadt", _("Rechteck")), ("kreis", _("rund")), ("gemeinde", _("unten gerundet"))]


def next_free_mark(taken: Collection[tuple[str, str]]) -> tuple[str, str]:
    """The first pair (colour, pattern) that nobody in the centre uses; colours change before patterns repeat.

    Raises LookupError when all 96 pairs are taken.
    """
    used = set(taken)
    colours = sorted(COLOURS, key=lambda c: sum(colour == c[0] for colour, _pattern in used))
    for (colour, _name), (pattern, _word) in product(colours, PATTERNS):
        if (colour, pattern) not in used:
            return colour, pattern
    raise LookupError("all recognition marks of this centre are taken")
