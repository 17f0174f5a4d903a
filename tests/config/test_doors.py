"""What programs ask for has the same answer under any host name; what people ask for does not."""

import pytest

from config import asgi
from tests import loops


@pytest.fixture
def arrives(monkeypatch):
    """The host names under which Django gets to see a request."""

    def names(path, host=b"10.1.2.3:8000"):
        seen = []

        async def pages(scope, _receive, _send):
            seen.append([value for name, value in scope["headers"] if name == b"host"])

        monkeypatch.setattr(asgi, "pages", pages)
        headers = [(b"host", host), (b"user-agent", b"probe")]
        loops.run(asgi.application({"type": "http", "path": path, "headers": headers}, None, None))
        return seen[0]

    return names


@pytest.mark.parametrize("path", ["/readyz", "/api/v1/cti/token"])
def test_programs_may_use_any_name(arrives, path):
    assert arrives(path) == [b"localhost"]


@pytest.mark.parametrize("path", ["/", "/konto/anmelden/", "/wissen/"])
def test_pages_belong_to_their_host(arrives, path):
    assert arrives(path, b"soest.localhost") == [b"soest.localhost"]
