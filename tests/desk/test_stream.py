"""`/events` of a running server: who is let in, what arrives, what is replayed, and what 200 open streams cost."""

import asyncio
import http.client
import json
import socket
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests import environment, loops


class Stream:
    """One open stream, read line by line with patience."""

    def __init__(self, live, who="agent", *, since="", host="desk.localhost", **headers):
        self.connection = http.client.HTTPConnection("127.0.0.1", live.server.port, timeout=10)
        cookie = f"rufverbund_session={live.sessions.get(who, who)}" if who else ""
        given = {"Host": f"{host}:{live.server.port}", "Cookie": cookie} | {
            k.replace("_", "-"): v for k, v in headers.items()
        }
        self.connection.request("GET", f"/events?since={since}", headers=given)
        self.response = self.connection.getresponse()
        self.status = self.response.status
        self.position = ""

    def events(self, until, seconds=8.0) -> list[dict]:
        """Everything up to the event for which `until` is true."""
        found, deadline = [], time.monotonic() + seconds
        self.connection.sock.settimeout(seconds)
        while time.monotonic() < deadline:
            line = self.response.readline().decode().rstrip("\n")
            if line.startswith("id: "):
                self.position = line[4:]
            if line.startswith("data: {"):
                found.append(json.loads(line[6:]))
                if until(found[-1]):
                    return found
        raise AssertionError(f"not in {found}")

    def ends(self, seconds=20.0) -> bool:
        """Whether the server ends the stream."""
        self.connection.sock.settimeout(seconds)
        try:
            while self.response.readline():
                pass
        except (TimeoutError, OSError):
            return False
        return True

    def close(self) -> None:
        self.response.close()  # it holds the socket, too: without this the stream stays open and counts
        self.connection.close()


def is_kind(kind):
    return lambda event: event["kind"] == kind


@pytest.mark.parametrize(
    ("who", "headers", "status"),
    [
        ("agent", {}, 200),
        ("supervisor", {}, 200),
        ("agent", {"Sec_Fetch_Site": "same-origin"}, 200),
        ("agent", {"Sec_Fetch_Site": "cross-site"}, 403),
        ("agent", {"Sec_Fetch_Site": "same-site"}, 403),
        ("agent", {"Origin": "http://evil.example"}, 403),
        ("agent", {"host": "soest.localhost"}, 404),
        ("editor", {}, 403),
        ("operator", {}, 403),
        ("nobody", {}, 403),
        ("unknownsession", {}, 403),
        ("' OR 1=1", {}, 401),
        (None, {}, 401),
    ],
)
def test_who_may_listen(live, who, headers, status) -> None:
    stream = Stream(live, who, **headers)
    with closing(stream):
        assert stream.status == status
        assert stream.response.headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in stream.response.headers


def test_an_event_carries_ids_only_and_stays_in_its_centre(live) -> None:
    with closing(Stream(live)) as mine, closing(Stream(live, "agent.unna")) as other:
        mine.events(is_kind("hello"))
        other.events(is_kind("hello"))
        live.ring(caller="01713920099")
        event = mine.events(is_kind("call"))[-1]
        assert set(event) == {"kind", "id", "op", "stream"}
        assert event["op"] == "new"
        assert "3920099" not in json.dumps(event)
        with pytest.raises((AssertionError, TimeoutError)):
            other.events(is_kind("call"), seconds=1.5)


def test_what_was_missed_is_replayed_exactly_once(live) -> None:
    with closing(Stream(live)) as first:
        first.events(is_kind("hello"))
        call = live.ring()
        seen = first.events(is_kind("call"))[-1]
    live.hang_up(call, "cancel")
    other = live.ring(to="02921300")
    with closing(Stream(live, since=first.position)) as again:
        replayed = again.events(lambda event: event["kind"] == "call" and event["op"] == "new")
        assert [e["op"] for e in replayed if e["kind"] == "call"] == ["ended", "new"]
        assert replayed[0]["kind"] == "hello"
        assert seen["id"] not in {e["id"] for e in replayed if e.get("op") == "new"}
        live.hang_up(other, "cancel")
        more = again.events(lambda event: event["kind"] == "call" and event["op"] == "ended")
        assert len([e for e in more if e["kind"] == "call"]) == 1


FORGET = "DELETE FROM tenants_outboxentry WHERE stream = '{0}' AND number < (SELECT max(number) FROM tenants_outboxentry WHERE stream = '{0}')"


def test_a_page_that_comes_back_after_lines_were_forgotten_fetches_everything_again(live) -> None:
    with closing(Stream(live)) as first:
        first.events(is_kind("hello"))
        for _ in range(2):
            live.hang_up(live.ring(), "cancel")
        first.events(lambda event: event.get("op") == "ended")
    with closing(Stream(live, since=first.position)) as again:
        assert again.events(lambda event: True)[0]["kind"] == "hello"
    stream = "c:" + first.position.split(":")[0]
    live.sql(FORGET.format(stream))
    with closing(Stream(live, since=first.position)) as late:
        assert [event["kind"] for event in late.events(lambda event: True)] == ["reset"]
        call = live.ring()
        late.events(is_kind("call"))
    live.hang_up(call, "cancel")
    with closing(Stream(live, since=late.position)) as again:  # what it misses now is there
        assert again.events(lambda event: event.get("op") == "ended")[0]["kind"] == "hello"


@pytest.mark.parametrize("since", ["1:99999999", "x", "1:1,2", "9" * 300, "1:-4", "%00"])
def test_a_position_that_cannot_be_means_fetch_everything_or_nothing(live, since) -> None:
    with closing(Stream(live, since=since)) as stream:
        assert stream.status == 200
        first = stream.events(lambda event: True)
        assert first[0]["kind"] in {"hello", "reset"}
        assert (first[0]["kind"] == "reset") == (since == "1:99999999")


def test_no_more_than_six_streams_for_a_person(live) -> None:
    streams = [Stream(live, "supervisor") for _ in range(7)]
    try:
        assert [stream.status for stream in streams] == [200] * 6 + [429]
        streams[0].close()
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            with closing(Stream(live, "supervisor")) as again:
                if again.status == 200:
                    break
            time.sleep(0.1)
        assert again.status == 200
    finally:
        for stream in streams:
            stream.close()


def test_an_ended_session_closes_the_stream_at_the_next_delivery(live) -> None:
    spare = live.tool("session", "agent2")
    with closing(Stream(live, spare)) as stream, closing(Stream(live)) as stays:
        stream.events(is_kind("hello"))
        stays.events(is_kind("hello"))
        live.tool("end_session", spare)
        live.ring()
        stays.events(is_kind("call"))
        assert stream.ends(5)
    with closing(Stream(live, spare)) as stream:
        assert stream.status == 403


def test_a_session_of_another_host_may_not_listen(live) -> None:
    with closing(Stream(live, live.tool("session", "agent2", "soest.localhost"))) as stream:
        assert stream.status == 403


def test_a_locked_account_closes_the_stream_at_the_next_delivery(live) -> None:
    """Its session and its membership are still there."""
    key = live.tool("newcomer", "Lotte")
    with closing(Stream(live, key)) as stream, closing(Stream(live)) as stays:
        stream.events(is_kind("hello"))
        stays.events(is_kind("hello"))
        live.tool("lock", "Lotte")
        live.ring()
        stays.events(is_kind("call"))
        assert stream.ends(5)
    with closing(Stream(live, key)) as stream:
        assert stream.status == 403


def test_the_end_of_a_membership_closes_the_stream_at_once(live) -> None:
    """Not at the next call: the end itself is news, and who is gone may not hear it."""
    key = live.tool("newcomer", "Kurt")
    with closing(Stream(live, key)) as stream, closing(Stream(live)) as stays:
        stream.events(is_kind("hello"))
        stays.events(is_kind("hello"))
        live.tool("dismiss", "Kurt")
        assert stream.ends(5)
        stays.events(is_kind("presence"))
    with closing(Stream(live, key)) as stream:
        assert stream.status == 403


def test_who_listens_hears_a_municipality_from_its_first_day_to_its_last(live) -> None:
    with closing(Stream(live)) as stream, closing(Stream(live, "agent.unna")) as other:
        stream.events(is_kind("hello"))
        other.events(is_kind("hello"))
        live.tool("become", "lippstadt", "live")
        try:
            assert stream.events(is_kind("municipality"))[-1]["op"] == "live"
            live.tool("entries", "lippstadt", "Fahrradversteigerung")
            heard = stream.events(lambda event: event["stream"].startswith("m:"))[-1]
            with pytest.raises((AssertionError, TimeoutError)):
                other.events(lambda event: event["stream"].startswith("m:"), seconds=1.5)
        finally:
            live.tool("become", "lippstadt", "joining")
        assert stream.events(is_kind("municipality"))[-1]["op"] == "joining"
        live.tool("entries", "lippstadt", "Handwerkerparkausweis")
        live.ring()
        after = stream.events(is_kind("call"))
        assert heard["stream"] not in {event["stream"] for event in after}
    with closing(Stream(live, since=stream.position)) as again:  # the centre's place in the news was kept
        assert [event["kind"] for event in again.events(lambda event: True)] == ["hello"]


def test_a_quiet_stream_gives_signs_of_life_that_the_page_hears(monkeypatch) -> None:
    """Without them it would think after 40 s that the line is dead, and come again and again."""
    from desk import stream

    monkeypatch.setattr(stream, "HEARTBEAT", 0.01)
    queue: asyncio.Queue = asyncio.Queue()
    sent: list[str] = []

    async def send(message) -> None:
        sent.append(message["body"].decode())
        queue.put_nowait(None)  # the page goes after the first

    loops.run(stream.deliver(queue, {}, send, moved=None))
    assert sent[0] == "event: beat\ndata: 1\n\n"
    page = Path(stream.__file__).with_name("static") / "desk" / "js" / "stream.js"
    assert 'source.addEventListener("beat"' in page.read_text()


def test_the_first_who_opens_the_desk_is_ready_and_a_supervisor_only_looks_on(live) -> None:
    with closing(Stream(live, "agent2", since="1:0")) as agent, closing(Stream(live, "supervisor")) as lead:
        # Other tests may have left more than is replayed.
        agent.events(lambda event: event["kind"] in {"hello", "reset"})
        lead.events(is_kind("hello"))
        assert live.tool("presences") == {"Murat Aydın": "ready"}


def test_two_hundred_streams_hold_no_connection_and_no_thread(live) -> None:
    """Many raw sockets of many persons: the database sees one listener, the process no more threads than before."""
    keys = live.tool("crowd", "40")
    sockets = []
    try:
        for number in range(200):
            raw = socket.create_connection(("127.0.0.1", live.server.port), timeout=15)
            head = f"GET /events HTTP/1.1\r\nHost: desk.localhost:{live.server.port}\r\nCookie: rufverbund_session={keys[number % 40]}\r\n\r\n"
            raw.sendall(head.encode())
            sockets.append(raw)
            if number % 20 == 0:
                live.ring(caller="")  # deliveries while others are just coming in must not close these
        for raw in sockets:
            assert raw.recv(100).startswith(b"HTTP/1.1 200")
        time.sleep(1)
        with psycopg.connect(environment.SERVER.superuser_url) as server:
            rows = server.execute(
                "SELECT usename, count(*) FROM pg_stat_activity WHERE datname = %s GROUP BY 1",
                [live.server.database_url.split("/")[3].split("?")[0]],
            ).fetchall()
        connections = dict(rows)
        assert connections.get("listener") == 1
        assert sum(connections.values()) <= 31  # the pool's limit and the listener
        assert live.server.threads() < 60
        live.ring(to="02921300")
        last = live.newest_call()
        deadline = time.monotonic() + 15
        for raw in sockets:
            raw.settimeout(max(0.1, deadline - time.monotonic()))
            heard = b""
            while last.encode() not in heard:
                piece = raw.recv(65536)
                assert piece
                heard += piece
    finally:
        for raw in sockets:
            raw.close()
