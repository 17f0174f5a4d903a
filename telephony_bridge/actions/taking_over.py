"""What becomes of a talk that whoever leads the team takes over: the wish, who is told what became of it, and the wrap-up of who had the talk."""

from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext as _

from telephony_bridge import times
from telephony_bridge.models import Call, ExchangeCommand, Presence, Source
from telephony_bridge.presence import become
from tenants import audit
from tenants.audit import SYSTEM, Actor
from tenants.errors import Refusal

TALKS = ("", "held")  # phases of a talk that can be taken over: in all others somebody else has a part in it


def refuse_taking_over(call: Call, telephone: str, acting_user: Actor) -> None:
    """Raises Refusal for what is no talk with a colleague, and for who has no telephone, or talks already."""
    if call.state != "talking":
        raise Refusal(_("Das Gespräch ist schon zu Ende."))
    if call.phase not in TALKS:
        raise Refusal(_("Das geht jetzt nicht: Der Anruf wird gerade weitergegeben, oder jemand wird dazu gefragt."))
    if call.agent_id == acting_user.pk:
        raise Refusal(_("Dieses Gespräch führen Sie schon."))
    if not telephone:
        raise Refusal(_("Für Sie ist kein Telefon hinterlegt. Tragen Sie es unter „Mein Konto“ ein."))
    if Call.objects.filter(agent_id=acting_user.pk, state="talking").exists():
        raise Refusal(_("Sie sind selbst im Gespräch. Beenden Sie es zuerst."))


def not_taken_over(source: Source, external_id: str, why: str, *, acting_user: Actor = SYSTEM) -> str:
    """Let whoever wanted a talk know why they do not have it (telephony scope); the call's public id, "" where nobody wanted it.

    `why`: a value of routing.calls.Why. At a time at most one person is about to take a talk over, so it is the last who wanted to.
    """
    wanted = ExchangeCommand.objects.filter(call__source=source, call__external_id=external_id, verb="take_over")
    last = wanted.filter(result="done").select_related("call").order_by("-pk").first()
    if last is None:
        return ""
    last.done_at, last.result = timezone.now(), why
    last.save(update_fields=["done_at", "result"])
    return str(last.call.public_id)


def let_write_up(call: Call, before: int | None, at: datetime, *, acting_user: Actor = SYSTEM) -> None:
    """Who had the talk until now (person key) reads who took it over, and has time to write it up before the next call (telephony scope)."""
    if before is None or before == call.agent_id:
        return
    here = Presence.objects.select_for_update().filter(centre_id=call.centre_id, person_id=before)
    # Not who had a reason of their own to be gone after it.
    presence = here.filter(state__in=["ready", "wrap-up"]).first()
    if presence:
        states = audit.state(presence, "state", "reason")
        presence.reason = _("%(name)s hat das Gespräch übernommen") % {"name": call.agent_name[:80]}
        presence.save(update_fields=["reason"])
        become(presence, "wrap-up", at)
        audit.record(
            "hand_call_over", presence, acting_user=acting_user, centre=call.centre_id, before=states,
            after=audit.state(presence, "state", "reason"),
        )  # fmt: skip


def end_write_ups(*, acting_user: Actor = SYSTEM) -> int:
    """Who has no call to write up any more is as they chose to be after it, when the time is over (telephony or worker scope). Returns how many."""
    now, done = timezone.now(), 0
    writes = Call.objects.filter(agent_id=OuterRef("person_id"), state__in=["talking", "wrap-up"])
    over = Presence.objects.filter(~Exists(writes), state="wrap-up", since__lt=now - times.WRAP_UP)
    over = over.exclude(after_call="wrap-up")  # said so themselves
    for key in list(over.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            presence = over.select_for_update(skip_locked=True, of=("self",)).filter(pk=key).first()
            if presence:
                presence.reason = ""
                presence.save(update_fields=["reason"])
                become(presence, str(presence.after_call), now)
                done += 1
    return done
