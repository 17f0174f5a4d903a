"""Pages in English: the committed catalogue for Django, and a look for German texts that were left on a page.

from tests.english import Words, catalogue, english, german_in      # `catalogue` and `english` are fixtures; import them to use them
"""

import html
import json
import re
from html.parser import HTMLParser

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo

from scripts import messages

PLACES = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}|<[^>]+>")
GERMAN = re.compile(
    r"[äöüÄÖÜß]|\b(?:der|die|das|den|dem|des|und|oder|nicht|Sie|Ihre?|ist|sind|für|mit|noch|kein|keine|alle|von|vom|zum|zur|wird|"
    r"werden|ein|eine|einen|auf|aus|bei|im|gibt|nach|auch|Anruf|Anrufe|Kommune|Kommunen|Artikel|Entwurf|Mitglieder|Wissen|Seite|"
    r"Speichern|Abbrechen|Suche|Suchen|Weiter|Neu|Name der|Stand|Rolle|Datum|Uhr|seit|heute)\b"
)
VOID = {
    "area",
    "base",
    "br",
    "col",
    "embed",
    "hr",
    "img",
    "input",
    "link",
    "meta",
    "path",
    "source",
    "track",
    "use",
    "wbr",
}
READ_ALOUD = ("aria-label", "title", "placeholder", "alt", "data-title")


def both(message: Message) -> list[tuple[str, str]]:
    """(German, English) for the one form of a text, or for each of its two."""
    german = message.id if isinstance(message.id, list | tuple) else [message.id]
    english = message.string if isinstance(message.string, list | tuple) else [message.string]
    return list(zip(german, (text or "" for text in english), strict=True))


def texts(catalogue: Catalog) -> list[tuple[str, str]]:
    """All pairs (German, English)."""
    return [pair for message in catalogue if message.id for pair in both(message)]


@pytest.fixture(scope="module")
def catalogue() -> Catalog:
    """English as it is committed."""
    return messages.stored()


@pytest.fixture
def english(settings, tmp_path, catalogue) -> None:
    """Django reads the committed catalogue, whatever was compiled before."""
    compiled = tmp_path / "en" / "LC_MESSAGES" / "django.mo"
    compiled.parent.mkdir(parents=True)
    with compiled.open("wb") as file:
        write_mo(file, catalogue)
    settings.LOCALE_PATHS = [tmp_path]


class Words(HTMLParser):
    """The texts of a page, one for each text node and for each attribute that is read aloud, and the JSON that modules read."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.language, self.texts, self.tables, self.stack = "", [], [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "html":
            self.language = given.get("lang", "")
        if tag not in VOID:
            self.stack.append((tag, given.get("lang") or given.get("type", "")))
        self.texts += [" ".join(given[name].split()) for name in READ_ALOUD if given.get(name)]

    def handle_endtag(self, tag):
        while self.stack and self.stack.pop()[0] != tag:
            pass

    def handle_data(self, data):
        tag, kind = self.stack[-1] if self.stack else ("", "")
        if tag == "script" and kind == "application/json":
            self.tables.append(json.loads(data))
        elif (
            tag not in {"script", "style"} and kind != "de" and data.strip()
        ):  # what says that it is German may be German
            self.texts.append(" ".join(data.split()))


def german_in(words: list[str], catalogue: Catalog) -> list[str]:
    """Which of these are a German text of the catalogue with its places filled."""
    pairs = [(html.unescape(re.sub(r"<[^>]+>", "", de)).strip(), en) for de, en in texts(catalogue) if de != en]
    whole = {de for de, _en in pairs if not PLACES.search(de)} - {en for _de, en in texts(catalogue)}
    filled = [
        re.compile("(?s:.+?)".join(map(re.escape, PLACES.split(de))))
        for de, _en in pairs
        if PLACES.search(de) and GERMAN.search(PLACES.sub("", de)) and len(PLACES.sub("", de)) > 8
    ]
    return [text for text in words if text in whole or any(pattern.fullmatch(text) for pattern in filled)]
