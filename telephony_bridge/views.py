"""The webhook of exchanges: authorised by its token alone, answered 200 only for what is stored."""

import structlog
from django.contrib.auth.decorators import login_not_required
from django.db import Error, OperationalError, transaction
from django.http import HttpRequest, JsonResponse, UnreadablePostError
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from telephony_bridge import actions
from telephony_bridge.dialects import zammad
from telephony_bridge.dialects.body import LIMIT
from telephony_bridge.messages import BadMessage
from telephony_bridge.models import Source
from telephony_bridge.tokens import hash_of
from tenants import scope

log = structlog.get_logger(__name__)
RETRY_AFTER = "5"  # seconds


@csrf_exempt
@login_not_required
def cti(request: HttpRequest, token: str) -> JsonResponse:
    """POST /api/v1/cti/<token>: 200 `{}`, or `{"error": sentence}` with 400, 401, 405, 413, 415, 422, 503 (Retry-After)."""
    if request.method != "POST":
        return _refused(405, _("Meldungen werden mit POST geschickt."), Allow="POST")
    try:
        raw = _body(request)
        with scope.telephony(), transaction.atomic():
            _store(token, request.content_type or "", raw)
    except BadMessage as bad:
        log.warning("cti.refused", status=bad.status, reason=bad.sentence)
        return _refused(bad.status, bad.sentence)
    except Error as error:
        (log.warning if isinstance(error, OperationalError) else log.exception)(
            "cti.not_stored", error=str(error)[:200]
        )
        return _refused(
            503,
            _("Die Meldung konnte nicht gespeichert werden. Bitte gleich noch einmal schicken."),
            **{"Retry-After": RETRY_AFTER},
        )
    return JsonResponse({})


def _body(request: HttpRequest) -> bytes:
    """At most one byte more than allowed, so that nothing large is ever held or parsed."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    too_large = BadMessage(413, _("Die Meldung ist zu groß: höchstens %(limit)s KiB.") % {"limit": LIMIT // 1024})
    if length.isdecimal() and int(length) > LIMIT:
        raise too_large
    try:
        raw = request.read(LIMIT + 1)
    except UnreadablePostError:
        raise BadMessage(400, _("Die Meldung ist nicht vollständig angekommen.")) from None
    if len(raw) > LIMIT:
        raise too_large
    return raw


def _store(token: str, content_type: str, raw: bytes) -> None:
    """Whose token it is, what was said, and what follows from it. Raises BadMessage."""
    source = Source.objects.filter(token_hash=hash_of(token)).first()
    if source is None:
        raise BadMessage(401, _("Das Token ist unbekannt oder wurde ersetzt."))
    body = zammad.decode_body(content_type, raw)
    actions.receive(source, zammad.parse(body), body)


def _refused(status: int, sentence: str, **headers: str) -> JsonResponse:
    return JsonResponse({"error": sentence}, status=status, headers=headers, json_dumps_params={"ensure_ascii": False})
