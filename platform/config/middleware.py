"""From the host to the area, from the person to what they may do there, and from both to the scope in which the view runs."""

import uuid
from collections.abc import Callable
from contextlib import ExitStack
from io import BytesIO
from typing import Any

import structlog
from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import BadRequest, DisallowedHost, PermissionDenied
from django.db import DataError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import redirect
from django.utils import translation
from whitenoise.middleware import WhiteNoiseMiddleware

from accounts import sessions
from accounts.access import Access, access_of, has_second_factor
from config.views import bad_request
from tenants import scope
from tenants.models import Host, Municipality

log = structlog.get_logger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponse]
# Sign-in and one's own account work in the front's scope on every host.
ACCOUNT_PATHS = ("/konto/", "/static/", "/einladung/", "/demo/", "/sprache/")
# Doors without a person: they authorise themselves and open their own scope.
OPEN_PATHS = ("/api/", "/healthz", "/readyz", "/metrics")


class RequestIdMiddleware:
    """One id for a request through all log lines and audit rows; a proxy's X-Request-ID is taken when it looks like one."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Bind the id, start without a scope, answer with the id."""
        given = request.headers.get("X-Request-ID", "")
        request_id = given if given.replace("-", "").isalnum() and len(given) <= 64 else uuid.uuid4().hex
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        with scope.entered(None):
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response


class StaticMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise with whole bodies: a file that is streamed from a synchronous iterator costs a warning and a thread under ASGI."""

    @staticmethod
    def serve(static_file: Any, request: HttpRequest) -> HttpResponse:
        """The file with WhiteNoise's headers; ours are small (the largest has 340 kB, 40 kB compressed) and cached for ever."""
        found = static_file.get_response(request.method, request.META)
        with found.file or BytesIO() as file:
            response = HttpResponse(file.read(), status=int(found.status))
        del response["content-type"]
        for name, value in found.headers:
            response[name] = value
        return response


class HostMiddleware:
    """Sets request.area ("front", "desk", "municipality", "api"), request.municipality and the URLs; unknown hosts are 404."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Everything further in works in the front's scope until AreaMiddleware says otherwise."""
        path = "" if request.path.startswith(OPEN_PATHS) else request.path
        if any("\0" in text for text in (path, *request.COOKIES.values())):
            raise BadRequest("NUL, which the database does not store")
        if path and (request.encoding or "utf-8").lower() not in {"utf-8", "utf8"}:
            raise BadRequest("a form in other letters than our pages have: at some of Python's codecs Django fails")
        with scope.front():
            self.place(request)
            return self.get_response(request)

    def place(self, request: HttpRequest) -> None:
        """Decide by the Host header alone."""
        host, port = split_domain_port(request.get_host())
        request.host_name = host  # type: ignore[attr-defined]
        request.municipality = None  # type: ignore[attr-defined]
        request.access = Access()  # type: ignore[attr-defined]
        request.roles = frozenset()  # type: ignore[attr-defined]
        if request.path.startswith(OPEN_PATHS):
            request.area, request.urlconf = "api", "config.urls.front"  # type: ignore[attr-defined]
        elif not self.is_ours(request, port):
            raise DisallowedHost(f"{host} on port {port[:10]}, which is not ours")
        elif host == f"desk.{settings.RUFVERBUND_DOMAIN}":
            request.area, request.urlconf = "desk", "config.urls.desk"  # type: ignore[attr-defined]
        elif host in {settings.RUFVERBUND_DOMAIN, "127.0.0.1", "[::1]"}:
            request.area, request.urlconf = "front", "config.urls.front"  # type: ignore[attr-defined]
        else:
            request.municipality = self.find(host)  # type: ignore[attr-defined]
            request.area, request.urlconf = "municipality", "config.urls.municipality"  # type: ignore[attr-defined]
            if request.municipality is None:  # type: ignore[attr-defined]
                request.area, request.urlconf = "nowhere", "config.urls.nowhere"  # type: ignore[attr-defined]

    @staticmethod
    def is_ours(request: HttpRequest, port: str) -> bool:
        """Whether browsers reach us on this port. The demonstration may be seen through any, such as that of a tunnel."""
        usual = {"", "443" if request.is_secure() else "80", settings.RUFVERBUND_PORT}
        direct = set() if settings.HTTPS else {request.META["SERVER_PORT"]}
        return settings.DEMO or port in usual | direct

    @staticmethod
    def find(host: str) -> Municipality | None:
        """The municipality of a host name."""
        found = (
            Host.objects.select_related("tenant__centre")
            .filter(domain=host)
            .exclude(tenant__status__in=["provisioning", "left"])
            .first()
        )
        return found.tenant if found else None


class HostSessionMiddleware(SessionMiddleware):
    """A session that was signed in on another host is not seen here; there it goes on, whatever happens here."""

    def process_request(self, request: HttpRequest) -> None:
        """Begin an empty session instead of a foreign one. What programs call knows no person; there the session is not looked at."""
        super().process_request(request)
        if request.path.startswith(OPEN_PATHS) or not request.session.session_key:
            return
        if sessions.is_foreign(request.session, request.host_name):  # type: ignore[attr-defined]
            request.session = self.SessionStore()


class LanguageMiddleware:
    """The language of a signed-in person, else the cookie's, else German.

    Below AuthenticationMiddleware: the person whom it loads here is the one that everything further in works with, no query is added.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Activate the language for this request."""
        with translation.override(self.language_of(request)):
            request.LANGUAGE_CODE = translation.get_language() or "de"
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
            return response

    @staticmethod
    def language_of(request: HttpRequest) -> str:
        """One of LANGUAGES. What programs call knows no person; there the session is not looked at."""
        wanted = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME)
        if not request.path.startswith(OPEN_PATHS) and request.user.is_authenticated:
            wanted = request.user.language
        return wanted if wanted in dict(settings.LANGUAGES) else "de"


class AreaMiddleware:
    """Innermost: refuses who does not belong here, asks for the second factor, and runs the view in its scope and transaction."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Refuse, redirect to the second factor, or run the view in its scope."""
        if request.path.startswith(OPEN_PATHS):
            return self.get_response(request)  # no person: not even the session is looked at
        self.remember(request)
        if request.path.startswith(ACCOUNT_PATHS) or not request.user.is_authenticated:
            return self.get_response(request)
        access: Access = request.access  # type: ignore[attr-defined]
        if access.has_any and not has_second_factor(request.user):
            return redirect("mfa_index")
        with ExitStack() as stack:
            if (view_scope := self.scope_of(request, access)) is not None:
                stack.enter_context(scope.entered(view_scope))
                stack.enter_context(transaction.atomic())
            response = self.get_response(request)
            response.headers.setdefault("Cache-Control", "private, no-store")  # Back shows nothing after sign-out
            if view_scope is not None and response.status_code >= 400:
                transaction.set_rollback(True)  # an error became a response further in: nothing half done may stay
            return response

    @staticmethod
    def process_exception(request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """What no browser sends (NUL, half a character, ten thousand brackets) is a bad request; whatever a view began is undone."""
        if not isinstance(exception, DataError | RecursionError | UnicodeEncodeError):
            return None
        log.warning("request.unreadable", exc_info=exception)
        return bad_request(request, exception)

    @staticmethod
    def remember(request: HttpRequest) -> None:
        """Load session, person and memberships while the front's scope holds; the view's login may read none of them."""
        if request.user.is_authenticated:
            request.access = access_of(request.user)  # type: ignore[attr-defined]
            if municipality := request.municipality:  # type: ignore[attr-defined]
                request.roles = request.access.roles_in(municipality)  # type: ignore[attr-defined]

    @staticmethod
    def scope_of(request: HttpRequest, access: Access) -> scope.Scope | None:
        """Foreign municipality: 404, as if it did not exist. Desk without a role: 403. Front: the operator's scope for operators."""
        area: str = request.area  # type: ignore[attr-defined]
        if area == "municipality":
            if not request.roles:  # type: ignore[attr-defined]
                raise Http404
            return scope.of_municipality(request.municipality.schema_name)  # type: ignore[attr-defined]
        if area == "desk":
            if not access.centres:
                raise PermissionDenied
            return scope.of_desk(int(request.user.pk or 0))
        return scope.OPERATOR if access.is_operator and request.path.startswith("/betrieb/") else None
