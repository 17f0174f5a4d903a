"""Everything that the desk shows of calls and colleagues to one person, read in the desk's scope with few queries."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import Access
from desk import undone
from desk.cards import Card, card_of, closed_sentence
from desk.contacts import who_may_call
from knowledge.pool import queries as pool
from knowledge.pool.models import Gap, SearchEntry
from telephony_bridge import queries
from telephony_bridge.models import Call, Presence, Telephone
from tenants.models import Municipality

NEWS = 4
LAST = 8
FREQUENT = 6
DECLINED = "declined_calls"  # in the session: calls that this agent left to the others
WITH_REASON = ("break", "away")
WITHOUT_CALL = (*WITH_REASON, "wrap-up")  # states of which a reason is told to who has no call
PRESENCES = (
    ("ready", gettext_lazy("Bereit")),
    ("wrap-up", gettext_lazy("Nachbearbeitung")),
    ("break", gettext_lazy("Pause")),
    ("away", gettext_lazy("Abgemeldet")),
)


@dataclass(frozen=True, slots=True)
class Idle:
    """What stands in the place of the call while there is none."""

    today: queries.Today
    answered: list[Gap]
    callbacks: list[Call]
    telephones: list[Telephone]
    telephone: str  # at which the person sits; empty: their own
    situations: list[Municipality]


@dataclass(frozen=True, slots=True)
class Board:
    """One person's calls: `cards` has the active one first; `queue` is everybody else who waits."""

    presence: str
    after: str
    cards: list[Card]
    queue: list[Call]
    is_free: bool
    choices: list[Municipality] = field(default_factory=list)
    declined: Sequence[str] = ()  # calls that this person left to the others: they wait in the queue, without a sound
    word: str = ""  # what the person should hear now, beside the calls
    reason: str = ""  # why they are on a break or signed out, where the exchange or a supervisor has put them there

    @property
    def active(self) -> Card | None:
        """The card that keys act on."""
        return self.cards[0] if self.cards else None

    @property
    def during_call(self) -> bool:
        """Whether the presence that one chooses is meant for the time after the call."""
        return any(card.state in {"talking", "wrap-up"} for card in self.cards)

    @property
    def closing(self) -> Card | None:
        """The call whose wrap-up is open."""
        return next((card for card in self.cards if card.state == "wrap-up"), None)

    @property
    def longest(self) -> Call | None:
        """Who waits longest in the queue."""
        return self.queue[0] if self.queue else None


def board(access: Access, *, declined: Sequence[str] = ()) -> Board:
    """Cards and queue of a person. A call rings for everybody who is ready; the one that waits longest is shown as a card."""
    person, centres = access.person, sorted(access.centres)
    if person is None:  # the middleware lets nobody in without
        raise ValueError("a board belongs to a person")
    presences = queries.presences_of(int(person.pk))
    presence, after = own_presence(presences)
    mine = queries.current_calls(int(person.pk))
    told = WITH_REASON if mine else WITHOUT_CALL
    reason = next((one.reason for one in presences if one.state == presence in told), "")
    ringing = queries.ringing_calls(centres)
    is_free = presence == "ready" and not mine
    offered = offered_to(int(person.pk), ringing, declined=declined, is_free=is_free)
    shown = [*(call for call in offered if call.is_controlled), *mine] or offered
    cards = [_card(call, person.name, is_active=place == 0) for place, call in enumerate(shown)]
    queue = [call for call in ringing if call not in offered]
    choices = (
        answered_for(centres) if any(card.municipality is None or card.call.chosen_by_agent for card in cards) else []
    )
    word = _word(int(person.pk), reason, presence) if any(call.is_controlled for call in shown) or reason else ""
    return Board(presence, after, cards, queue, is_free, choices, declined, word, reason)


def _word(person: int, reason: str, presence: str) -> str:
    """What the exchange has not done, or why the person is on a break or signed out."""
    if unheard := queries.unheard(person):
        return undone.words_of(unheard)
    words = {"away": _("Sie sind abgemeldet: %(reason)s."), "break": _("Sie sind in Pause: %(reason)s.")}
    return words.get(presence, "%(reason)s.") % {"reason": reason} if reason else ""


def offered_to(person: int, ringing: Sequence[Call], *, declined: Sequence[str], is_free: bool) -> list[Call]:
    """At most one: the call for which our exchange lets this person's telephone ring; else, of other exchanges' calls, the one that waits longest."""
    own = [call for call in ringing if call.offered_to_id == person]
    for_all = [call for call in ringing if not call.is_controlled and call.public_id not in declined]
    return (own or (for_all if is_free else []))[:1]


def _card(call: Call, agent: str, *, is_active: bool) -> Card:
    rings = call.state == "ringing"
    closed = (
        closed_sentence(call.municipality, timezone.localtime())
        if call.municipality and call.state != "wrap-up"
        else ""
    )
    earlier = queries.earlier_calls(call) if is_active and call.state != "wrap-up" else []
    card = card_of(call, agent=agent, is_active=is_active or rings, closed=closed, earlier=earlier)
    perhaps = who_may_call(call.from_number) if is_active and call.from_number and call.state != "wrap-up" else None
    return replace(card, perhaps=f"{perhaps.title}, {perhaps.municipality.name}") if perhaps else card


def own_presence(presences: Sequence[Presence]) -> tuple[str, str]:
    """The state that holds in any of the person's centres, and what they chose for the time after a call."""
    if not presences:
        return "away", "away"
    order = ["busy", "wrap-up", "ready", "break", "away"]
    first = min(presences, key=lambda presence: order.index(str(presence.state)))
    return str(first.state), first.after_call


def answered_for(centres: Sequence[int]) -> list[Municipality]:
    """The municipalities for which these centres answer."""
    return list(
        Municipality.objects.filter(centre_id__in=centres, status__in=["live", "leaving"]).select_related("centre")
    )


def idle(access: Access) -> Idle:
    """Counts, answers to own reports, situations."""
    person = int(access.person.pk) if access.person else 0
    return Idle(
        today=queries.today(person),
        answered=pool.answered_gaps(person, 5),
        callbacks=queries.callbacks(access.centres),
        telephones=queries.telephones(access.centres),
        telephone=next((one.telephone for one in queries.presences_of(person) if one.telephone), ""),
        situations=[m for m in answered_for(sorted(access.centres)) if m.situation],
    )


def news() -> list[SearchEntry]:
    """What was published since yesterday morning, newest first."""
    yesterday = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    return pool.news(NEWS, since=yesterday)


def last_calls(access: Access) -> list[Call]:
    """The person's own last calls."""
    return queries.last_calls(int(access.person.pk), LAST) if access.person else []


def frequent(municipality: Municipality) -> list[dict[str, Any]]:
    """What callers of a municipality asked most today: concern, concern_kind, concern_key and `calls`."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    asked = Call.objects.filter(municipality=municipality, ringing_at__gte=midnight, concern_kind="article").exclude(
        concern_key=""
    )
    counted = asked.values("concern", "concern_kind", "concern_key").annotate(calls=Count("pk"))
    return list(counted.order_by("-calls", "concern")[:FREQUENT])


def farewell(public_id: str, board: Board) -> str:
    """One polite sentence about a call that was on the screen and is not any more; empty when there is nothing to say."""
    if not public_id or any(card.call.public_id == public_id for card in board.cards):
        return ""
    call = queries.call_of(public_id)
    if call is None or call.state == "ringing":
        return ""
    if call.state != "ended" and board.presence == "wrap-up" and board.reason:
        return ""  # the reason is said: somebody has taken the talk over
    name = call.municipality.name if call.municipality else _("eine nicht erkannte Kommune")
    if call.state != "ended":
        return _("%(agent)s hat den Anruf für %(name)s angenommen.") % {"agent": call.agent_name, "name": name}
    if call.agent_id and call.answered_at:
        return _("Der Anruf für %(name)s ist abgeschlossen.") % {"name": name}
    return _("Der Anruf für %(name)s wurde beendet.") % {"name": name}


def team(access: Access) -> list[queries.Colleague]:
    """The colleagues of the person's centres."""
    me = access.person.pk if access.person else None
    return [colleague for colleague in queries.team(sorted(access.centres)) if colleague.person_id != me]
