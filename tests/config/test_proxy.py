"""`rufverbund serve` behind TLS: only a proxy that was named says that a browser came by https."""

import http.client
import os
import subprocess
import sys
import time

import pytest

from tests.database import cloned
from tests.server import ROOT, Server, variables


@pytest.fixture(scope="module")
def url():
    with cloned(f"rv_proxy_{os.getpid()}") as found:
        yield found


def asked(port, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/konto/login/", headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer
    finally:
        connection.close()


def is_up(port):
    try:
        return asked(port, Host="soest.localhost").status < 500
    except OSError:
        return False


@pytest.mark.parametrize(("proxies", "status"), [("127.0.0.1", 200), ("10.9.9.9", 301)])
def test_who_is_believed_about_https(url, proxies, status, tmp_path):
    port = Server(url).port
    own = {"RUFVERBUND_HTTPS": "1", "RUFVERBUND_PROXIES": proxies, "RUFVERBUND_STATIC": str(tmp_path)}
    environment = variables(url) | own | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    command = [sys.executable, "-W", "ignore", "-m", "config.cli", "serve", "--port", str(port)]
    server = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while not is_up(port):
            assert time.monotonic() < deadline
            assert server.poll() is None
            time.sleep(0.1)
        assert asked(port, Host="soest.localhost").getheader("location") == "https://soest.localhost/konto/login/"
        assert asked(port, Host="soest.localhost", **{"X-Forwarded-Proto": "https"}).status == status
        forged = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "soest.localhost"}
        assert asked(port, Host="evil.example", **forged).status == 400
    finally:
        server.terminate()
        server.wait(15)
