"""The card that goes along with a transferred caller: made on the desk, kept true by what the exchange does, read and ticked off in the town hall."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from telephony_bridge import numbers
from telephony_bridge.following import Seen
from telephony_bridge.handover_models import Handover
from telephony_bridge.models import Call, ExchangeCommand
from telephony_bridge.routing.calls import State
from tenants import audit
from tenants.audit import Actor

OPEN = ("asked", "ringing")
ASKING = ("dialling", "consulting", "swapped")  # phases of a talk (Call.PHASES) in which somebody is asked


class Target(NamedTuple):
    """Somebody of a municipality's directory to whom a caller goes: `key` is "person:p_boeckmann"."""

    municipality_id: int
    key: str
    name: str
    email: str = ""


def hand_over(call: Call, target: Target, *, acting_user: Actor, state: str = "asked") -> None:
    """Give a call's card to a contact (desk scope), whose account is found by their e-mail address. An earlier card of the same call is taken
    back; one for the same contact that holds already stays."""
    with transaction.atomic():
        earlier = Handover.objects.filter(call=call, agent_id=acting_user.pk).exclude(state="returned")
        same = earlier.filter(municipality=target.municipality_id, contact_key=target.key, state=state)
        if state == "transferred" and same.exists():
            return
        earlier.update(state="returned", state_at=timezone.now())
        email = plain_address(target.email)
        made = Handover.objects.create(
            call=call, centre_id=call.centre_id, municipality_id=target.municipality_id,
            called_name=call.municipality.name if call.municipality else "", contact_key=target.key[:100],
            contact_name=target.name[:200], person_id=_account(target.municipality_id, email), email=email,
            caller=_caller(call), concern=call.wish, agent_id=acting_user.pk, agent_name=str(acting_user.name)[:120],
            state=state,
        )  # fmt: skip
        audit.record(
            "hand_over", made, acting_user=acting_user, municipality=target.municipality_id, centre=call.centre_id
        )


def plain_address(address: str) -> str:
    """An address of e-mail as cards and accounts have it."""
    return address.strip().lower()[:254]


def take_back(call: Call, *, acting_user: Actor, states: Iterable[str] = (*OPEN, "transferred", "ended")) -> None:
    """The agent has not transferred the call after all (desk scope). Where there is no card in one of `states` nothing happens."""
    with transaction.atomic():
        held = Handover.objects.filter(call=call, agent_id=acting_user.pk, state__in=list(states))
        for handover in held.select_for_update().order_by("pk"):
            handover.state, handover.state_at = "returned", timezone.now()
            handover.save(update_fields=["state", "state_at"])
            audit.record(
                "take_back", handover, acting_user=acting_user, municipality=handover.municipality_id,
                centre=handover.centre_id,
            )  # fmt: skip


def finish_handover(handover: Handover, *, done: bool = True, acting_user: Actor) -> bool:
    """Tick a card off, or not after all (`done` False), in its municipality's scope. What is so already stays so.

    False where it is not theirs to see any more: the agent has taken the caller back, or it is forgotten.
    """
    with transaction.atomic():
        fresh = Handover.objects.select_for_update().filter(pk=handover.pk).first()
        if fresh is None or (fresh.done_at is not None) is done:
            return fresh is not None
        before = audit.state(fresh, "done_at")
        fresh.done_at = timezone.now() if done else None
        fresh.save(update_fields=["done_at"])
        audit.record(
            "finish_handover", fresh, acting_user=acting_user, municipality=fresh.municipality_id,
            centre=fresh.centre_id, before=before, after=audit.state(fresh, "done_at"),
        )  # fmt: skip
    return True


def follow_handover(call: Call, phase: str, seen: Seen) -> None:
    """Let the card of a call follow what the exchange has done (telephony scope). `phase`: in which the talk was before."""
    if state := _state_after(phase, seen):
        newest = Handover.objects.filter(call=call, state__in=OPEN).order_by("-pk").values("pk")[:1]
        Handover.objects.filter(pk__in=newest).update(state=state, state_at=timezone.now())


def return_refused(commands: Iterable[int]) -> None:
    """What the exchange has not done brings nobody a caller (telephony scope); keys of commands."""
    wanted = ExchangeCommand.objects.filter(pk__in=commands, verb__in=("transfer", "consult"))
    for call, since in wanted.values_list("call", "created_at"):  # a card that is older belongs to an earlier wish
        asked = Handover.objects.filter(call=call, state="asked", at__gte=since)
        asked.update(state="returned", state_at=timezone.now())


def _state_after(phase: str, seen: Seen) -> str:
    """The state of an open card, "" where nothing has happened to it."""
    if seen.state is State.TRANSFERRED:
        return "transferred"
    if seen.phase == "blind":
        return "ringing"
    if seen.state is State.ENDED:
        return "ended" if phase == "blind" else "returned"
    is_back = phase in ASKING and seen.state is State.TALKING
    waits_again = phase == "blind" and seen.state in (State.QUEUED, State.OFFERED, State.TALKING)
    return "returned" if is_back or waits_again else ""


def _caller(call: Call) -> str:
    """A withheld number stays withheld."""
    if call.from_number:
        return numbers.display(call.from_number)[:40]
    return "" if numbers.read(call.from_raw).anonymous else call.from_raw[:40]


def _account(municipality_id: int, email: str) -> int | None:
    """Whose account in the municipality has this address; the database looks it up, since the desk may not read people."""
    if not email:
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT public.person_of_contact(%s, %s)", [municipality_id, email])
        found: int | None = cursor.fetchone()[0]
    return found
