"""The webhook of exchanges: authorised by its token alone, answered 200 only for what is stored."""

import json
from typing import NamedTuple

import structlog
from django.contrib.auth.decorators import login_not_required
from django.db import Error, OperationalError, transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
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


class Answer(NamedTuple):
    """What an exchange is told: status, JSON and headers of its own."""

    status: int
    body: dict[str, str] = {}
    headers: dict[str, str] = {}

    @property
    def text(self) -> str:
        """The body as it is sent."""
        return json.dumps(self.body, ensure_ascii=False)


def answer(token: str, content_type: str, raw: bytes) -> Answer:
    """Store one message: 200 `{}`, or `{"error": sentence}` with 400, 401, 413, 415, 422, 503 (Retry-After)."""
    try:
        with scope.telephony(), transaction.atomic():
            _store(token, content_type, raw)
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
    return Answer(200)


def wrong_method() -> Answer:
    """405 for anything but POST."""
    return _refused(405, _("Meldungen werden mit POST geschickt."), Allow="POST")


@csrf_exempt
@login_not_required
def cti(request: HttpRequest, token: str) -> HttpResponse:
    """POST /api/v1/cti/<token> by way of Django; under uvicorn, telephony_bridge.door answers without its middleware."""
    if request.method != "POST":
        found = wrong_method()
    else:
        try:
            found = answer(token, request.content_type or "", _body(request))
        except BadMessage as bad:
            log.warning("cti.refused", status=bad.status, reason=bad.sentence)
            found = _refused(bad.status, bad.sentence)
    return HttpResponse(found.text, status=found.status, headers=found.headers, content_type="application/json")


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


def _refused(status: int, sentence: str, **headers: str) -> Answer:
    return Answer(status, {"error": sentence}, headers)
