"""The synonyms of a search: the list that ships, the centre's shared ones and those of the called municipality.

They hold from the moment they are saved, in every process: the search's query for municipalities brings a digest of the rows along
(`DIGEST`), and the rows themselves are read only when that digest is new here.
"""

from collections.abc import Iterable
from decimal import Decimal

from django.db import connection

from knowledge.search import lexicon
from knowledge.search.lexicon import Synonyms

MOST_KEPT = 200  # tables in a process, one for each municipality that is called
_ROWS = """FROM public.pool_synonym s WHERE s.municipality_id = (SELECT id FROM public.tenants_municipality WHERE slug = %s)
OR (s.municipality_id IS NULL AND (%s::text IS NULL OR s.centre_id = (SELECT centre_id FROM public.tenants_municipality WHERE slug = %s)))"""
_ROW = "hashtextextended(concat_ws('>', s.words, s.meaning, s.both_ways), 0)"
# An expression for a query that is made anyway, with the called municipality (a slug) as its three parameters: stands for the rows that hold
# for a call to it, NULL for none.
DIGEST = f"(SELECT sum({_ROW}) {_ROWS})"
_kept: dict[str | None, tuple[Decimal, Synonyms]] = {}


def of(called: str | None, digest: Decimal | None) -> Synonyms:
    """Everything that holds for a call to this municipality; `digest` is what DIGEST gave in the same scope."""
    if digest is None:
        return lexicon.shared_synonyms()
    kept = _kept.get(called)
    if kept is None or kept[0] != digest:
        kept = _read(called)
        while len(_kept) >= MOST_KEPT:
            _kept.pop(next(iter(_kept)), None)
        _kept[called] = kept
    return kept[1]


def _read(called: str | None) -> tuple[Decimal, Synonyms]:
    """The rows with their own digest: they may be newer than the one that was asked for."""
    rows = _rows(called)
    return Decimal(sum(row[3] for row in rows)), with_lines(lexicon.shared_synonyms(), map(_line, rows))


def tried(called: str | None, *, without: int | None = None, lines: Iterable[str] = ()) -> Synonyms:
    """What would hold for a call to this municipality without one of the rows and with more lines."""
    known = with_lines(lexicon.shared_synonyms(), [_line(row) for row in _rows(called) if row[4] != without])
    return with_lines(known, lines)


def _rows(called: str | None) -> list[tuple[str, str, bool, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT s.words, s.meaning, s.both_ways, {_ROW}, s.id {_ROWS} ORDER BY s.id", [called] * 3)
        return list(cursor.fetchall())


def _line(row: tuple[str, str, bool, int, int]) -> str:
    return lexicon.synonym_line(row[0], row[1], both_ways=row[2])


def with_lines(known: Synonyms, lines: Iterable[str]) -> Synonyms:
    """Those that are known and more."""
    more = lexicon.read_synonyms(list(lines))
    return known | {source: list(dict.fromkeys([*known.get(source, []), *found])) for source, found in more.items()}
