"""Logs: JSON lines with the request's id, whoever writes them, and without tokens."""

import json
import subprocess
import sys
from typing import Any

import pytest
import structlog

from config import logs

SCRIPT = """
import logging, warnings, structlog
from config import logs
logs.configure({options})
with logs.bind_request_id("abc123"):
    structlog.get_logger("ours").info("call.stored", path="/api/v1/cti/s3cr3t-t0ken/sipgate?x=1", town="Straße")
    logging.getLogger("django.request").warning("Not Found: %s", "/api/v1/cti/s3cr3t-t0ken", extra={{"status_code": 404}})
structlog.get_logger("ours").info("outside")
class Request:
    def __repr__(self):
        return "<ASGIRequest: POST '/einladung/s3cr3t-invitation/'>"
def view(password):
    raise ValueError("kaputt: /konto/password/reset/key/a-s3cr3t-key/")
try:
    view("s3cr3t-password")
except ValueError:
    logging.getLogger("theirs").exception("failed", extra={{"request": Request()}})
print("result")
"""


def run(options: str) -> tuple[str, str]:
    command = [sys.executable, "-c", SCRIPT.format(options=options)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout, done.stderr


@pytest.fixture(scope="module")
def lines() -> list[dict[str, Any]]:
    stdout, stderr = run("style='json'")
    assert stdout == "result\n"
    return [json.loads(line) for line in stderr.splitlines()]


def test_every_line_is_json_with_what_a_log_store_needs(lines: list[dict[str, Any]]) -> None:
    ours = lines[0]
    assert (ours["event"], ours["level"], ours["logger"], ours["town"]) == ("call.stored", "info", "ours", "Straße")
    assert ours["time"].endswith("Z")


def test_the_request_id_is_in_lines_of_libraries_too_and_ends_with_the_request(lines: list[dict[str, Any]]) -> None:
    assert [line.get("request_id") for line in lines] == ["abc123", "abc123", None, None]
    assert lines[1]["status_code"] == 404


def test_tokens_are_hidden(lines: list[dict[str, Any]]) -> None:
    assert lines[0]["path"] == "/api/v1/cti/…/sipgate?x=1"
    assert lines[1]["event"] == "Not Found: /api/v1/cti/…"
    assert lines[3]["request"] == "<ASGIRequest: POST '/einladung/…/'>"
    assert "s3cr3t" not in json.dumps(lines)
    people = run("style='console'")[1]
    assert "s3cr3t" not in people.replace('view("s3cr3t-password")', "")  # a line of the source, not a value
    assert "/password/reset/key/…/" in people


def test_exceptions_stay_on_one_line(lines: list[dict[str, Any]]) -> None:
    assert lines[3]["exception"][0]["exc_value"] == "kaputt: /konto/password/reset/key/…/"


def test_a_request_without_an_id_gets_one() -> None:
    structlog.contextvars.clear_contextvars()  # a request of another test leaves its own
    with logs.bind_request_id() as first:
        assert structlog.contextvars.get_contextvars()["request_id"] == first
    with logs.bind_request_id() as second:
        assert second != first
    assert "request_id" not in structlog.contextvars.get_contextvars()
