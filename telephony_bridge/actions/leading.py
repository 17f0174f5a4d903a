"""What whoever leads a centre's team does (desk scope). That they lead it is asked by the database, too: see sql/rights.sql."""

from datetime import datetime

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from telephony_bridge.actions.life import refuse_while_nobody_is_there
from telephony_bridge.actions.taking_over import refuse_taking_over
from telephony_bridge.models import Call, ExchangeCommand, Presence
from telephony_bridge.notice_models import CentreNotice
from telephony_bridge.presence import ring_bridges, tell
from telephony_bridge.seats import give_way
from tenants import audit, events
from tenants.audit import SYSTEM, Actor
from tenants.errors import Refusal
from tenants.models import ServiceCentre

BY_CALLS = ("busy", "wrap-up")  # states that a call says; what is chosen meanwhile holds after it
LONGEST_REASON, LONGEST_TEXT = 80, 300  # characters
NOTICE = ("text", "until", "ended_at")


def lead_presence(presence: Presence, state: str, reason: str, *, acting_user: Actor) -> None:
    """Put somebody on a break, or sign them out; during a call it holds after it. They read `reason`, and by whom.

    Raises Refusal for other states (that one takes calls is one's own to say) and without a reason.
    """
    reason = " ".join(reason.split())
    if state not in ("break", "away"):
        raise Refusal(_("Bereit melden kann sich jede Person nur selbst."))
    if not reason:
        raise Refusal(_("Bitte einen Grund angeben: Die Person liest ihn an ihrem Arbeitsplatz."))
    if len(reason) > LONGEST_REASON:
        raise Refusal(_("Der Grund ist zu lang: höchstens %(n)s Zeichen.") % {"n": LONGEST_REASON})
    with transaction.atomic():
        fresh = Presence.objects.select_for_update().get(pk=presence.pk)
        before = audit.state(fresh, "state", "after_call", "reason")
        fresh.after_call, fresh.reason = state, f"{reason} ({acting_user.name})"[:120]
        if fresh.state not in (*BY_CALLS, state):
            if fresh.state == "away":
                give_way(fresh)
            fresh.state, fresh.since = state, timezone.now()
        after = audit.state(fresh, "state", "after_call", "reason")
        if after != before:
            fresh.save(update_fields=["state", "after_call", "since", "reason"])
            audit.record(
                "lead_presence", fresh, acting_user=acting_user, centre=fresh.centre_id, before=before, after=after
            )
            tell(fresh)
    presence.refresh_from_db()


def lead_call(call: Call, verb: str, *, acting_user: Actor, telephone: str = "") -> None:
    """Put a caller who waits before all others (`first`), or let one's own telephone ring for them (`pull`) or for a colleague's caller (`take_over`).

    `telephone`: where the person sits. Raises Refusal for what cannot be now.
    """
    with transaction.atomic():
        fresh = Call.objects.select_for_update(of=("self",)).get(pk=call.pk)
        _refuse_what_cannot_be(fresh, verb, telephone, acting_user)
        refuse_while_nobody_is_there(fresh)
        ExchangeCommand.objects.create(centre_id=fresh.centre_id, call=fresh, person_id=acting_user.pk, verb=verb)
        if verb == "first":
            with connection.cursor() as cursor:
                cursor.execute("SELECT public.put_first(%s)", [fresh.pk])
        audit.record(
            "put_first" if verb == "first" else "pull_call" if verb == "pull" else "take_call_over", fresh, acting_user=acting_user,
            municipality=fresh.municipality_id, centre=fresh.centre_id,
        )  # fmt: skip
        events.tell_centre(fresh.centre_id, "call", fresh.public_id, "changed")
        ring_bridges(fresh.centre_id)
    call.refresh_from_db()


def _refuse_what_cannot_be(call: Call, verb: str, telephone: str, acting_user: Actor) -> None:
    if not call.is_controlled:
        raise Refusal(_("Diese Telefonanlage wird nicht vom Arbeitsplatz aus bedient."))
    if verb == "take_over":
        refuse_taking_over(call, telephone, acting_user)
        return
    if call.state != "ringing" or call.phase == "closed":
        raise Refusal(_("Der Anruf wartet nicht mehr."))
    if call.offered_to_id is not None:
        raise Refusal(_("Der Anruf klingelt schon bei jemandem."))
    if verb == "pull" and not telephone:
        raise Refusal(_("Für Sie ist kein Telefon hinterlegt. Tragen Sie es unter „Mein Konto“ ein."))


def set_notice(
    centre: ServiceCentre, kind: str, text: str, *, acting_user: Actor, until: datetime | None = None
) -> CentreNotice:
    """Close a centre at once (`closing`), or tell its desks a situation, until somebody ends it or `until` (aware). What held before ends.

    Raises Refusal for a text that is missing or too long, for a time that is over, and where somebody else does the same just now.
    """
    text = " ".join(text.split())
    if not text:
        raise Refusal(_("Bitte einen Text angeben."))
    if len(text) > LONGEST_TEXT:
        raise Refusal(_("Der Text ist zu lang: höchstens %(n)s Zeichen.") % {"n": LONGEST_TEXT})
    if until and until <= timezone.now():
        raise Refusal(_("Diese Uhrzeit ist heute schon vorbei."))
    try:
        with transaction.atomic():
            return _set_notice(centre, kind, text, until, acting_user)
    except IntegrityError:  # notice_once_a_kind: nobody's text is replaced unseen
        raise Refusal(
            _("Gerade hat jemand anderes eine Meldung gesetzt. Bitte ansehen und noch einmal versuchen.")
        ) from None


def _set_notice(
    centre: ServiceCentre, kind: str, text: str, until: datetime | None, acting_user: Actor
) -> CentreNotice:
    known, now, name = _open_notices(centre.pk, kind).first(), timezone.now(), str(acting_user.name)[:120]
    if known and (known.text, known.until) == (text, until):
        return known
    _open_notices(centre.pk, kind).update(ended_at=now, ended_by_name=name)
    notice = CentreNotice.objects.create(
        centre=centre, kind=kind, text=text, until=until, set_at=now, set_by_id=acting_user.pk, set_by_name=name
    )
    audit.record(
        "close_centre" if kind == "closing" else "set_situation", notice, acting_user=acting_user, centre=centre.pk,
        before=audit.state(known, *NOTICE) if known else None, after=audit.state(notice, *NOTICE),
    )  # fmt: skip
    _tell_notice(centre.pk, kind)
    return notice


def end_notice(centre: ServiceCentre, kind: str, *, acting_user: Actor) -> bool:
    """Open the centre again, or clear the situation. False where nothing held: a second press changes nothing."""
    with transaction.atomic():
        notice = _open_notices(centre.pk, kind).select_for_update(of=("self",)).first()
        if notice:
            _end_notice(notice, acting_user)
    return notice is not None


def expire_notices(*, acting_user: Actor = SYSTEM) -> int:
    """End what was set until a time that is over, and tell the desks (worker scope). Returns how many. Callers hear the end at once: closing_of."""
    done = 0
    over = CentreNotice.objects.filter(ended_at=None, until__lte=timezone.now())
    for key in list(over.order_by("pk").values_list("pk", flat=True)):
        with transaction.atomic():
            notice = over.select_for_update(skip_locked=True, of=("self",)).filter(pk=key).first()
            if notice:
                _end_notice(notice, acting_user)
                done += 1
    return done


def _open_notices(centre_id: int, kind: str) -> QuerySet[CentreNotice]:
    return CentreNotice.objects.filter(centre_id=centre_id, kind=kind, ended_at=None)


def _end_notice(notice: CentreNotice, acting_user: Actor) -> None:
    notice.ended_at, notice.ended_by_name = timezone.now(), str(acting_user.name)[:120]
    notice.save(update_fields=["ended_at", "ended_by_name"])
    audit.record(
        "open_centre" if notice.kind == "closing" else "clear_situation", notice, acting_user=acting_user,
        centre=notice.centre_id, before=audit.state(notice, "text"),
    )  # fmt: skip
    _tell_notice(notice.centre_id, str(notice.kind))


def _tell_notice(centre_id: int, kind: str) -> None:
    events.tell_centre(centre_id, "notice", kind, "changed")
    ring_bridges(centre_id)
