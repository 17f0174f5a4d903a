"""The index of OpenSearch: how it is reached, what it is made of, and an entry as a document in it.

A document has the lexemes that PostgreSQL keeps of the entry (knowledge/search/documents.py), by field. Nothing that agents read is in it:
what was found is read from PostgreSQL.
"""

import hashlib
import json
import logging
from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from opensearchpy import OpenSearch

from knowledge.search.documents import BEGINNING, FORM, SOUND

REVISION = 1  # raise it when the definition or a document changes: an index of another revision is built anew
FIELDS = {"title": 1.0, "keyword": 0.85, "head": 0.7, "part": 0.45, "lent": 0.45}  # stems, and what they are worth
FORMS = {"title_forms": 1.0, "keyword_forms": 0.85, "other_forms": 0.6}  # words as they stand, for beginnings
LONGEST_BEGINNING = 12  # letters that have postings of their own
LENGTH, USUAL_LENGTH = 0.15, 3.0  # how much the length of a title counts; words of an ordinary one
logging.getLogger("opensearch").setLevel(logging.CRITICAL)  # what fails is said by us, without what was searched for
PATIENCE = 30  # seconds, for whoever writes
LOANS = 1 << 20  # numbers of versions between two numbers of a stream
_COLUMNS = """SELECT id, municipality_id, kind, key, number, loans, valid_from, valid_to, title_length, lent,
    tsvector_to_array(ts_filter(title_words, '{a}')), tsvector_to_array(ts_filter(title_words, '{b}')),
    tsvector_to_array(ts_filter(title_words, '{c}')), tsvector_to_array(ts_filter(title_words, '{d}')), tsvector_to_array(body_words)
FROM public.pool_searchentry"""


@dataclass(frozen=True, slots=True)
class Document:
    """What is written into the index. `id` is `municipality/kind/key`; a later state of an entry has a greater version."""

    row: int  # primary key of the entry; 0 for one that is withdrawn
    id: str
    version: int
    source: dict[str, Any]


def configured() -> dict[str, Any]:
    """How OpenSearch is reached (settings.OPENSEARCH). Raises ImproperlyConfigured where it is not set up."""
    found: dict[str, Any] | None = settings.OPENSEARCH
    if found is None:
        raise ImproperlyConfigured("OPENSEARCH_URL is not set")
    return found


def definition() -> dict[str, Any]:
    """Settings and mapping. Strict: what it does not name is refused."""
    wanted = configured()
    replicas = wanted["replicas"]
    copies = {"auto_expand_replicas": "0-1"} if replicas < 0 else {"number_of_replicas": replicas}
    return {
        "settings": {
            "index": {
                "number_of_shards": wanted["shards"],
                **copies,
                "refresh_interval": "500ms",
                "similarity": {"short": {"type": "BM25", "k1": 0.9, "b": 0.3}},
            }
        },
        "mappings": {"dynamic": "strict", "_meta": {"revision": REVISION}, "properties": _properties()},
    }


def _properties() -> dict[str, Any]:
    words = {"type": "text", "analyzer": "whitespace"}
    only_whether = {**words, "norms": False, "index_options": "docs"}  # never how often
    begins = {**only_whether, "index_prefixes": {"min_chars": 2, "max_chars": LONGEST_BEGINNING}}
    return {
        "municipality": {"type": "integer"},
        "kind": {"type": "keyword"},
        "key": {"type": "keyword", "index": False},
        "valid_from": {"type": "date"},
        "valid_to": {"type": "date"},
        "withdrawn": {"type": "boolean"},
        "brevity": {"type": "float"},
        "digest": {"type": "keyword", "index": False},
        **{name: {**only_whether, "copy_to": "any"} for name in FIELDS},
        "any": only_whether,
        **{name: {**begins, "copy_to": "any_forms"} for name in FORMS},
        "any_forms": begins,
        "sounds": only_whether,
        "body": {**words, "similarity": "short"},
    }


def client(hosts: Sequence[str] | None = None, *, retries: int | None = None, patience: float = PATIENCE) -> OpenSearch:
    """A client of some nodes, of all by default; kept and shared by threads."""
    wanted = configured()
    names = tuple(hosts or wanted["hosts"])
    secrets = tuple(wanted[name] for name in ("user", "password", "api_key", "ca"))
    return _client(names, *secrets, len(names) if retries is None else retries, patience)


@lru_cache(32)
def _client(  # noqa: PLR0913, PLR0917  all that a connection is made of
    hosts: tuple[str, ...], user: str, password: str, api_key: str, ca: str, retries: int, patience: float
) -> OpenSearch:
    options: dict[str, Any] = {"ca_certs": ca} if ca else {}
    if user:  # by ourselves: urllib3 sends letters beyond ASCII in another encoding, or fails
        options["headers"] = {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}
    elif api_key:
        options["headers"] = {"Authorization": f"ApiKey {api_key}"}
    return OpenSearch(
        list(hosts),
        verify_certs=True,
        pool_maxsize=30,
        max_retries=retries,
        retry_on_timeout=False,
        timeout=patience,
        dead_timeout=2,
        **options,
    )


def alias() -> str:
    """The name under which the index that serves is searched."""
    return f"{configured()['prefix']}-entries"


def door(index: str) -> str:
    """The name under which an index is written to: it goes with the index, and nobody writes a new one into being."""
    return f"{index}-door"


def documents(condition: str, arguments: Sequence[Any]) -> list[Document]:
    """The published entries that a condition of SQL chooses. In the worker's scope."""
    with connection.cursor() as cursor:
        cursor.execute(f"{_COLUMNS} WHERE {condition}", arguments)
        return [document(row) for row in cursor.fetchall()]


def document(row: tuple[Any, ...]) -> Document:
    """A row of _COLUMNS as a document."""
    pk, municipality, kind, key, number, loans, valid_from, valid_to, length, lent, *words = row
    title, keyword, head, part, body = words
    borrowed = set(lent)
    source: dict[str, Any] = {
        "municipality": municipality,
        "kind": kind,
        "key": key,
        "valid_from": _iso(valid_from),
        "valid_to": _iso(valid_to),
        "withdrawn": False,
        "brevity": round(1 / (1 - LENGTH + LENGTH * length / USUAL_LENGTH), 4),
        "title": _stems(title),
        "keyword": _stems(keyword),
        "head": _stems(head),
        "part": _stems(word for word in part if word not in borrowed),
        "lent": " ".join(lent),
        "title_forms": _marked(title, FORM),
        "keyword_forms": _marked(keyword, FORM),
        "other_forms": _marked({*head, *part}, FORM),
        "sounds": _marked(head, SOUND),
        "body": " ".join(body),
    }
    return _finished(pk, (municipality, kind, key), (number, loans), source)


def tombstone(municipality: int, kind: str, key: str, number: int) -> Document:
    """A withdrawn entry: a document without words. A deleted one would be forgotten after a minute, and a late write could bring it back."""
    source = {"municipality": municipality, "kind": kind, "key": key, "withdrawn": True}
    return _finished(0, (municipality, kind, key), (number, 0), source)


def _finished(pk: int, name: tuple[int, str, str], version: tuple[int, int], source: dict[str, Any]) -> Document:
    digest = hashlib.sha256(json.dumps(source, sort_keys=True).encode()).hexdigest()[:16]
    number, loans = version
    return Document(pk, "/".join(map(str, name)), number * LOANS + min(loans, LOANS - 1), {**source, "digest": digest})


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _stems(words: Iterable[str]) -> str:
    return " ".join(sorted(word for word in words if word[:1] not in (FORM, BEGINNING, SOUND)))


def _marked(words: Iterable[str], mark: str) -> str:
    return " ".join(sorted(word[1:] for word in words if word.startswith(mark)))
