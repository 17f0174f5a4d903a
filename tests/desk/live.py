"""A running server with calls and browsers for the tests of this folder."""

import uuid
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import psycopg
from playwright.sync_api import Browser, Page, expect

from tests import environment
from tests.browser import opened
from tests.server import Server

expect.set_options(timeout=15_000)  # milliseconds; a busy machine is no error


@dataclass
class Live:
    """A server, its exchange's token, and a session at the desk for each person."""

    server: Server
    token: str
    sessions: dict[str, str]
    contexts: list[Any] = field(default_factory=list)

    def cti(self, event: str, call_id: str, **fields: str) -> None:
        """One message of the exchange."""
        body = urlencode({"event": event, "callId": call_id, "direction": "in", **fields}).encode()
        with urlopen(Request(f"{self.server.base_url}/api/v1/cti/{self.token}", body), timeout=10) as answer:  # noqa: S310  loopback
            assert answer.status == 200

    def ring(self, to: str = "029211030", caller: str = "02921555") -> str:
        """A new call; returns the exchange's id of it."""
        call_id = f"t-{uuid.uuid4().hex[:10]}"
        self.cti("newCall", call_id, to=to, **{"from": caller})
        return call_id

    def hang_up(self, call_id: str, cause: str = "normalClearing") -> None:
        """The caller or the agent has hung up."""
        self.cti("hangup", call_id, cause=cause)

    def quiet(self) -> None:
        """End all calls and forget who was there; past the application, since a test begins with it and not by it."""
        self.sql(
            "WITH ended AS (UPDATE telephony_bridge_call SET state = 'ended', ended_at = now(), wrap_up_until = NULL WHERE state <> 'ended')"
            ", undone AS (DELETE FROM telephony_bridge_exchangecommand)"  # what was not done is said for a while
            "DELETE FROM telephony_bridge_presence"
        )

    def newest_call(self) -> str:
        """The public id of the call that came last."""
        return str(self.sql("SELECT public_id FROM telephony_bridge_call ORDER BY id DESC LIMIT 1"))

    def sql(self, statement: str) -> Any:
        """One statement as superuser; the first value of the first row, if there is one."""
        name = self.server.database_url.split("/")[3].split("?")[0]
        with psycopg.connect(environment.SERVER.superuser_url, dbname=name, autocommit=True) as database:
            cursor = database.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None

    def tool(self, *arguments: str) -> Any:
        """tests.live on the server's database."""
        return self.server.tool(*arguments)

    def desk(self, browser: Browser, who: str = "agent", mode: str = "light", **options: Any) -> Page:
        """The desk of a person in a browser of their own, listening to the live regions."""
        from tests.browser import listen

        around = opened(browser, mode, **options)
        page = around.__enter__()
        self.contexts.append(around)
        page.context.add_cookies([self.cookie(who)])
        listen(page)
        page.goto(self.server.url("desk.localhost"))
        return page

    def cookie(self, who: str) -> Any:
        """The session cookie of a person at the desk."""
        return {"name": "rufverbund_session", "value": self.sessions[who], "domain": "desk.localhost", "path": "/"}

    def close(self) -> None:
        """Close the browsers; errors in pages fail the test."""
        with ExitStack() as all_of_them:  # one that fails leaves none open for the next test
            while self.contexts:
                all_of_them.push(self.contexts.pop(0))
