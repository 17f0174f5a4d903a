"""Between ASGI and Django: one thread does a whole request, and nothing is begun for a browser that has gone."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.signals import request_finished, request_started
from django.http import HttpResponse, StreamingHttpResponse

from config import handler
from config.handler import Handler
from tests import loops

SCOPE = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [(b"host", b"localhost")]}


class Browser:
    """Sends a request and goes when it is told to."""

    def __init__(self):
        self.gone, self.sent, self.got = asyncio.Event(), asyncio.Event(), []

    async def receive(self):
        if not self.sent.is_set():
            self.sent.set()
            return {"type": "http.request", "body": b"", "more_body": False}
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message):
        self.got.append(message)


@pytest.fixture
def django(monkeypatch):
    """A handler whose answer is `django.answer`, called with the request."""
    made = Handler()
    made.answer = lambda _request: HttpResponse("gut", headers={"X-Own": "1"})
    monkeypatch.setattr(made, "get_response", lambda request: made.answer(request))  # noqa: PLW0108  it is changed later
    return made


def test_a_request_stays_in_one_thread_from_its_beginning_to_its_end(django):
    seen = []

    def note(**_given):
        seen.append(threading.current_thread().name)

    def answer(_request):
        note()
        return HttpResponse("gut", headers={"X-Own": "1"})

    django.answer = answer
    request_started.connect(note)
    request_finished.connect(note)
    browser = Browser()
    try:
        loops.run(django(SCOPE, browser.receive, browser.send))
    finally:
        request_started.disconnect(note)
        request_finished.disconnect(note)
    assert len(seen) == 3
    assert len(set(seen)) == 1
    assert seen[0].startswith("web")
    start, body = browser.got
    assert start["status"] == 200
    assert (b"X-Own", b"1") in start["headers"]
    assert body["body"] == b"gut"


def test_a_request_whose_browser_went_while_it_waited_is_not_begun(django, monkeypatch):
    free, begun = threading.Event(), []
    django.answer = lambda _request: begun.append(1)
    with ThreadPoolExecutor(1) as busy:
        monkeypatch.setattr(handler, "threads", busy)
        busy.submit(free.wait, 30)

        async def run():
            browser = Browser()
            task = asyncio.create_task(django(SCOPE, browser.receive, browser.send))
            await browser.sent.wait()
            browser.gone.set()
            await task
            free.set()
            return browser.got

        assert loops.run(run()) == []
    assert begun == []


def test_what_was_begun_is_finished_although_nobody_waits_for_it(django):
    working, go_on, finished = threading.Event(), threading.Event(), threading.Event()

    def answer(_request):
        working.set()
        go_on.wait(30)
        response = HttpResponse("gut")
        response._resource_closers.append(finished.set)
        return response

    async def run():
        browser = Browser()
        task = asyncio.create_task(django(SCOPE, browser.receive, browser.send))
        await asyncio.to_thread(working.wait, 30)
        browser.gone.set()
        await task
        go_on.set()
        return browser.got

    django.answer = answer
    assert loops.run(run()) == []
    assert finished.wait(30)


def test_a_stream_is_an_error(django):
    django.answer = lambda _request: StreamingHttpResponse([b"x"])
    browser = Browser()
    with pytest.raises(NotImplementedError):
        loops.run(django(SCOPE, browser.receive, browser.send))
    assert browser.got == []
