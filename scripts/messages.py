"""`make messages`: bring the English catalogue up to date with the German texts in the sources; no gettext needed.

New texts get an empty translation, texts that are gone are dropped, nothing is guessed. What has no English words yet is listed, and
the exit status is 1 until it has some.
"""

import argparse
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("platform", "tenants", "knowledge", "telephony_bridge", "onboarding")
CATALOGUE = ROOT / "platform" / "config" / "locale" / "en" / "LC_MESSAGES" / "django.po"
KEYWORDS = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
# Without dates, so that a run that changes no text changes no line.
HEADER = """\
# English texts of Rufverbund. `make messages` keeps the German ones in step with the sources; only the English ones are written by hand.
msgid ""
msgstr ""
"Language: en\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

"""


def sources(*suffixes: str) -> Iterator[Path]:
    """Our own files with one of these suffixes; what others wrote and migrations have no texts of ours."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*")):
            if path.suffix in suffixes and not {"vendor", "migrations"} & set(path.parts):
                yield path


def templates() -> Iterator[Path]:
    """Pages and mails."""
    return (path for path in sources(".html", ".txt") if "templates" in path.parts)


def as_python(path: Path) -> str:
    """A Python file as it is; a template as the calls that stand in it, all else crossed out."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return text
    calls = templatize(text, origin=str(path))
    return re.sub(r"^[ \t]+", "", calls, flags=re.MULTILINE)  # an indented line would be an error


def texts_of(path: Path) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    """(text or the pair for one and for several, context) of a file."""
    source = io.BytesIO(as_python(path).encode())
    for _line, text, _comments, context in extract("python", source, KEYWORDS, options={"encoding": "utf-8"}):
        yield text, context


def found() -> Catalog:
    """All texts of the sources, untranslated."""
    catalogue = Catalog(domain="django", charset="utf-8")
    for path in (*sources(".py"), *templates()):
        for text, context in texts_of(path):
            catalogue.add(text, context=context)
    return catalogue


def stored(path: Path = CATALOGUE) -> Catalog:
    """The English catalogue as it is on disk."""
    with path.open("rb") as file:
        return read_po(file, locale="en", domain="django")


def updated(old: Catalog, texts: Catalog) -> Catalog:
    """The texts of the sources with the English words that the old catalogue has for exactly the same text."""
    new = Catalog(locale="en", domain="django", charset="utf-8")
    for message in texts:
        if message.id:
            known = old.get(message.id, message.context)
            same = known is not None and known.pluralizable == message.pluralizable and not known.fuzzy
            new.add(message.id, known.string if known is not None and same else None, context=message.context)
    return new


def untranslated(catalogue: Catalog) -> list[Message]:
    """Messages without English words, or with some that were only guessed."""

    def is_missing(message: Message) -> bool:
        words = message.string if isinstance(message.string, list | tuple) else [message.string]
        return message.fuzzy or not all(words)

    return [message for message in catalogue if message.id and is_missing(message)]


def written(catalogue: Catalog) -> str:
    """The file, sorted by the German text: neighbours in the file do not follow the sources around."""
    body = io.BytesIO()
    write_po(body, catalogue, width=120, no_location=True, omit_header=True, sort_output=True)
    return HEADER + body.getvalue().decode()


def main() -> int:
    """Write the catalogue anew and say what is missing."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    catalogue = updated(stored(), found())
    CATALOGUE.write_text(written(catalogue), encoding="utf-8")
    missing = untranslated(catalogue)
    for message in missing:
        print(f"no English text: {message.id}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
