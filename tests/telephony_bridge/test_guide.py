"""The administrator's guide: every command in it is one, with options that there are; every picture and page that it names is there."""

import re
import shlex
from importlib import import_module
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest

from config.cli import ENTRIES

GUIDE = Path(__file__).parents[2] / "docs" / "telefonie"
PAGES = sorted(GUIDE.glob("*.md"))


def commands():
    """(page, words behind `rufverbund`) of every command, in blocks and in sentences."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        said = re.findall(r"^    (.*)$", text, re.MULTILINE) + re.findall(r"`(rufverbund [^`]+)`", text)
        for line in said:
            if found := re.search(r"\brufverbund ([a-z][^)#;]*)", line):
                yield page.name, shlex.split(found[1])


def parsed(words):
    """Walk to the command as the program does, and have it read its options; nothing runs."""
    module, _, attribute = ENTRIES[words[0]].target.partition(":")
    command, rest = getattr(import_module(module), attribute), words[1:]
    while isinstance(command, click.Group):
        found = command.get_command(click.Context(command), rest[0])
        assert found is not None, words
        command, rest = found, rest[1:]
    with command.make_context(words[0], list(rest)) as context:
        return context


@pytest.mark.parametrize(
    ("page", "words"), list(commands()), ids=lambda value: value if isinstance(value, str) else " ".join(value)
)
def test_every_command_of_the_guide_is_one(page, words, monkeypatch):
    monkeypatch.setattr(
        click.Path, "convert", lambda _self, value, *_where: value
    )  # the administrator's files are not here
    parsed(words)


def test_what_is_no_command_is_noticed():
    assert len(list(commands())) > 15
    for words in (["telephony", "configure"], ["telephony", "config", "/x", "--trunkk", "y"]):
        with pytest.raises((AssertionError, click.UsageError)):
            parsed(words)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).is_file()] == []


def test_every_picture_is_shown_and_says_what_it_shows():
    shown = {link for page in PAGES for link in re.findall(r"!\[[^]]+\]\(([^)]+)\)", page.read_text(encoding="utf-8"))}
    pictures = sorted(GUIDE.glob("bilder/*.svg"))
    assert {f"bilder/{picture.name}" for picture in pictures} == shown
    for picture in pictures:
        title = ElementTree.parse(picture).getroot().find("{http://www.w3.org/2000/svg}title")  # noqa: S314  our own
        assert title is not None
        assert title.text
