"""What an agent does with a call (desk scope): take it, say for whom it is, wrap it up, close it."""

from typing import Any, NamedTuple, TypedDict, Unpack

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from telephony_bridge import lifecycle, times
from telephony_bridge.called import ANSWERED
from telephony_bridge.facts import COLUMNS, facts_of, write
from telephony_bridge.models import Call
from telephony_bridge.presence import follow_calls
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
        fresh = _fresh(call)
        transition = lifecycle.act(facts_of(fresh), lifecycle.Claim(acting_user.pk), at=now)
        if transition.changed:
            _change(fresh, acting_user, "claim_call", transition, agent_name=str(acting_user.name))
    call.refresh_from_db()
    return Claim(won=transition.refusal is None, agent_name="" if call.state == "ended" else call.agent_name)


def release_call(call: Call, *, acting_user: Actor) -> None:
    """Back to the queue: it rings again for the others. Raises Refusal when it cannot, or the call is not one's own."""
    with transaction.atomic():
        fresh = _fresh(call)
        if fresh.state != "ringing" or fresh.agent_id is not None:  # else pressed twice
            _mine(fresh, acting_user)
            _act(fresh, acting_user, "release_call", lifecycle.Release(acting_user.pk), agent_name="")
    call.refresh_from_db()


def choose_municipality(call: Call, municipality: Municipality, *, acting_user: Actor) -> None:
    """Say for whom an unrecognised call is; another choice may follow. Raises Refusal when the number has already said it."""
    with transaction.atomic():
        fresh = _fresh(call)
        if not Municipality.objects.filter(pk=municipality.pk, centre_id=fresh.centre_id, status__in=ANSWERED).exists():
            raise Refusal(_("Für diese Kommune nimmt das Servicecenter keine Anrufe an."))
        _act(fresh, acting_user, "choose_municipality", lifecycle.ChooseMunicipality(acting_user.pk, municipality.pk))
    call.refresh_from_db()


def begin_wrap_up(call: Call, *, acting_user: Actor) -> None:
    """From talking to wrap-up; the clock until "Bereit" starts. In wrap-up already: nothing happens. Raises Refusal otherwise."""
    with transaction.atomic():
        fresh = _mine(_fresh(call), acting_user)
        _act(fresh, acting_user, "begin_wrap_up", lifecycle.BeginWrapUp(acting_user.pk))
    call.refresh_from_db()


def stop_wrap_up_timer(call: Call, *, acting_user: Actor) -> None:
    """ "Länger brauchen": the wrap-up ends when the agent closes it. Raises Refusal when there is none."""
    with transaction.atomic():
        fresh = _mine(_fresh(call), acting_user)
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
        _write(_mine(_fresh(call), acting_user), _checked(draft))
    call.refresh_from_db()


def close_call(call: Call, *, acting_user: Actor, **draft: Unpack[Draft]) -> None:
    """End the wrap-up (or the call, when nothing reported its end) with what was typed; the agent becomes what they chose.

    Raises Refusal without an outcome. Closed already: what was typed is kept.
    """
    with transaction.atomic():
        fresh, values = _mine(_fresh(call), acting_user), _checked(draft)
        _write(fresh, values)
        if fresh.state != "ended":
            outcome = lifecycle.Outcome(fresh.outcome)
            _act(fresh, acting_user, "close_call", lifecycle.Close(acting_user.pk, outcome), wrap_up_until=None)
    call.refresh_from_db()


def finish_callback(call: Call, *, acting_user: Actor) -> None:
    """Say that a caller who wanted it was called back. Done before, by whomever, nothing happens. Raises Refusal where nobody wanted it."""
    with transaction.atomic():
        fresh = _fresh(call)
        if fresh.callback_wanted_at is None:
            raise Refusal(_("Um einen Rückruf hat hier niemand gebeten."))
        if fresh.callback_done_at is None:
            _change(
                fresh, acting_user, "finish_callback", callback_done_at=timezone.now(), callback_by_id=acting_user.pk
            )
    call.refresh_from_db()


def _fresh(call: Call) -> Call:
    """The locked row."""
    return Call.objects.select_for_update().get(pk=call.pk)


def _mine(call: Call, acting_user: Actor) -> Call:
    """The same call, if it is on this agent's desk."""
    if call.agent_id is None:
        raise Refusal(_("Diesen Anruf haben Sie nicht angenommen."))
    if call.agent_id != acting_user.pk:
        raise Refusal(_("Diesen Anruf hat %(name)s.") % {"name": call.agent_name})
    return call


def _checked(draft: Draft) -> dict[str, str]:
    """The draft without characters that the database refuses; Refusal for what does not fit."""
    cleaned = {name: str(value).replace("\0", "").strip() for name, value in draft.items()}
    for name, value in cleaned.items():
        limit: int | None = Call._meta.get_field(name).max_length  # type: ignore[union-attr]
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


def _act(call: Call, acting_user: Actor, name: str, action: lifecycle.AgentAction, **more: Any) -> None:
    """Do it, or raise Refusal with the reason; done before, nothing happens."""
    transition = lifecycle.act(facts_of(call), action, at=timezone.now())
    if refusal := transition.refusal:
        raise Refusal(refusal.text)
    if transition.changed:
        _change(call, acting_user, name, transition, **more)


def _change(
    call: Call, acting_user: Actor, action: str, transition: lifecycle.Transition | None = None, **more: Any
) -> None:
    """Save, let the agent's presence follow, write the audit row, tell the centre's desks."""
    before = {name: getattr(call, name) for name in (*COLUMNS, *more)}
    changed = write(call, transition.facts) if transition else []
    if "state" in changed and call.state == "wrap-up" and call.wrap_up_at:
        more["wrap_up_until"] = call.wrap_up_at + times.WRAP_UP
    for name, value in more.items():
        setattr(call, name, value)
    call.save(update_fields=[*changed, *more])
    if "state" in changed or "agent_id" in changed:
        follow_calls(acting_user.pk, str(acting_user.name), call.centre_id)
    audit.record(
        action,
        call,
        acting_user=acting_user,
        municipality=call.municipality_id,
        centre=call.centre_id,
        before=before,
        after={name: getattr(call, name) for name in before},
    )
    events.tell_centre(call.centre_id, "call", call.public_id, "ended" if call.state == "ended" else "changed")
