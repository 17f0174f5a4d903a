"""The webhook without Django's middleware: one thread instead of several, no session, no language, no pages (docs/adr/0095).

An exchange's message is read in front of it (guard.py) and answered by the same function as the view.
"""

import uuid
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections
from django.utils import timezone, translation

from telephony_bridge.dialects import SIGNATURES
from telephony_bridge.guard import PATH, App, Message, Receive, Send
from telephony_bridge.views import Answer, Post, answer, wrong_method

THREADS = 8
HEADERS = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
]
threads = ThreadPoolExecutor(THREADS, thread_name_prefix="cti")


class Door:
    """An ASGI application around another: it takes webhooks, and hands everything else on."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer `/api/v1/cti/<token>`. Behind TLS, what came without it is Django's to redirect."""
        token = scope["path"].removeprefix(PATH) if scope["type"] == "http" else ""
        if (
            not token
            or token == scope.get("path")
            or "/" in token
            or (settings.SECURE_SSL_REDIRECT and scope["scheme"] != "https")
        ):
            await self.app(scope, receive, send)
            return
        message = await receive()
        if message["type"] != "http.request":
            return  # the exchange is gone, and nothing was stored
        headers = dict(scope["headers"])
        request_id = _request_id(headers.get(b"x-request-id", b"").decode("latin-1"))
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        is_post = scope["method"] == "POST"
        found = await stored(_post(scope, token, message.get("body", b""))) if is_post else wrong_method()
        await _send(send, found, request_id)


@sync_to_async(thread_sensitive=False, executor=threads)
def stored(post: Post) -> Answer:
    """The answer, in a thread whose connection goes back to the pool."""
    try:
        with translation.override("de"):
            return answer(post)
    finally:
        connections.close_all()


def _post(scope: Message, token: str, raw: bytes) -> Post:
    """The request in the view's words. The address is uvicorn's word, which believes X-Forwarded-For of named proxies only."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    signatures = {name: headers.get(name, "") for name in SIGNATURES}
    client = scope.get("client")  # None for a Unix socket
    return Post(token, content_type, raw, client[0] if client else "", signatures, timezone.now())


def _request_id(given: str) -> str:
    return given if given.replace("-", "").isalnum() and len(given) <= 64 else uuid.uuid4().hex


async def _send(send: Send, found: Answer, request_id: str) -> None:
    body = found.text.encode()
    own: Iterable[tuple[bytes, bytes]] = (
        (name.lower().encode(), value.encode()) for name, value in found.headers.items()
    )
    about = [(b"content-type", found.content_type.encode()), (b"content-length", str(len(body)).encode())]
    headers = [*HEADERS, *own, (b"x-request-id", request_id.encode()), *about]
    await send({"type": "http.response.start", "status": found.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
