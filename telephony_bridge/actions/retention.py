"""Forgetting callers: what pages promise ("wird nach 30 Tagen gelöscht") and Art. 5 (1) e DSGVO asks for (telephony scope).

Numbers, notes, cards of transferred callers, what agents wanted of our exchange and the exchanges' raw messages go; what reports count
(municipality, times, concern, outcome) stays.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from telephony_bridge.handover_models import Handover
from telephony_bridge.models import Call, CtiEvent, ExchangeCommand
from tenants import audit
from tenants.audit import SYSTEM, Actor

KEPT_DAYS = 30  # the same for every municipality
BATCH = 2000
PERSONAL = ("from_number", "from_raw", "note", "target", "returned_from")  # who called, whom they were put through to


def forget_callers(*, acting_user: Actor = SYSTEM, now: datetime | None = None) -> int:
    """Clear calls that ended more than 30 days ago and delete their raw messages, commands and cards, in batches; returns how many
    calls were cleared."""
    before = (now or timezone.now()) - timedelta(days=KEPT_DAYS)
    cleared = 0
    while any(batch := _one_batch(before, acting_user)):
        cleared += batch[0]
    return cleared


def _one_batch(before: datetime, acting_user: Actor) -> tuple[int, int, int, int]:
    personal = Q(*((f"{name}__gt", "") for name in PERSONAL), _connector=Q.OR)
    with transaction.atomic():
        old = list(
            Call.objects.filter(personal, state="ended", ringing_at__lt=before)
            .order_by("pk")
            .values_list("pk", flat=True)[:BATCH]
        )
        messages, _kinds = CtiEvent.objects.filter(pk__in=_oldest(before)).delete()
        Call.objects.filter(pk__in=old).update(**dict.fromkeys(PERSONAL, ""))
        wanted = ExchangeCommand.objects.filter(created_at__lt=before).order_by("pk")
        commands, _kinds = ExchangeCommand.objects.filter(
            pk__in=list(wanted.values_list("pk", flat=True)[:BATCH])
        ).delete()
        cards, _kinds = Handover.objects.filter(pk__in=_old_cards(before)).delete()
        if old or messages or commands or cards:
            done = {"calls": len(old), "messages": messages + commands}  # from exchanges, and to ours
            done |= {"handovers": cards} if cards else {}
            audit.record("forget_callers", ("call", "", ""), acting_user=acting_user, after=done)
    return len(old), messages, commands, cards


def _old_cards(before: datetime) -> list[int]:
    return list(Handover.objects.filter(at__lt=before).order_by("pk").values_list("pk", flat=True)[:BATCH])


def _oldest(before: datetime) -> list[int]:
    return list(CtiEvent.objects.filter(received_at__lt=before).order_by("pk").values_list("pk", flat=True)[:BATCH])
