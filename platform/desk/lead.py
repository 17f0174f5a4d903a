"""What the page of whoever leads a team shows of a centre, read in the desk's scope."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from desk import undone
from desk.cards import Card, shown
from telephony_bridge import lead_queries, queries
from telephony_bridge.actions.taking_over import TALKS
from telephony_bridge.models import Call, ExchangeCommand, Presence
from telephony_bridge.notice_models import CentreNotice
from telephony_bridge.notices import earlier_notices, notices_of
from tenants.models import Municipality, ServiceCentre

OWN_WORDS = ("break", "away")  # states of which a reason is told


@dataclass(frozen=True, slots=True)
class Waits:
    """A caller who was not answered yet. `rings_at` is whose telephone rings, empty while nobody's does; `movable`: our own exchange obeys."""

    call: Call
    place: int
    caller: str
    rings_at: str

    @property
    def movable(self) -> bool:
        """Whether the caller can be put first, or fetched."""
        return self.call.is_controlled and not self.rings_at

    @property
    def name(self) -> str:
        """For whom."""
        return self.call.municipality.name if self.call.municipality else _("nicht erkannte Kommune")


@dataclass(frozen=True, slots=True)
class Talks:
    """A caller with an agent: `words` are what the talk is in, `since` when that began; `takeable`: whoever looks can take it over."""

    call: Call
    words: str
    since: datetime
    caller: str
    takeable: bool


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody of the team. `then` is what they are after the running call, where that is not to be ready; `settable`: not oneself."""

    presence: Presence
    municipality: Municipality | None
    reason: str
    then: str
    settable: bool


@dataclass(frozen=True, slots=True)
class LeadBoard:
    """All of it. `closing` and `situation` are what holds now, `earlier` what did; `unheard` is what the person wanted and the exchange has just not done."""

    centre: ServiceCentre
    figures: lead_queries.Figures
    waiting: list[Waits]
    talking: list[Talks]
    team: list[Member]
    closing: CentreNotice | None
    situation: CentreNotice | None
    earlier: list[CentreNotice]
    unheard: ExchangeCommand | None

    @property
    def unheard_words(self) -> str:
        """Why not; empty where nothing is to be said."""
        return undone.words_of(self.unheard) if self.unheard else ""


def lead_board(centre: ServiceCentre, person_id: int) -> LeadBoard:
    """Eight queries."""
    presences = lead_queries.team_of(centre.pk)
    calls = lead_queries.calls_with_agents(centre.pk)
    holding = {str(notice.kind): notice for notice in notices_of([centre.pk])}
    return LeadBoard(
        centre=centre,
        figures=lead_queries.figures(centre.pk),
        waiting=_waiting(lead_queries.waiting_calls(centre.pk), presences),
        talking=[_talks(call, person_id) for call in calls if call.state == "talking"][: lead_queries.SHOWN],
        team=_team(presences, calls, person_id),
        closing=holding.get("closing"),
        situation=holding.get("situation"),
        earlier=earlier_notices(centre.pk),
        unheard=queries.unheard(person_id),
    )


def _waiting(calls: Iterable[Call], presences: Iterable[Presence]) -> list[Waits]:
    names = {presence.person_id: presence.person_name for presence in presences}
    return [_waits(call, place, names) for place, call in enumerate(calls, 1)]


def _waits(call: Call, place: int, names: dict[int, str]) -> Waits:
    caller = shown(call.from_number, call.from_raw) or _("unterdrückt")
    rings_at = names.get(call.offered_to_id, _("einem Telefon")) if call.offered_to_id else ""
    return Waits(call, place, caller, rings_at)


def _talks(call: Call, person_id: int) -> Talks:
    caller = shown(call.from_number, call.from_raw) or _("unterdrückte Nummer")
    card = Card(call, [], caller, "")
    takeable = call.is_controlled and call.phase in TALKS and call.agent_id not in (None, person_id)
    return Talks(call, card.status, card.since, caller, takeable)


def _team(presences: Iterable[Presence], calls: Iterable[Call], person_id: int) -> list[Member]:
    """Whom somebody talks with overrules whose call they still write about."""
    by_agent = {call.agent_id: call for call in sorted(calls, key=lambda call: call.state == "talking")}
    return [_member(presence, by_agent.get(presence.person_id), person_id) for presence in presences]


def _member(presence: Presence, call: Call | None, person_id: int) -> Member:
    by_call = presence.state in ("busy", "wrap-up")
    labels = dict(Presence.STATES)
    return Member(
        presence,
        municipality=call.municipality if call and by_call else None,
        reason=presence.reason if presence.state in OWN_WORDS else "",
        then=str(labels[presence.after_call]) if by_call and presence.after_call in OWN_WORDS else "",
        settable=presence.person_id != person_id,
    )
