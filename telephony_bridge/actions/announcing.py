"""What a municipality records for its callers (its own scope). The bridge looks every two seconds: routing goes on with what it has until then."""

import hashlib

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from telephony_bridge.announcement_models import BIGGEST_KEPT, Announcement
from telephony_bridge.asterisk import speech
from telephony_bridge.asterisk.decoding import RATE
from tenants import audit
from tenants.audit import Actor
from tenants.errors import Refusal
from tenants.models import Municipality
from tenants.rows import delete_own

TOLD = ("name", "seconds", "sha256")
CHANGED = ("name", "audio", "sha256", "seconds", "uploaded_at", "uploaded_by_id", "uploaded_by_name")
HEAD = 44  # bytes of a wav before its samples


def upload_announcement(
    municipality: Municipality, kind: str, *, name: str, data: bytes, acting_user: Actor
) -> Announcement:
    """What callers hear from now on instead of the text: `data` is a wav or mp3 file, as it came, and `name` what it is called.

    Raises Refusal for what is no such file, too long, too big or silent, and for another kind; then all stays as it was.
    """
    if kind not in dict(Announcement.KINDS):
        raise Refusal(_("Diese Ansage gibt es nicht."))
    audio = speech.converted(data)
    if len(audio) > BIGGEST_KEPT:
        raise Refusal(_("Die Ansage ist zu lang."))
    values = {
        "name": named(name),
        "audio": audio,
        "sha256": hashlib.sha256(audio).hexdigest(),
        "seconds": round((len(audio) - HEAD) / 2 / RATE, 1),
        "uploaded_at": timezone.now(),
        "uploaded_by_id": acting_user.pk,
        "uploaded_by_name": str(acting_user.name)[:120],
    }
    try:
        with transaction.atomic():
            return _stored(Announcement(municipality=municipality, kind=kind, **values), acting_user)
    except IntegrityError:  # announcement_once_a_kind: nobody's recording is replaced unseen
        raise Refusal(
            _("Gerade hat jemand anderes eine Ansage hochgeladen. Bitte ansehen und noch einmal versuchen.")
        ) from None


def named(name: str) -> str:
    """A file's name as it can be shown: without its folders, and what cannot be seen or turns the writing around."""
    last = name.replace("\\", "/").rpartition("/")[2]
    seen = " ".join("".join(sign for sign in last if sign.isprintable()).split())
    return seen[:200] or _("ohne Namen")


def _stored(fresh: Announcement, acting_user: Actor) -> Announcement:
    same = Announcement.objects.defer("audio").filter(municipality=fresh.municipality_id, kind=fresh.kind)
    known = same.select_for_update(of=("self",), no_key=True).first()
    if known and (known.sha256, known.name) == (fresh.sha256, fresh.name):
        return known
    before = audit.state(known, *TOLD) if known else None
    for name in CHANGED if known else ():
        setattr(known, name, getattr(fresh, name))
    stored = known or fresh
    stored.save(update_fields=CHANGED if known else None)
    audit.record(
        "upload_announcement", stored, acting_user=acting_user, municipality=stored.municipality_id,
        before=before, after=audit.state(stored, *TOLD),
    )  # fmt: skip
    return stored


def remove_announcement(announcement: Announcement, *, acting_user: Actor) -> bool:
    """The text is heard again. False, and nothing logged, when somebody else removed it a moment ago."""
    fields, town = audit.state(announcement, *TOLD), announcement.municipality_id
    with transaction.atomic():
        if not delete_own(announcement):
            return False
        audit.record("remove_announcement", announcement, acting_user=acting_user, municipality=town, before=fields)
    return True
