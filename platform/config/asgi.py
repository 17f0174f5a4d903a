"""The ASGI application: the desk's event stream beside Django, since an open stream must not hold a thread or a connection."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django import setup

setup()

from django.conf import settings  # noqa: E402

from config.bodies import BoundedBodies, Message, Receive, Send  # noqa: E402
from config.handler import Handler  # noqa: E402
from config.middleware import OPEN_PATHS  # noqa: E402  needs the apps to be loaded
from desk.stream import events  # noqa: E402
from telephony_bridge.asterisk.speech import BIGGEST  # noqa: E402
from telephony_bridge.door import Door  # noqa: E402
from telephony_bridge.guard import BodyGuard  # noqa: E402

# Bounded bodies; those of webhooks more closely, and without cookies.
# Audio that is too big by little is refused by its page, in a sentence.
UPLOADS = {"/einstellungen/ansagen/": BIGGEST + 2 * 1024 * 1024}
bounded = BoundedBodies(Handler(), settings.DATA_UPLOAD_MAX_MEMORY_SIZE, UPLOADS)
pages = BodyGuard(Door(bounded))


async def healthz(send: Send) -> None:
    """Alive: no database, no Django."""
    await send(
        {
            "type": "http.response.start",
            "status": 200,
            "headers": [(b"content-type", b"text/plain"), (b"cache-control", b"no-store")],
        }
    )
    await send({"type": "http.response.body", "body": b"ok"})


def under_our_name(asgi_scope: Message) -> Message:
    """What programs ask for has the same answer under any name: a probe knows a pod's address only, an exchange perhaps another name."""
    if asgi_scope["type"] != "http" or not asgi_scope["path"].startswith(OPEN_PATHS):
        return asgi_scope
    headers = [(name, value) for name, value in asgi_scope["headers"] if name != b"host"]
    return {**asgi_scope, "headers": [*headers, (b"host", settings.RUFVERBUND_DOMAIN.encode())]}


async def application(asgi_scope: Message, receive: Receive, send: Send) -> None:
    """Dispatch by path; everything but health and the stream is Django's."""
    if asgi_scope["type"] == "http" and asgi_scope["path"] == "/healthz":
        await healthz(send)
        return
    if asgi_scope["type"] == "http" and asgi_scope["path"] == "/events":
        await events(asgi_scope, receive, send)
        return
    await pages(under_our_name(asgi_scope), receive, send)
