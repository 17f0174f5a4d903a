"""In front of Django: a webhook's body is read here, up to its limit, since Django's ASGI handler would store one of any size on disk.

Cookies are taken off: the token alone authorises, and Django's middleware would look a session up in the database.
"""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from telephony_bridge.dialects.body import LIMIT

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
PATH = "/api/v1/cti/"
TOO_LARGE = {"error": f"Die Meldung ist zu groß: höchstens {LIMIT // 1024} KiB."}
INCOMPLETE: Message = {"type": "http.disconnect"}


class BodyGuard:
    """An ASGI application around another: webhooks with more than 64 KiB are answered 413, whatever length they announce."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Hand everything on; of webhooks only what was read whole."""
        if scope["type"] != "http" or not scope["path"].startswith(PATH):
            await self.app(scope, receive, send)
            return
        body = None if _announced(scope) > LIMIT else await _read(receive)
        if body is None:
            await _refuse(send)
            return
        pending = [body]

        async def replay() -> Message:
            return pending.pop() if pending else await receive()

        headers = [(name, value) for name, value in scope["headers"] if name != b"cookie"]
        await self.app({**scope, "headers": headers}, replay, send)


def _announced(scope: Message) -> int:
    """Content-Length, 0 when it is missing or no number."""
    length = dict(scope["headers"]).get(b"content-length", b"")
    return int(length) if length.isdigit() and len(length) < 20 else 0


async def _read(receive: Receive) -> Message | None:
    """The whole body as one message, a disconnect as it is, None for too much."""
    chunks, size = [], 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return INCOMPLETE
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > LIMIT:
            return None
        if not message.get("more_body"):
            return {"type": "http.request", "body": b"".join(chunks), "more_body": False}


async def _refuse(send: Send) -> None:
    body = json.dumps(TOO_LARGE, ensure_ascii=False).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": body})
