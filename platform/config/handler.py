"""Django behind ASGI with one hop into a thread for each request (docs/adr/0105): all middlewares and views here are synchronous.

Django's own handler goes to and fro between the event loop and a thread that it starts anew for each request: at the signal that a request
begins, around the view, and when the response is closed.
"""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO, Any

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.core.signals import request_started
from django.http import HttpRequest
from django.urls import set_script_prefix

from config.bodies import Message, Receive, Send

THREADS = 8  # four processes stay below the connections that a municipality's login may have (provisioning.py); who waits, waits here
threads = ThreadPoolExecutor(THREADS, thread_name_prefix="web")


@dataclass(frozen=True, slots=True)
class Turn:
    """A request's body, which is read and closed by whoever takes the turn first: the thread, or the one who finds that the browser has gone."""

    body: IO[bytes]
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def taken(self) -> bool:
        """Take it; False when somebody else has."""
        return self._lock.acquire(blocking=False)


class Handler(ASGIHandler):
    """Reads the body, answers in a thread, sends. A request whose client has gone before its turn came is not begun."""

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: FBT002  Django's signature
        """The chain for threads, whatever ASGIHandler asks for."""
        super().load_middleware(is_async=False)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:  # type: ignore[override]
        """One request."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        turn = Turn(body)
        gone = asyncio.create_task(self.listen_for_disconnect(receive))
        work = asyncio.create_task(self.answered(scope, turn))
        try:
            await asyncio.wait([gone, work], return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                await self.send_response(work.result(), send)  # type: ignore[arg-type]
        finally:
            gone.cancel()
            work.cancel()
            if turn.taken():
                body.close()

    async def answered(self, scope: Message, turn: Turn) -> Any:
        """The response, read to its end and closed; None when it is not wanted any more."""
        return await sync_to_async(self._answered, thread_sensitive=False, executor=threads)(scope, turn)

    def _answered(self, scope: Message, turn: Turn) -> Any:
        if not turn.taken():
            return None
        with turn.body:
            set_script_prefix(get_script_prefix(scope))
            request_started.send(sender=self.__class__, scope=scope)
            request, refused = self.create_request(scope, turn.body)
            response: Any = refused if request is None else self.respond(request)
            response.close()  # sends request_finished, which gives the connection back
            return response

    def respond(self, request: HttpRequest) -> Any:
        """An HttpResponse, through all middlewares. Nothing here streams: what did would have to be read in this thread, which has its connection."""
        response: Any = self.get_response(request)
        response._handler_class = self.__class__  # noqa: SLF001  as Django's handlers: the sender of request_finished
        if response.streaming:
            response.close()
            raise NotImplementedError("a response that streams")
        return response
