"""A node of OpenSearch that answers whatever it likes: each answer is either hits that PostgreSQL can be asked about, or none at all."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from knowledge.search import opensearch
from knowledge.search.engine import Unfit

FIELDS = {"municipality": [3], "kind": ["article"], "key": ["perso"]}
HIT = {"fields": FIELDS, "_index": "rv-1", "_score": 4.5}


def whole(hits, **more):
    return {"timed_out": False, "_shards": {"failed": 0}, "hits": {"hits": hits}} | more


def hit(**more):
    return whole([HIT, HIT | more])


def about(**more):
    return hit(fields=FIELDS | more)


NONSENSE = {
    "a list": [],
    "hits that are none": whole({"a": 1}),
    "texts for hits": whole(["3/article/perso"]),
    "not to the end": hit() | {"timed_out": True},
    "a number that is none": about(municipality=["x"]),
    "a number beyond all": about(municipality=[2**63]),
    "a number below all": about(municipality=[-1]),
    "a number that is half": about(municipality=[3.5]),
    "two numbers": about(municipality=[3, 4]),
    "no number": about(municipality=[]),
    "a kind that is none": about(kind=["person'; --"]),
    "a kind that is a list": about(kind=[["article"]]),
    "no text for a name": about(key=[3]),
    "no fields": hit(fields=None),
    "NUL in a key": about(key=["a\0b"]),
    "half a character in a key": about(key=["\ud800"]),
    "NUL in the name of the index": hit(_index="rv\0"),
    "half a character in the name of the index": hit(_index="\ud800"),
    "no score": hit(_score=None),
    "a score that is none": hit(_score=float("nan")),
    "an endless score": hit(_score=float("inf")),
    "a score beyond what a real can have": hit(_score=1e39),
    "a score too small for a real": hit(_score=1e-300),
    "a score beyond what a float can have": hit(_score=10**400),
    "a score below nothing": hit(_score=-1),
}


@pytest.fixture
def answers(settings):
    """answers(text) -> what is made of a node that answers so."""

    def asked(text):
        class Node(BaseHTTPRequestHandler):
            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_arguments):
                """Quiet."""

        with HTTPServer(("127.0.0.1", 0), Node) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            settings.OPENSEARCH = {
                "hosts": [f"http://127.0.0.1:{server.server_port}"], "prefix": "rv", "user": "", "password": "", "api_key": "", "ca": "",
            }  # fmt: skip
            try:
                return opensearch._ask({"match_all": {}}, time.monotonic() + 10)
            finally:
                server.shutdown()

    return asked


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_no_answer(answers, name):
    with pytest.raises(Unfit):
        answers(json.dumps(NONSENSE[name]))


@pytest.mark.parametrize("text", ["", "x", "[" * 200_000, '{"took": ' + "9" * 5000 + "}"])
def test_what_cannot_be_read_is_no_answer(answers, text):
    with pytest.raises(Unfit):
        answers(text)


def test_control_hits_are_read_and_never_more_than_were_asked_for(answers):
    assert answers(json.dumps(hit(_score=0))) == [("rv-1", 3, "article", "perso", score, False) for score in (4.5, 0)]
    assert len(answers(json.dumps(whole([HIT] * 5000)))) == opensearch.MOST
