"""Recognition marks: colour, pattern and shape beside a municipality's name. The name carries, the mark helps (docs/adr/0043)."""

from collections import Counter
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
    """The pair (colour, pattern) to offer next in a centre: the colour that is used least, with the pattern that is used least.

    Colour and pattern both change from one municipality to the next, so that who cannot tell the colours apart has the patterns.
    Raises LookupError when all 96 pairs are taken.
    """
    used = set(taken)
    colours, patterns = Counter(colour for colour, _pattern in used), Counter(pattern for _colour, pattern in used)
    keys = product((key for key, _name in COLOURS), (key for key, _name in PATTERNS))
    free = [pair for pair in keys if pair not in used]
    if not free:
        raise LookupError("all recognition marks of this centre are taken")
    return min(
        free, key=lambda pair: (colours[pair[0]], patterns[pair[1]])
    )  # the first of equals: the order of offering
