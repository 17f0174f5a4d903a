"""Named networks at a real `rufverbund serve`: the address is the connection's, and X-Forwarded-For only what a named proxy says."""

import http.client
import json
import os
import subprocess
import sys
import time

import pytest

from tests.database import cloned
from tests.server import ROOT, Server, variables

ADD = """
import django; django.setup()
from telephony_bridge import actions
from telephony_bridge.models import Source
from telephony_bridge.tokens import hash_of
from tenants import scope
from tenants.audit import SYSTEM
from tenants.models import ServiceCentre
with scope.operator():
    centre = ServiceCentre.objects.get(slug="soest")
token = actions.give_token(centre=centre, dialect="sipgate", acting_user=SYSTEM)
with scope.operator():
    actions.change_networks(Source.objects.get(token_hash=hash_of(token)), ["203.0.113.0/24"], acting_user=SYSTEM)
print(token)
"""


@pytest.fixture(scope="module")
def database():
    """(url, the token of a source that is reported for from 203.0.113.0/24 only)."""
    with cloned(f"rv_networks_{os.getpid()}") as url:
        command = [sys.executable, "-W", "ignore", "-c", ADD]
        done = subprocess.run(command, env=variables(url), cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        yield url, done.stdout.strip().splitlines()[-1]


def asked(port, token, **headers):
    """Status, content type and text of the answer to a new call."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        kind = {"content-type": "application/x-www-form-urlencoded"}
        connection.request("POST", f"/api/v1/cti/{token}", "event=newCall&callId=1&to=029211030", kind | headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("content-type"), answer.read().decode()
    finally:
        connection.close()


def ready(port):
    try:
        return asked(port, "nobody")[0] == 401
    except OSError:
        return False


@pytest.mark.parametrize(("proxies", "status"), [("127.0.0.1", 200), ("10.9.9.9", 403)])
def test_whose_word_about_the_address_counts(database, proxies, status, tmp_path):
    url, token = database
    port = Server(url).port
    own = {"RUFVERBUND_PROXIES": proxies, "RUFVERBUND_STATIC": str(tmp_path), "RUFVERBUND_PROCESSES": "1"}
    command = [sys.executable, "-W", "ignore", "-m", "config.cli", "serve", "--port", str(port)]
    environment = variables(url) | own | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    server = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not ready(port):
            assert time.monotonic() < deadline
            assert server.poll() is None
            time.sleep(0.1)
        said, kind, text = asked(port, token, **{"x-forwarded-for": "203.0.113.9"})
        assert said == status
        assert (
            (kind == "application/xml" and "onHangup" in text)
            if said == 200
            else "nimmt dieser Anschluss" in json.loads(text)["error"]
        )
        assert asked(port, token)[0] == 403
        assert asked(port, token, **{"x-forwarded-for": "198.51.100.1"})[0] == 403
    finally:
        server.terminate()
        server.wait(15)
