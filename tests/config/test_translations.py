"""German texts are the keys, English is complete: the catalogue against the sources, the templates, and whole pages in English."""

import html
import re
from collections import defaultdict
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from django.template.base import Lexer, TokenType
from django.utils import translation
from django.utils.translation import gettext, ngettext

from accounts.models import Person
from scripts import messages
from tenants import scope
from tests.english import GERMAN, PLACES, READ_ALOUD, Words, catalogue, english, german_in, texts

__all__ = ["catalogue", "english"]
WORD = re.compile(r"[^\W\d_]{2,}")


# The catalogue


def test_the_catalogue_is_what_make_messages_writes(catalogue):
    fresh = messages.updated(catalogue, messages.found())
    assert {m.id for m in fresh} ^ {m.id for m in catalogue} == set(), "run `make messages`"
    assert messages.written(fresh) == messages.CATALOGUE.read_text(encoding="utf-8"), "run `make messages`"


def test_texts_of_all_kinds_are_found():
    """The extraction itself: Python, tags, filters' arguments, blocks with a number, mails."""
    found = {m.id for m in messages.found()}
    assert {"Zum Inhalt", "heute fällig", "Anruf für {name}.", "Guten Tag,"} <= found
    assert ("seit %(n)s Minute", "seit %(n)s Minuten") in found
    assert ("%(n)s Anruf", "%(n)s Anrufe") in found
    assert len(found) > 1200


def test_every_text_has_english_words(catalogue):
    assert [message.id for message in messages.untranslated(catalogue)] == []


def test_what_is_missing_or_guessed_is_named():
    half = Catalog(locale="en")
    half.add("leer")
    half.add("geraten", "guessed", flags=["fuzzy"])
    half.add(("%(n)s Tag", "%(n)s Tage"), ("%(n)s day", ""))
    half.add("gut", "good")
    assert {m.id for m in messages.untranslated(half)} == {"leer", "geraten", ("%(n)s Tag", "%(n)s Tage")}


def test_placeholders_and_markup_are_the_same(catalogue):
    wrong = [pair for pair in texts(catalogue) if sorted(PLACES.findall(pair[0])) != sorted(PLACES.findall(pair[1]))]
    assert wrong == []


def test_spaces_and_full_stops_are_the_same(catalogue):
    def edges(text: str) -> tuple[bool, bool, str]:
        return text.startswith(" "), text.endswith(" "), text[-1:] if text[-1:] in ".?:…!" else ""

    assert [pair for pair in texts(catalogue) if edges(pair[0]) != edges(pair[1])] == []


def test_english_words_are_english(catalogue):
    quoted = re.compile(r"“[^”]*”|Stadt Soest|Stadt Geseke|https://\S+")  # examples and names stay German
    assert [en for _de, en in texts(catalogue) if GERMAN.search(quoted.sub("", en).replace("die", ""))] == []
    assert [en for _de, en in texts(catalogue) if "„" in en] == []


def test_a_text_is_used_with_a_number_or_without():
    """The same key for both is one entry in the catalogue, and one of them finds no English words."""
    uses: dict[str, set[bool]] = defaultdict(set)
    for path in (*messages.sources(".py"), *messages.templates()):
        for text, _context in messages.texts_of(path):
            uses[text[0] if isinstance(text, tuple) else text].add(isinstance(text, tuple))
    assert [text for text, kinds in uses.items() if len(kinds) > 1] == []


# German needs no catalogue


def test_german_pages_show_the_german_texts(english):
    """A key that Django or allauth also has, as an English word, would come out as something else."""
    with translation.override("de"):
        assert [de for de, _en in texts(messages.stored()) if gettext(de) != de] == []


@pytest.mark.parametrize(
    ("language", "one", "many"),
    [("de", "seit %(n)s Tag", "seit %(n)s Tagen"), ("en", "for %(n)s day", "for %(n)s days")],
)
def test_one_and_many(english, language, one, many):
    with translation.override(language):
        assert [ngettext("seit %(n)s Tag", "seit %(n)s Tagen", n) for n in (0, 1, 2, 21)] == [many, one, many, many]


# Templates


FOR_PROGRAMS = re.compile(r"block \w+_(?:class|attributes)")  # inside of an HTML tag


def loose(path: Path) -> tuple[str, str]:
    """(the page without its tags, what its tags are given without `_()`), both without translated blocks and with all lines kept."""
    page, given, inside = "", "", ""
    for token in Lexer(path.read_text(encoding="utf-8")).tokenize():
        word = token.contents.split(" ", 1)[0] if token.token_type == TokenType.BLOCK else ""
        lines = "\n" * token.contents.count("\n")
        ends, begins = bool(inside) and word == inside, word in {"blocktranslate", "blocktrans", "comment"}
        if FOR_PROGRAMS.fullmatch(token.contents):
            begins, word = True, "block"
        inside = "" if ends else f"end{word}" if begins else inside
        known = ends or bool(inside) or word in {"translate", "trans"} or token.token_type == TokenType.COMMENT
        if token.token_type == TokenType.TEXT and not known:
            page, given = page + token.contents, given + lines
        else:
            own = re.sub(r"_\((?:\"[^\"]*\"|'[^']*')\)", "", "" if known else token.contents)
            page, given = page + lines, given + " ".join(re.findall(r"\"[^\"]*\"|'[^']*'", own)) + lines
    return page, given


def shown(page: str) -> str:
    """What people read or hear of HTML: text, and some attributes; with all lines kept."""

    def spoken(tag: re.Match[str]) -> str:
        return " ".join(["", *re.findall(rf"\s(?:{'|'.join(READ_ALOUD)})=\"([^\"]*)\"", tag[0]), ""]) + "\n" * tag[
            0
        ].count("\n")

    return re.sub(r"<!--.*?-->|<[^>]*>", spoken, page, flags=re.DOTALL)


# What is the same in every language, or written for programs.
NO_WORDS = {"Rufverbund", "Deutsch", "English", "AGS", "Esc", "System", "FiraSans", "SemiBold", "Regular", "CSRFToken"}
NO_WORDS |= {"make", "demo", "reset", "https", "ms", "seit"}  # a unit; a parameter of an address


def untranslated_in(path: Path) -> list[tuple[int, str]]:
    """(line, word) of what stands in a template for people to read, and in no text of the catalogue.

    A tag is given names of templates and kinds as well; there only German and what begins with a capital counts.
    """
    page, given = loose(path)
    words = [
        (n, word) for n, line in enumerate(shown(page).splitlines(), 1) for word in WORD.findall(html.unescape(line))
    ]
    for number, line in enumerate(given.splitlines(), 1):
        words += [(number, word) for word in WORD.findall(line) if word[0].isupper() or GERMAN.search(word)]
    return [(number, word) for number, word in words if word not in NO_WORDS]


def test_untranslated_words_of_a_template_would_be_found(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        '<p class="Die">{% translate "Alle Kommunen" %}</p>{% comment %}Nicht dies{% endcomment %}{% button "Keine" kind="primary" %}'
        '<b aria-label="Anrufe" {% if one %}class="two"{% endif %}>x</b>\n<i>für sie</i>{% tag _("Noch") "info" %}{% blocktranslate %}Der Tag{% endblocktranslate %}'
    )
    assert untranslated_in(page) == [(1, "Anrufe"), (2, "für"), (2, "sie"), (1, "Keine")]


def test_templates_hold_no_untranslated_words():
    found = [
        f"{path.relative_to(messages.ROOT)}:{line}: {word}"
        for path in messages.templates()
        for line, word in untranslated_in(path)
    ]
    assert found == []


# Pages in English


PAGES = [
    (None, "localhost", ["/", "/konto/login/", "/konto/password/reset/", "/gibt-es-nicht/"]),
    (None, "soest.localhost", ["/konto/login/"]),
    ("agent", "desk.localhost", ["/", "/konto/", "/konto/2fa/", "/konto/sitzungen/"]),
    ("supervisor", "desk.localhost", ["/synonyme/", "/synonyme/neu/", "/suchen/"]),
    (
        "editor",
        "soest.localhost",
        [
            "/",
            "/wissen/",
            "/verzeichnis/",
            "/luecken/",
            "/wissen/~suchen/",
            "/wissen/~suchen/wirkung/",
            "/wissen/~suchen/synonyme/",
            "/wissen/~suchen/synonyme/neu/",
            "/beitritt/",
            "/gibt-es-nicht/",
        ],
    ),
    (
        "editor",
        "soest.localhost",
        ["/wissen/~neu/", "/verzeichnis/kontakte/~neu/", "/verzeichnis/abteilungen/", "/mitglieder/"],
    ),
    (
        "admin",
        "soest.localhost",
        ["/einstellungen/", "/einstellungen/protokoll/", "/mitglieder/", "/mitglieder/einladen/"],
    ),
    ("operator", "localhost", ["/", "/betrieb/", "/betrieb/servicecenter/", "/betrieb/servicecenter/neu/"]),
    ("operator", "localhost", ["/betrieb/kommunen/neu/", "/betrieb/kommunen/lippstadt/", "/betrieb/protokoll/"]),
]


@pytest.mark.parametrize(
    ("who", "host", "address"), [(who, host, address) for who, host, all_ in PAGES for address in all_]
)
def test_pages_in_english_show_no_german_text_of_ours(english, catalogue, visit, people, who, host, address):
    client = visit(who, host)
    client.cookies["rufverbund_language"] = "en"
    if who:
        with scope.front():
            Person.objects.filter(pk=people[who].pk).update(language="en")
    page = client.get(address)
    refused = {"/gibt-es-nicht/": 404} | ({"/mitglieder/": 403} if who == "editor" else {})
    assert page.status_code == refused.get(address, 200), page.headers
    words = Words(page.content.decode())
    assert words.language == "en"
    assert page.headers["Content-Language"] == "en"
    spoken = [str(value) for table in words.tables for value in (table.values() if isinstance(table, dict) else [])]
    assert german_in([*words.texts, *spoken], catalogue) == []


def test_german_words_on_an_english_page_would_be_found(visit, catalogue):
    """The same look at a German page finds a lot."""
    words = Words(visit("agent", "desk.localhost").get("/").content.decode())
    assert words.language == "de"
    found = german_in([*words.texts, *map(str, words.tables[0].values())], catalogue)
    assert {"Verbunden.", "Arbeitsplatz"} <= set(found)
    assert len(found) > 50


def test_the_page_for_failures_names_its_language(english):
    from config.views import server_error

    for language, word in (("de", "schiefgegangen"), ("en", "went wrong")):
        with translation.override(language):
            page = server_error(None).content.decode()
        assert Words(page).language == language
        assert word in page
