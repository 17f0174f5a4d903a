"""What is read aloud: the greeting with the names filled in, cut into sentences that are never broken when they fit a line."""

import re

from tenants.models import Municipality

PLACE = re.compile(r"\{(name|agent)\}")
SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-ZÄÖÜ„])")
# Said to callers, whatever language the agent's pages have: no texts of the catalogue.
NEUTRAL = "Guten Tag, Sie sprechen mit dem Servicecenter, mein Name ist {agent}. Für welche Kommune rufen Sie an?"
USUAL = "Guten Tag, {name}, mein Name ist {agent}. Was kann ich für Sie tun?"
LONG = 150  # characters; a longer greeting is set smaller, so that the buttons stay where they are


def greeting(municipality: Municipality | None, agent: str) -> list[str]:
    """The sentences to say for this municipality; None: the neutral ones that ask for whom the call is.

    Only `{name}` and `{agent}` are filled, in one pass: no format string, and nothing inside a name is read again.
    """
    text = NEUTRAL if municipality is None else municipality.greeting.strip() or USUAL
    values = {"name": municipality.name if municipality else "", "agent": agent}
    filled = PLACE.sub(lambda found: values[found[1]], text)
    return [sentence for sentence in SENTENCE_END.split(filled) if sentence]


def is_long(sentences: list[str]) -> bool:
    """Whether the greeting needs the smaller size."""
    return sum(map(len, sentences)) > LONG
