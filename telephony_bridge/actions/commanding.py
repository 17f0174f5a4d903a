"""What an agent wants of our own exchange (desk scope): kept with who wants it, told to the bridge, which does it (telephony scope)."""

from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from telephony_bridge.actions.handing import OPEN, Target, hand_over, return_refused, take_back
from telephony_bridge.actions.life import refuse_while_nobody_is_there
from telephony_bridge.models import Call, ExchangeCommand
from telephony_bridge.presence import ring_bridges
from telephony_bridge.routing.calls import NUMBER
from tenants import audit, events
from tenants.audit import SYSTEM, Actor
from tenants.errors import Refusal

STALE = 10  # seconds after which nobody wants any more what they wanted
WHEN: Mapping[str, tuple[str, ...]] = {  # verb -> phases of a talk in which it makes sense
    "hold": ("",),
    "resume": ("held",),
    "transfer": ("", "held"),
    "consult": ("", "held"),
    "swap": ("consulting", "swapped"),
    "complete": ("dialling", "consulting", "swapped"),
    "cancel": ("dialling", "consulting", "swapped"),
    "hang_up": ("", "held"),
}


def command_exchange(
    call: Call, verb: str, *, acting_user: Actor, number: str = "", label: str = "", target: Target | None = None
) -> None:
    """Let the exchange do something with a call that is offered to one (accept, decline) or that one has. The card follows what it then reports.

    `number` (E.164 or an extension) and `label` (whose it is) where somebody is called, `target` where that is a contact: a card goes along.
    Raises Refusal for what cannot be now.
    """
    with transaction.atomic():
        fresh = Call.objects.select_for_update().get(pk=call.pk)
        _refuse_what_cannot_be(fresh, verb, number, acting_user)
        refuse_while_nobody_is_there(fresh)
        ExchangeCommand.objects.create(
            centre_id=fresh.centre_id, call=fresh, person_id=acting_user.pk, verb=verb, number=number, label=label[:200]
        )
        if verb in ("transfer", "consult"):
            fresh.transferred_to = label[:200] or number
            fresh.save(update_fields=["transferred_to"])
            if target:
                hand_over(fresh, target, acting_user=acting_user)
            else:  # the caller does not go to whom an earlier card is for
                take_back(fresh, acting_user=acting_user, states=OPEN)
        audit.record(
            f"exchange_{verb}", fresh, acting_user=acting_user, municipality=fresh.municipality_id,
            centre=fresh.centre_id, after={"number": number, "label": label} if number else None,
        )  # fmt: skip
        ring_bridges(fresh.centre_id)
    call.refresh_from_db()


def _refuse_what_cannot_be(call: Call, verb: str, number: str, acting_user: Actor) -> None:
    if not call.is_controlled:
        raise Refusal(_("Diese Telefonanlage wird nicht vom Arbeitsplatz aus bedient."))
    if number and not NUMBER.fullmatch(number):
        raise Refusal(_("„%(number)s“ ist keine Rufnummer.") % {"number": number[:40]})
    if verb in ("accept", "decline"):
        if call.state != "ringing" or call.offered_to_id != acting_user.pk:
            raise Refusal(_("Der Anruf klingelt nicht mehr bei Ihnen."))
    elif call.agent_id != acting_user.pk:
        raise Refusal(_("Diesen Anruf haben Sie nicht angenommen."))
    elif call.state != "talking" or call.phase not in WHEN[verb]:
        raise Refusal(_("Das geht in diesem Augenblick nicht: Der Anruf ist schon weiter."))


def open_commands(centre_id: int) -> list[ExchangeCommand]:
    """What is wanted and not done yet, in order (telephony scope)."""
    wanted = (
        ExchangeCommand.objects.filter(centre_id=centre_id, done_at=None)
        .select_related("call__municipality")
        .order_by("pk")
    )
    return list(wanted[:200])


def is_late(command: ExchangeCommand) -> bool:
    """Whether nobody wants any more what was wanted then: the bridge was away."""
    return timezone.now() - command.created_at > timedelta(seconds=STALE)


def end_commands(results: Mapping[int, str], *, acting_user: Actor = SYSTEM) -> None:
    """Say of commands (by key) what became of them: done, refused, late (telephony scope)."""
    with transaction.atomic():
        now = timezone.now()
        for result in set(results.values()):
            keys = [key for key, what in results.items() if what == result]
            ended = ExchangeCommand.objects.filter(pk__in=keys)
            ended.update(done_at=now, result=result)
            if result != "done":  # who pressed shall know
                return_refused(keys)
                for centre, call in ended.values_list("centre_id", "call__public_id"):
                    events.tell_centre(centre, "call", call, "changed")
