"""What the agents of a centre can do, in words (desk scope)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator

from telephony_bridge.numbers import display
from telephony_bridge.routing.skills import ANYBODY, Skills
from telephony_bridge.skill_models import LANGUAGES, AgentSkills
from telephony_bridge.skill_queries import agents_of, languages_of_numbers, skills_of, trainable
from tenants.models import Municipality, ServiceCentre

PER_PAGE = 25
SHOWN = 6  # municipalities by name; of more, how many


@dataclass(frozen=True, slots=True)
class Row:
    """An agent: `places` they were trained for (none: all), of which `more` are not shown; languages and line in words."""

    person_id: int
    name: str
    is_for_all: bool
    places: list[Municipality]
    more: int
    languages: str
    helps: bool


def page_of(centre: ServiceCentre, number: str | None) -> tuple[Page[Any], list[Row]]:
    """By name: the page, and what it shows. Four queries for any page."""
    page = Paginator(agents_of(centre.pk), PER_PAGE).get_page(number)
    people = list(page.object_list)
    skills = skills_of(centre.pk, [person for person, _name in people])
    places = trainable(centre.pk)
    return page, [_row(person, name, skills.get(person, ANYBODY), places) for person, name in people]


def _row(person: int, name: str, skills: Skills, places: Iterable[Municipality]) -> Row:
    trained = [place for place in places if place.slug in skills.municipalities]
    return Row(
        person_id=person,
        name=name,
        is_for_all=not skills.municipalities,
        places=trained[:SHOWN],
        more=len(trained[SHOWN:]),
        languages=", ".join(str(label) for code, label in LANGUAGES if code in skills.languages),
        helps=skills.line == AgentSkills.LINES.helps,
    )


def numbers_of(centre: ServiceCentre) -> list[tuple[str, str, str]]:
    """Numbers whose callers want a language: (E.164, as people write it, the language in words)."""
    words = {str(code): str(label) for code, label in LANGUAGES}
    return [(one.number, display(one.number), words[one.language]) for one in languages_of_numbers(centre.pk)]
