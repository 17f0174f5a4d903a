"""What an agent does with a call (desk scope): take it, say for whom it is, wrap it up, close it."""

from typing import Any, NamedTuple, TypedDict, Unpack

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from telephony_bridge import times
from telephony_bridge.actions.presences import follow_calls
from telephony_bridge.models import Call
from tenants import audit, events
from tenants.audit import Actor
from tenants.errors import Refusal
from tenants.models import Municipality


class Draft(TypedDict, total=False):
    """What an agent writes down about a call; fields that are not named stay as they are."""

    concern: str
    concern_kind: str
    concern_key: str
    outcome: str
    transferred_to: str
    note: str


class Claim(NamedTuple):
    """Who has the call now: `won` says whether it is the one who asked; `agent_name` is empty when it has ended meanwhile."""

    won: bool
    agent_name: str


def claim_call(call: Call, *, acting_user: Actor) -> Claim:
    """Take a ringing call. Of several who press at once exactly one wins, the others learn who. Pressing twice changes nothing."""
    now = timezone.now()
    with transaction.atomic():
        won = Call.objects.filter(
            pk=call.pk, state="ringing"
        ).update(  # the condition is checked again under the row's lock
            state="talking", agent_id=acting_user.pk, agent_name=acting_user.name, answered_at=now
        )
        if won:
            follow_calls(acting_user.pk, acting_user.name, call.centre_id)
            _done(
                "claim_call", call, acting_user, {"state": "ringing"}, {"state": "talking", "agent_id": acting_user.pk}
            )
    call.refresh_from_db()
    open_ = call.state != "ended"
    return Claim(won=open_ and call.agent_id == acting_user.pk, agent_name=call.agent_name if open_ else "")


def release_call(call: Call, *, acting_user: Actor) -> None:
    """Back to the queue: it rings again for the others. Raises Refusal when the caller has hung up or the call is not one's own."""
    with transaction.atomic():
        if Call.objects.filter(pk=call.pk, state="ringing", agent_id=None).exists():
            return
        fresh = _own(call, acting_user)
        if fresh.state != "talking":
            raise Refusal(_("Der Anruf ist schon beendet und kann nicht zurückgegeben werden."))
        _change(fresh, acting_user, "release_call", state="ringing", agent_id=None, agent_name="", answered_at=None)
        follow_calls(acting_user.pk)
    call.refresh_from_db()


def choose_municipality(call: Call, municipality: Municipality, *, acting_user: Actor) -> None:
    """Say for whom an unrecognised call is; another choice may follow. Raises Refusal when the number has already said it."""
    with transaction.atomic():
        fresh = Call.objects.select_for_update().get(pk=call.pk)
        live = Municipality.objects.filter(
            pk=municipality.pk, centre_id=fresh.centre_id, status=Municipality.STATES.live
        )
        if not live.exists():
            raise Refusal(_("Für diese Kommune nimmt das Servicecenter keine Anrufe an."))
        if fresh.municipality_id and not fresh.chosen_by_agent:
            raise Refusal(_("Die angerufene Kommune steht durch die gewählte Nummer fest."))
        if fresh.state == "ended":
            raise Refusal(_("Der Anruf ist schon abgeschlossen."))
        _change(fresh, acting_user, "choose_municipality", municipality_id=municipality.pk, chosen_by_agent=True)
    call.refresh_from_db()


def begin_wrap_up(call: Call, *, acting_user: Actor) -> None:
    """From talking to wrap-up; the clock until "Bereit" starts. In wrap-up already: nothing happens. Raises Refusal otherwise."""
    now = timezone.now()
    with transaction.atomic():
        fresh = _own(call, acting_user)
        if fresh.state == "wrap-up":
            return
        if fresh.state != "talking":
            raise Refusal(_("Dieser Anruf ist nicht im Gespräch."))
        _change(fresh, acting_user, "begin_wrap_up", state="wrap-up", wrap_up_at=now, wrap_up_until=now + times.WRAP_UP)
        follow_calls(acting_user.pk)
    call.refresh_from_db()


def stop_wrap_up_timer(call: Call, *, acting_user: Actor) -> None:
    """ "Länger brauchen": the wrap-up ends when the agent closes it. Raises Refusal when there is none."""
    with transaction.atomic():
        fresh = _own(call, acting_user)
        if fresh.state != "wrap-up":
            raise Refusal(_("Dieser Anruf ist nicht in der Nachbearbeitung."))
        if fresh.wrap_up_until is not None:
            _change(fresh, acting_user, "stop_wrap_up_timer", wrap_up_until=None)
    call.refresh_from_db()


def save_wrap_up(call: Call, *, acting_user: Actor, **draft: Unpack[Draft]) -> None:
    """Keep what was typed, also when the time ran out meanwhile, since the last words may come late. No audit row per draft.

    Raises Refusal for a text that is too long, and for another agent's call.
    """
    with transaction.atomic():
        _write(_own(call, acting_user), _checked(draft))
    call.refresh_from_db()


def close_call(call: Call, *, acting_user: Actor, **draft: Unpack[Draft]) -> None:
    """End the wrap-up (or the call, when nothing reported its end) with what was typed; the agent becomes what they chose.

    Raises Refusal without an outcome. Closed already: what was typed is kept.
    """
    now = timezone.now()
    with transaction.atomic():
        fresh, values = _own(call, acting_user), _checked(draft)
        if fresh.state == "ended":
            _write(fresh, values)
        elif not values.get("outcome", fresh.outcome):
            raise Refusal(
                _("Bitte wählen Sie, wie der Anruf ausging: beantwortet, weitergeleitet, Rückruf oder abgebrochen.")
            )
        else:
            _change(
                fresh,
                acting_user,
                "close_call",
                state="ended",
                ended_at=now,
                wrap_up_until=None,
                end_reason="closed",
                **values,
            )
            follow_calls(acting_user.pk)
    call.refresh_from_db()


def _own(call: Call, acting_user: Actor) -> Call:
    """The locked row of a call that is on this agent's desk."""
    fresh = Call.objects.select_for_update().get(pk=call.pk)
    if fresh.agent_id is None:
        raise Refusal(_("Diesen Anruf haben Sie nicht angenommen."))
    if fresh.agent_id != acting_user.pk:
        raise Refusal(_("Diesen Anruf hat %(name)s.") % {"name": fresh.agent_name})
    return fresh


def _checked(draft: Draft) -> dict[str, str]:
    """The draft without characters that the database refuses; Refusal for what does not fit."""
    cleaned = {name: str(value).replace("\0", "").strip() for name, value in draft.items()}
    for name, value in cleaned.items():
        limit: int | None = Call._meta.get_field(name).max_length  # type: ignore[union-attr]  # noqa: SLF001
        if limit and len(value) > limit:
            raise Refusal(_("Der Text ist zu lang: höchstens %(limit)d Zeichen.") % {"limit": limit})
    if cleaned.get("outcome") and cleaned["outcome"] not in dict(Call.OUTCOMES):
        raise Refusal(_("Dieses Ergebnis gibt es nicht."))
    return cleaned


def _write(call: Call, values: dict[str, str]) -> None:
    for name, value in values.items():
        setattr(call, name, value)
    if values:
        call.save(update_fields=list(values))


def _change(call: Call, acting_user: Actor, action: str, **values: Any) -> None:
    """Save, write the audit row, tell the centre's desks."""
    before = {name: getattr(call, name) for name in values}
    for name, value in values.items():
        setattr(call, name, value)
    call.save(update_fields=list(values))
    _done(action, call, acting_user, before, values)


def _done(action: str, call: Call, acting_user: Actor, before: dict[str, Any], after: dict[str, Any]) -> None:
    hidden = {"note", "concern"}  # may name the caller: kept with the call, not in the log
    before, after = ({k: v for k, v in side.items() if k not in hidden} for side in (before, after))
    audit.record(
        action,
        call,
        acting_user=acting_user,
        municipality=call.municipality_id,
        centre=call.centre_id,
        before=before,
        after=after,
    )
    events.tell_centre(call.centre_id, "call", call.public_id, "ended" if after.get("state") == "ended" else "changed")
