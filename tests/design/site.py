"""The gallery as a small web site: pages made with the real templates, tags and collected static files, under the real policy."""

import functools
import http.server
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.template.engine import Engine
from django.template.loader import render_to_string
from django.test import RequestFactory, override_settings
from django.urls import set_urlconf

from tests.design import content

HERE = Path(__file__).resolve().parent
PAGES = ("parts", "marks", "form", "desk")
MODULES = [f"desk/js/{name}.js" for name in ("keys", "palette", "search", "ring")]


def templates() -> list[dict[str, Any]]:
    """The project's templates and the gallery's; an undefined variable is shown, so that a test can find it."""
    (own,) = settings.TEMPLATES
    options = own["OPTIONS"] | {"string_if_invalid": "UNDEFINED(%s)"}
    return [own | {"DIRS": [str(HERE / "templates")], "OPTIONS": options}]


@contextmanager
def surroundings(static: Path) -> Iterator[None]:
    """Settings of the gallery: hashed static files in `static`, addresses of tests/design/urls.py."""
    storages = settings.STORAGES | {"staticfiles": {"BACKEND": "config.storage.Storage"}}
    with override_settings(
        TEMPLATES=templates(), STATIC_ROOT=static, STORAGES=storages, ROOT_URLCONF="tests.design.urls"
    ):
        set_urlconf("tests.design.urls")
        try:
            yield
        finally:
            set_urlconf(None)


def render(template: str, **more: Any) -> str:
    """A template with the gallery's content and somebody signed in."""
    request = RequestFactory().get("/gap_list/12/", {"seite": "7", "q": "müll"})
    request.user = content.PERSON
    request.urlconf = "tests.design.urls"
    request.municipality = content.SOEST
    request.roles = frozenset({"tenant_admin"})
    return str(render_to_string(template, content.context() | {"modules": MODULES} | more, request))


def build(folder: Path) -> None:
    """Collect the static files and write every page."""
    with surroundings(folder / "static"):
        call_command("collectstatic", interactive=False, verbosity=0)
        for name in PAGES:
            (folder / f"{name}.html").write_text(render(f"gallery/{name}.html"), encoding="utf-8")
        for name in ("400", "403", "403_csrf", "404", "429"):
            (folder / f"{name}.html").write_text(render(f"{name}.html"), encoding="utf-8")
        (folder / "500.html").write_text(Engine.get_default().render_to_string("500.html"), encoding="utf-8")
        for state in ("ringing", "talking"):
            (folder / f"card-{state}.part").write_text(render("gallery/card.html", state=state), encoding="utf-8")
        (folder / "hits.part").write_text(render("gallery/hits.html"), encoding="utf-8")


def policy() -> str:
    """The Content-Security-Policy that every page of the product has."""
    return "; ".join(
        f"{name} {' '.join(values)}" for name, values in settings.CONTENT_SECURITY_POLICY["DIRECTIVES"].items()
    )


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files, the policy on each, and a search that answers what the word says: "nichts" nothing, "kaputt" an error."""

    def log_message(self, *_args: Any) -> None:
        """Quiet."""

    def end_headers(self) -> None:
        """With the policy."""
        self.send_header("Content-Security-Policy", policy())
        super().end_headers()

    def do_GET(self) -> None:
        """A file, or hits."""
        address = urllib.parse.urlsplit(self.path)
        if address.path == "/suche":
            self.answer(address.query)
        else:
            super().do_GET()

    def answer(self, query: str) -> None:
        """The hits of the gallery, whatever the words."""
        words = urllib.parse.parse_qs(query).get("q", [""])[0]
        body = b"" if words == "nichts" else (Path(self.directory) / "hits.part").read_bytes()
        self.send_response(500 if words == "kaputt" else 200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder on a free loopback port; its address without a slash at the end."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
