"""Hits as the desk lists them: articles, then contacts, numbered through, since the number is the Alt key."""

from dataclasses import dataclass

from knowledge.search.finding import Hit, search

ARTICLES, CONTACTS = 6, 4


@dataclass(frozen=True, slots=True)
class Row:
    """A hit with its number."""

    number: int
    hit: Hit


@dataclass(frozen=True, slots=True)
class Group:
    """One of the two lists."""

    kind: str
    rows: list[Row]


def find(query: str, *, called: str) -> list[Group]:
    """At most six articles and four contacts; empty lists are left out. `called` is a slug, or empty."""
    found = search(query, called=called or None, articles=ARTICLES, contacts=CONTACTS)
    articles = [Row(number, hit) for number, hit in enumerate(found.articles, 1)]
    contacts = [Row(number, hit) for number, hit in enumerate(found.contacts, len(articles) + 1)]
    return [group for group in (Group("articles", articles), Group("contacts", contacts)) if group.rows]
