"""What an entry may hold, beyond the types and lengths of its columns: search words, links, readable text."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from tenants.identifiers import validate_leika_key

MOST_WORDS = 60
LONGEST_WORD = 80
MOST_LINKS = 20
LONGEST_BODY = 50_000  # characters; a tsvector holds 1 MB
LINK_SCHEMES = {"http", "https", "mailto", "tel"}
# NUL and lone surrogates cannot be stored at all; the other control characters cannot be read.
UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def check_entry(entry: models.Model) -> None:
    """Raise ValidationError with the problems of an article, contact or department by field name."""
    problems: dict[str, list[str]] = {}
    for name, text in _problems(entry):
        problems.setdefault(name, []).append(text)
    if problems:
        raise ValidationError(problems)


def _problems(entry: models.Model) -> Iterator[tuple[str, str]]:
    for field in entry._meta.concrete_fields:
        value = getattr(entry, field.attname)
        if isinstance(value, str):
            yield from ((field.name, text) for text in _text_problems(value, _longest(field)))
    yield from (("synonyms", text) for text in _word_problems(getattr(entry, "synonyms", [])))
    yield from (("links", text) for text in _link_problems(getattr(entry, "links", [])))
    if leika := getattr(entry, "leika", ""):
        try:
            validate_leika_key(leika)
        except ValidationError as error:
            yield from (("leika", text) for text in error.messages)
    starts, ends = getattr(entry, "valid_from", None), getattr(entry, "valid_to", None)
    if isinstance(starts, date) and isinstance(ends, date) and ends < starts:
        yield "valid_to", _("Das Ende der Gültigkeit liegt vor ihrem Anfang.")


def _longest(field: "models.Field[Any, Any]") -> int | None:
    """The greatest length of a text field; that of a CharField is checked by Django."""
    return field.max_length or LONGEST_BODY if isinstance(field, models.TextField) else None


def _text_problems(value: str, longest: int | None) -> Iterator[str]:
    if longest and len(value) > longest:
        yield _("Höchstens %(most)d Zeichen, hier sind es %(here)d.") % {"most": longest, "here": len(value)}
    if UNREADABLE.search(value):
        yield _("Der Text enthält Steuerzeichen, die nicht gespeichert werden können.")


def _word_problems(words: Any) -> Iterator[str]:
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        yield _("Suchwörter sind eine Liste von Texten.")
        return
    if len(words) > MOST_WORDS:
        yield _("Höchstens %(most)d Suchwörter, hier sind es %(here)d.") % {"most": MOST_WORDS, "here": len(words)}
    for word in words:
        yield from (f"{word[:20]!r}: {text}" for text in _text_problems(word, LONGEST_WORD))


def _link_problems(links: Any) -> Iterator[str]:
    if not isinstance(links, list) or not all(_is_link(link) for link in links):
        yield _("Verweise sind eine Liste von Bezeichnung und Adresse.")
        return
    if len(links) > MOST_LINKS:
        yield _("Höchstens %(most)d Verweise, hier sind es %(here)d.") % {"most": MOST_LINKS, "here": len(links)}
    for link in links:
        if len(link["label"]) > 120 or len(link["url"]) > 500 or UNREADABLE.search(link["label"] + link["url"]):
            yield _("Ein Verweis ist zu lang oder enthält Steuerzeichen.")
        elif not _is_web_address(link["url"]):
            yield _("„%(url)s“ ist keine Adresse, die mit https:// beginnt.") % {"url": link["url"][:60]}


def _is_link(link: Any) -> bool:
    return isinstance(link, dict) and set(link) == {"label", "url"} and all(isinstance(v, str) for v in link.values())


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in LINK_SCHEMES and bool(parts.netloc or parts.path) and not re.search(r"[\s<>\"]", url)


def tidy_words(words: Any) -> Any:
    """Search words without spaces around them, empty ones and doubles; anything else is left for validation to name."""
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return words
    return list(dict.fromkeys(filter(None, (" ".join(word.split()) for word in words))))
