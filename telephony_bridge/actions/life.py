"""Whether anybody does at an exchange of ours what desks want: the bridge that serves it shows that it lives, and who presses is told at once where it does not."""

from datetime import timedelta

from django.db.models.functions import Now
from django.utils.translation import gettext as _

from telephony_bridge.models import Call, Source
from tenants.errors import Refusal

SHOWN_EVERY = 2.0  # seconds
SILENT = timedelta(seconds=8)  # after which nobody is there: a standby has taken over by then (routing/standby.py)


def show_life(source: Source) -> None:
    """The exchange of this source is served now (telephony scope), by the database's clock. No audit row: it says nothing of anybody."""
    Source.objects.filter(pk=source.pk).update(alive_at=Now())


def refuse_while_nobody_is_there(call: Call) -> None:
    """Raises Refusal (desk scope). An exchange that was never served since it is known when counts as served: what is late is told later."""
    if Source.objects.filter(pk=call.source_id, alive_at__lt=Now() - SILENT).exists():
        sentence = _(
            "Die Telefonanlage ist gerade nicht erreichbar: Bitte am Telefon bedienen, oder gleich noch einmal versuchen."
        )
        raise Refusal(sentence)
