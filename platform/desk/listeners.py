"""Who may hear the desk's events: asked when a page begins to listen, and again whenever something is delivered."""

import re
from dataclasses import dataclass
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.auth import get_user
from django.db import connection, transaction
from django.http import HttpRequest

from accounts import sessions
from accounts.access import access_of, has_second_factor
from accounts.sessions import SessionStore
from desk.actions import begin_shift
from tenants import events, scope
from tenants.events import Event, Ticket
from tenants.models import Municipality

REPLAYED = 200  # more missed events than this: the page fetches everything again instead
POSITION = re.compile(r"[0-9]{1,18}:[0-9]{1,18}(?:,[0-9]{1,18}:[0-9]{1,18})*\Z")
# One query, however many pages listen: a session that is still there, of a person who may sign in and still works for the centre.
STILL = """SELECT t.person, t.session FROM unnest(%s::bigint[], %s::text[]) AS t(person, session)
JOIN public.django_session s ON s.session_key = t.session AND s.expire_date > now()
JOIN public.accounts_person p ON p.id = t.person AND p.is_active
WHERE EXISTS (SELECT FROM public.accounts_membership m WHERE m.person_id = t.person AND m.centre_id = %s AND m.role IN ('agent', 'supervisor'))"""


@dataclass(frozen=True, slots=True)
class Listener:
    """A signed-in person at an open page. `streams` maps what they may hear to the centre that gives them the right to it."""

    ticket: Ticket
    name: str
    streams: dict[str, int]
    answering: frozenset[int]  # centres in which they take calls: agents, not supervisors who look on

    @property
    def pk(self) -> int:
        """The person, as whom they act."""
        return self.ticket.person

    @property
    def centres(self) -> list[int]:
        """Their centres, in a fixed order."""
        return sorted(set(self.streams.values()))


def identify(session_key: str) -> Listener | None:
    """Whose session this is and what they may hear; None for everybody who may not. Leaves no connection behind."""
    try:
        with scope.front():
            request = HttpRequest()
            request.session = SessionStore(session_key)
            if sessions.is_foreign(request.session, f"desk.{settings.RUFVERBUND_DOMAIN}"):
                return None
            person = get_user(request)
            if not person.is_authenticated or not has_second_factor(person):
                return None
            centres = access_of(person).centres
            answered_for = Municipality.objects.filter(centre__in=centres, status__in=["live", "leaving"]).values_list(
                "pk", "centre_id"
            )
            streams = {f"c:{centre}": centre for centre in centres} | {f"m:{pk}": centre for pk, centre in answered_for}
            answering = frozenset(centre for centre, roles in centres.items() if "agent" in roles)
            return Listener(Ticket(int(person.pk), session_key), person.name, streams, answering) if centres else None
    finally:
        connection.close()


def read_position(text: str) -> dict[str, int]:
    """`Last-Event-ID` back into the last number of each centre's stream: "1:55,2:7" is {"c:1": 55, "c:2": 7}. Anything else is empty."""
    if not POSITION.match(text[:400]):
        return {}
    return {f"c:{centre}": int(number) for centre, number in (pair.split(":") for pair in text.split(","))}


def position_text(position: dict[str, int]) -> str:
    """The numbers of the centres' streams as an event id; municipalities' streams are not replayed, pages search again."""
    return ",".join(f"{stream[2:]}:{number}" for stream, number in sorted(position.items()) if stream.startswith("c:"))


def catch_up(listener: Listener, since: dict[str, int]) -> tuple[dict[str, int], list[Event] | None]:
    """Where deliveries go on from, and what was missed after `since`; None instead of a list: too much, fetch everything again."""
    try:
        with scope.desk(listener.pk), transaction.atomic():
            begin_shift(listener.answering, acting_user=listener)
            position = events.newest(listener.streams)
            missed: list[Event] = []
            for stream, number in since.items():
                if stream not in position:
                    continue
                if number > position[stream] or position[stream] - number > REPLAYED:
                    return position, None
                news = [
                    event for event in events.read_since(stream, number, REPLAYED) if event.number <= position[stream]
                ]
                if len(news) < position[stream] - number:  # some were forgotten since (knowledge/pool/pruning.py)
                    return position, None
                missed += news
            return position, missed
    finally:
        connection.close()


async def still_allowed(ear: psycopg.AsyncConnection[Any], tickets: set[Ticket], *, centre: int) -> set[Ticket]:
    """Those of `tickets` whose session lives and whose person still works for the centre."""
    asked = list(tickets)
    rows = await (
        await ear.execute(STILL, ([t.person for t in asked], [t.session_key for t in asked], centre))
    ).fetchall()
    return {Ticket(person, session) for person, session in rows}
