"""Which agents an exchange means by the names it gives: extensions, users, SIP peers (telephony scope)."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models.functions import Lower

from accounts.models import CENTRE_ROLES, Membership

_TECHNOLOGY = re.compile(r"\A(?:sips?:|(?:pj)?sip/|local/|iax2/|dect/)", re.IGNORECASE)


class Agent(NamedTuple):
    """An agent whom the exchange names."""

    person_id: int
    name: str


def forms_of(text: str) -> list[str]:
    """How a telephone may stand in an account, by what the exchange says, the nearest first: "PJSIP/1243-00a1" as 1243, sip:23@pbx as 23."""
    whole = text.strip().lower()
    bare = _TECHNOLOGY.sub("", whole).partition(";")[0]
    user = bare.partition("@")[0]
    channel = re.sub(r"-[0-9a-f]{4,}\Z", "", user) if bare != whole else user
    return list(dict.fromkeys(form for form in (whole, bare, user, channel) if form))


def agents_named(centre_id: int, texts: Iterable[str]) -> dict[str, Agent]:
    """By text, the agents of the centre whose telephone it names; who is none is left out. One query, none without texts."""
    forms = {text: forms_of(text) for text in texts if text.strip()}
    if not forms:
        return {}
    said = {form for found in forms.values() for form in found}
    members = Membership.objects.filter(centre_id=centre_id, role__in=CENTRE_ROLES, person__is_active=True)
    rows = members.annotate(user=Lower("person__phone_user")).filter(user__in=said).order_by("-person_id")
    known = {user: Agent(person, name) for user, person, name in rows.values_list("user", "person_id", "person__name")}
    named = {text: next((known[form] for form in found if form in known), None) for text, found in forms.items()}
    return {text: agent for text, agent in named.items() if agent}
