"""In front of Django, whose ASGI handler stores a body of any size on disk before it looks at the host, the address or the person."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
GONE: Message = {"type": "http.disconnect"}
TOO_LARGE = "Das ist zu groß für diese Seite.".encode()


class BoundedBodies:
    """An ASGI application around another: requests with more than `limit` bytes are answered 413, whatever length they announce.

    `uploads`: how many it may be where a path begins so.
    """

    def __init__(self, app: App, limit: int, uploads: Mapping[str, int] | None = None) -> None:
        self.app, self.limit, self.uploads = app, limit, uploads or {}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Hand on what fits; for the application, what does not ends as if the browser had gone."""
        limit = next((size for path, size in self.uploads.items() if scope["path"].startswith(path)), self.limit)
        announced = dict(scope["headers"]).get(b"content-length", b"")
        size = int(announced) if announced.isdigit() and len(announced) < 20 else 0
        if size > limit:
            await refuse(send)
            return
        read, answered = 0, False

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            return message if read <= limit else GONE

        async def watched(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        await self.app(scope, counted, watched)
        if read > limit and not answered:
            await refuse(send)


async def refuse(send: Send) -> None:
    """413 in one sentence; the connection ends, since the rest of the body is still on it."""
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", str(len(TOO_LARGE)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": TOO_LARGE})
