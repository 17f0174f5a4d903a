"""The webhook of exchanges: authorised by its token (and its signature, where the dialect has one), answered 200 only for what is stored."""

import json
from datetime import datetime
from typing import NamedTuple

import structlog
from django.contrib.auth.decorators import login_not_required
from django.db import Error, OperationalError, transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from telephony_bridge import actions, limits
from telephony_bridge.addresses import webhook_address
from telephony_bridge.dialects import SIGNATURES, Dialect, dialect_of
from telephony_bridge.dialects.body import LIMIT, decode_body
from telephony_bridge.messages import BadMessage, CtiMessage
from telephony_bridge.models import Source
from telephony_bridge.networks import is_allowed
from telephony_bridge.tokens import hash_of, secret_of
from tenants import scope

log = structlog.get_logger(__name__)
RETRY_AFTER = "5"  # seconds
JSON, XML = "application/json", "application/xml"


class Post(NamedTuple):
    """A request to the webhook: `address` is the connection's ("" for none), `signatures` the headers that dialects sign with."""

    token: str
    content_type: str
    raw: bytes
    address: str
    signatures: dict[str, str]
    at: datetime


class Answer(NamedTuple):
    """What an exchange is told: status, JSON (or the text of its own kind) and headers of its own."""

    status: int
    body: dict[str, str] = {}
    headers: dict[str, str] = {}
    xml: str = ""

    @property
    def text(self) -> str:
        """The body as it is sent."""
        return self.xml or json.dumps(self.body, ensure_ascii=False)

    @property
    def content_type(self) -> str:
        """What the body is."""
        return XML if self.xml else JSON


def answer(post: Post) -> Answer:
    """Store one message: 200, or `{"error": sentence}` with 400, 401, 403, 413, 415, 422, 429 and 503 (both with Retry-After)."""
    token_hash = hash_of(post.token)
    if wait := limits.messages.wait(token_hash):
        return _too_many(token_hash, wait)
    source = None
    try:
        with scope.telephony(), transaction.atomic():
            source = _source_of(token_hash)
            dialect = dialect_of(source.dialect)
            message = _store(source, dialect, post)
    except BadMessage as bad:
        return _bad(bad, source)
    except Error as error:
        (log.warning if isinstance(error, OperationalError) else log.exception)(
            "cti.not_stored", error=str(error)[:200]
        )
        return _refused(
            503,
            _("Die Meldung konnte nicht gespeichert werden. Bitte gleich noch einmal schicken."),
            **{"Retry-After": RETRY_AFTER},
        )
    return Answer(200, xml=dialect.answer(message, webhook_address(post.token)) if dialect.answer else "")


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
            found = answer(_post(request, token))
        except BadMessage as bad:
            found = _bad(bad, None)
    return HttpResponse(found.text, status=found.status, headers=found.headers, content_type=found.content_type)


def _post(request: HttpRequest, token: str) -> Post:
    at, raw = timezone.now(), _body(request)
    signatures = {name: request.headers.get(name, "") for name in SIGNATURES}
    return Post(token, request.content_type or "", raw, request.META.get("REMOTE_ADDR") or "", signatures, at)


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


def _source_of(token_hash: str) -> Source:
    """Whose token it is. Nobody reports for an exchange of ours. Raises BadMessage."""
    source: Source | None = Source.objects.filter(token_hash=token_hash).first()
    if source is None or source.dialect == Source.DIALECTS.asterisk:
        raise BadMessage(401, _("Das Token ist unbekannt oder wurde ersetzt."))
    return source


def _store(source: Source, dialect: Dialect, post: Post) -> CtiMessage:
    """What was said, by whom it may be, and what follows from it. Raises BadMessage."""
    if not is_allowed(post.address, source.networks):
        words = {"address": post.address or "?"}
        raise BadMessage(403, _("Von der Adresse %(address)s nimmt dieser Anschluss keine Meldungen an.") % words)
    if dialect.check:
        dialect.check(secret_of(source.pk, source.generation), post.raw, post.signatures.get(dialect.signature, ""))
    body = decode_body(post.content_type, post.raw)
    message = dialect.parse(body)
    actions.receive(source, message, body, at=post.at)
    return message


def _too_many(token_hash: str, wait: int) -> Answer:
    """Refuse a message unread; not more than once a second the database hears of it."""
    sentence = _("Es kommen zu viele Meldungen auf einmal.")
    if not limits.notices.wait(token_hash):
        log.warning("cti.limited", token_hash=token_hash[:8], wait=wait)
        try:
            with scope.telephony():
                if source := Source.objects.filter(token_hash=token_hash).first():
                    actions.remember_refusal(source, sentence)
        except Error as error:
            log.warning("cti.refusal_not_stored", error=str(error)[:200])
    return _refused(429, sentence, **{"Retry-After": str(wait)})


def _bad(bad: BadMessage, source: Source | None) -> Answer:
    """Refuse a message, and remember why for who connects the exchange."""
    log.warning("cti.refused", status=bad.status, reason=bad.sentence)
    if source is not None:
        try:
            with scope.telephony():
                actions.remember_refusal(source, bad.sentence)
        except Error as error:
            log.warning("cti.refusal_not_stored", error=str(error)[:200])
    return _refused(bad.status, bad.sentence)


def _refused(status: int, sentence: str, **headers: str) -> Answer:
    return Answer(status, {"error": sentence}, headers)
