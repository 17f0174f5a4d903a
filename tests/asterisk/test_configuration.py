"""What was written does what it says, at a real Asterisk: hours to the minute, whose number it is, who may register."""

import asyncio
import hashlib
import os
import random
import re
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from time import monotonic
from time import time as time_now
from types import SimpleNamespace

import pytest

from config.processes import end_with_parent
from telephony_bridge.asterisk import checking, sounds
from telephony_bridge.asterisk.ami import Ami, ManagerAccess
from telephony_bridge.asterisk.configuration import Numbers, Place, Ports, Station, rendered
from telephony_bridge.asterisk.lab import Lab
from telephony_bridge.routing.ari import Access, Ari, AriError
from tenants.hours import BERLIN, Hours, Interval, SpecialDay, Week
from tests.asterisk.sip import PATIENCE, Caller, Phone, _Agent, header, play

TODAY = date(2026, 11, 30)
PASSWORD = '>a;b"c>d=e\\f[g]#,$h'
DAY = (Interval(time(0), time(0)),)
HOURS = Hours.of(
    Week(((Interval(time(8), time(12)), Interval(time(13), time(16, 30))),) * 4 + ((Interval(time(7, 30), time(0)),), DAY, ())),
    special_days=[
        SpecialDay(date(2026, 12, 24), "Heiligabend; geschlossen", (Interval(time(8), time(12)),)),
        SpecialDay(date(2027, 12, 24), "Betriebsausflug"),
        SpecialDay(date(2026, 12, 26), "zweiter Weihnachtstag, aber offen", DAY),
    ],
)  # fmt: skip
HOLDER = "\n[holder]\nexten => s,1,Answer()\n same => n,Wait(30)\n"


def places(lab):
    """One with hours, two that are open and closed whatever the time is, one of the Kreis."""
    path = str(lab.folder / "sounds")
    return [
        Place("hours", "Mit Zeiten", (Numbers("+49292150", 9),), HOURS),
        Place("open", "Immer offen", (Numbers("+492921103", 11), Numbers("+4929419999", 11, is_did=True)), None, emergency=f"{path}/closed"),
        Place("shut", "Nie offen", (Numbers("+49292130", 9),), Hours.of(Week()), closed=f"{path}/shut"),
        Place("kreis", "Kreis", (Numbers("+49292", 15),)),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """An Asterisk of its own with all of that."""
    lab = Lab(tmp_path_factory.mktemp("written"), Ports.free())
    stations = [*lab.wanted().stations, Station("platz-3", "Platz 3", "903", password=PASSWORD)]
    trunk = replace(lab.wanted().trunk, user="4929211030", password="t;x")
    lab.configure(
        replace(lab.wanted(), places=places(lab), stations=stations, trunk=trunk, today=TODAY, external="192.0.2.7")
    )
    sounds.tone(lab.folder / "sounds" / "shut.alaw", 800, 1)
    with (lab.folder / "etc/extensions.conf").open("a", encoding="utf-8") as dialplan:
        dialplan.write(HOLDER)
    lab.start(before=end_with_parent(os.getpid()))
    yield lab
    lab.stop()


@pytest.fixture(autouse=True)
def calm(written):
    """Nobody waits who was left over, and nobody is in the queue."""
    yield
    written.console("channel request hangup all")
    written.console("queue remove member PJSIP/agent1 from fallback")
    end = monotonic() + PATIENCE
    while "0 active channels" not in written.console("core show channels count"):
        assert monotonic() < end


@asynccontextmanager
async def dialplan(lab):
    """went(priority, context, extension, **variables) -> an id; and a dict of what each id came to in contexts of places."""
    manager = ManagerAccess("127.0.0.1", lab.ports.manager, "bridge", lab.secret())
    access = Access("127.0.0.1", lab.ports.http, "bridge", lab.secret(), app="looking")
    came = {}

    async def listen(ami):
        async for event in ami.events():
            if event["Event"] == "Newexten" and event["Context"].startswith("place-"):
                came.setdefault(event["Uniqueid"], []).append((event["Context"], event["Extension"]))

    async with Ami.connected(manager) as ami, Ari.connected(access) as ari:
        listening = asyncio.create_task(listen(ami))

        async def send(id_, where, **variables):
            begin = {
                "context": where[0],
                "extension": "s",
                "priority": 1,
                **({"label": where[1]} if len(where) > 1 else {}),
            }
            await ari("POST", f"channels/{id_}", {"variables": variables}, endpoint="Local/s@holder", **begin)

        yield send, came, ari
        listening.cancel()


async def over(ari, channel):
    """What has heard its announcement is over already."""
    with suppress(AriError):
        await ari("DELETE", f"channels/{channel}")


async def until(holds):
    end = asyncio.get_running_loop().time() + PATIENCE
    while not holds():
        assert asyncio.get_running_loop().time() < end
        await asyncio.sleep(0.02)


def moments():
    """Every edge of the hours, a minute before and after it, on days of all kinds; and some by chance."""
    days = [TODAY + timedelta(days=n) for n in (1, 2, 3, 4, 5, 6, 7, 25, 26, 32, 120, 389)]
    days += [date(2026, 12, 24), date(2027, 12, 24), date(2026, 12, 25), date(2026, 12, 26)]
    edges = [time(0), time(7, 30), time(8), time(12), time(13), time(16, 30), time(23, 59)]
    at = [
        datetime.combine(day, edge, BERLIN) + timedelta(minutes=by) for day in days for edge in edges for by in (-1, 0)
    ]
    chance = random.Random(5)
    return at + [
        datetime.combine(TODAY, time(0), BERLIN) + timedelta(minutes=chance.randrange(390 * 1440)) for _ in range(60)
    ]


def test_the_hours_of_the_dialplan_are_those_of_the_platform_to_the_minute(written):
    async def played():
        async with dialplan(written) as (send, came, ari):
            asked = {f"m{number}": moment for number, moment in enumerate(moments())}
            for id_, moment in asked.items():
                at = int(moment.timestamp())
                day = f"{datetime.fromtimestamp(at, BERLIN):%Y%m%d}"
                await send(
                    id_, ("place-hours", "day"), DAY=day, TESTTIME=str(at)
                )  # GotoIfTime asks that instead of the clock
            ends = {("place-hours", "open"), ("place-hours", "closed")}
            await until(lambda: all(ends & set(came.get(id_, ())) for id_ in asked))
            for id_ in asked:
                await over(ari, id_)
            return {moment: ("place-hours", "open") in came[id_] for id_, moment in asked.items()}

    told = play(played())
    assert {moment: is_open for moment, is_open in told.items() if is_open is not HOURS.is_open(moment)} == {}
    assert {True, False} == set(told.values())


@pytest.mark.parametrize(
    ("dialled", "diversion", "place"),
    [
        ("+492921501", "", "hours"),
        ("02921501", "", "hours"),
        ("00492921501", "", "hours"),
        ("492921501", "", "hours"),
        ("+4929215011", "", "kreis"),  # longer than the municipality's numbers are
        ("+492921103", "", "open"),
        ("+49292110312", "", "open"),
        ("+492921103123", "", "kreis"),
        ("+4930123456", "", "zentrale"),
        ("", "", "zentrale"),
        ("+4930123456", "<sip:+492921501@192.0.2.1>;reason=unconditional", "hours"),
        ("+4930123456", '"Rathaus" <sip:02921501@192.0.2.1:5060;user=phone>;counter=1', "hours"),
        ("+4930123456", "<tel:+492921501>;reason=unknown", "hours"),
        ("+4930123456", "sip:+492921501;counter=2", "hours"),
        ("+492921103", "<sip:+492921501@192.0.2.1>", "hours"),  # from where it was diverted says more than where to
        ("+4929419999", "<sip:+492921501@192.0.2.1>", "open"),  # but not more than a number that is one municipality's alone
        ("+492921103", "<sip:anonymous@anonymous.invalid>", "open"),
        ("+492921103", "${SHELL(id)},System(id)|:@;\\", "open"),
        ("${SHELL(id)},x", "", "zentrale"),
    ],
)  # fmt: skip
def test_whose_call_it_is(written, dialled, diversion, place):
    async def played():
        async with dialplan(written) as (send, came, ari):
            await send("whose", ("fallback",), DIALLED=dialled, DIVERSION=diversion)
            await until(lambda: came.get("whose"))
            await over(ari, "whose")
            return came["whose"][0]

    assert play(played()) == (f"place-{place}", "s")


@pytest.mark.parametrize(
    ("came", "end"), [(time(11, 59), "open"), (time(12), "closed"), (time(16, 29), "open"), (time(7, 59), "closed")]
)
@pytest.mark.parametrize("day", [date(2026, 12, 1), date(2026, 12, 8)])
def test_the_hours_are_those_of_the_moment_at_which_the_call_came(written, came, end, day):
    async def played():
        async with dialplan(written) as (send, seen, ari):
            moment = int(datetime.combine(day, came, BERLIN).timestamp())
            await send("came", ("fallback",), DIALLED="+492921501", CAME=str(moment))
            await until(lambda: {"open", "closed"} & {extension for _context, extension in seen.get("came", ())})
            await over(ari, "came")
            return seen["came"][-1]

    assert play(played()) == ("place-hours", end)


def test_outside_of_hours_a_caller_hears_so_and_no_telephone_rings(written):
    written.console("queue add member PJSIP/agent1 to fallback")

    async def played():
        async with (
            Phone(written.ports.phones) as phone,
            Caller("+492921301", written.ports.sip) as caller,
        ):
            await caller.until(caller.over.is_set)
            assert caller.status == 200
            assert caller.music > 0.8
            assert phone.calls == []

    play(played())


def test_a_provider_that_calls_our_account_says_in_to_whom_the_citizen_dialled(written):
    async def played():
        caller = Caller("4929211030", written.ports.sip)
        caller.called = "<sip:+492921301@127.0.0.1>"  # who is shut
        async with caller:
            await caller.until(caller.over.is_set)
            assert caller.music > 0.8

    play(played())


def test_an_emergency_text_comes_first_and_then_a_telephone(written):
    written.console("queue add member PJSIP/agent1 to fallback")

    async def played():
        async with Phone(written.ports.phones), Caller("+492921103", written.ports.sip) as caller:
            await caller.until(lambda: caller.music > 0.8)
            assert caller.talked == 0
            await caller.until(lambda: caller.talked > 0.2)

    play(played())


@asynccontextmanager
async def opened(agent):
    await agent.open()
    try:
        yield agent
    finally:
        agent.close()


class Handset(_Agent):
    """A telephone that registers. `statuses` are what it was answered."""

    def __init__(self, user, password, exchange):
        super().__init__("127.0.0.5")
        self.user, self.password, self.exchange = user, password, exchange
        self.statuses, self.count = [], 0

    async def register(self):
        self.send("")
        await until(lambda: (self.statuses and self.statuses[-1] != 401) or len(self.statuses) > 1)
        return self.statuses[-1]

    def send(self, authorization):
        self.count += 1
        where = f"sip:127.0.0.1:{self.exchange[1]}"
        lines = [
            f"Via: SIP/2.0/UDP {self.at};branch=z9hG4bK{random.getrandbits(40):x}",
            f"From: <sip:{self.user}@127.0.0.1>;tag={self.tag}", f"To: <sip:{self.user}@127.0.0.1>", f"Call-ID: {self.tag}@x",
            f"CSeq: {self.count} REGISTER", "Max-Forwards: 70", "Expires: 60", *([authorization] if authorization else []),
        ]  # fmt: skip
        self.write(f"REGISTER {where} SIP/2.0", lines, "", self.exchange)

    def message(self, data, sender):
        text = data.decode()
        if not text.startswith("SIP/2.0"):
            return self.answer(text, "200 OK", sender)
        self.statuses.append(int(text.split()[1]))
        challenge = header(text, "WWW-Authenticate")
        if challenge and len(self.statuses) == 1:
            self.send(self.digest(challenge))
        return None

    def digest(self, challenge):
        said = dict(re.findall(r'(\w+)="?([^",]+)', challenge))
        uri = f"sip:127.0.0.1:{self.exchange[1]}"

        def md5(text):
            return hashlib.md5(text.encode()).hexdigest()  # noqa: S324  the protocol's

        own = md5(f"{self.user}:{said['realm']}:{self.password}")
        response = md5(f"{own}:{said['nonce']}:00000001:abc:auth:{md5(f'REGISTER:{uri}')}")
        return (
            f'Authorization: Digest username="{self.user}", realm="{said["realm"]}", nonce="{said["nonce"]}", uri="{uri}", '
            f'response="{response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="abc", opaque="{said.get("opaque", "")}"'
        )

    def audio(self, packet, sender):
        pass


@pytest.mark.parametrize(
    ("user", "password", "status"),
    [("platz-3", PASSWORD, 200), ("platz-3", "falsch", 401), ("agent1", "", 401), ("nobody", "", 401)],
)
def test_a_telephone_registers_with_its_password_whatever_is_in_it(written, user, password, status):
    async def played():
        async with opened(Handset(user, password, ("127.0.0.1", written.ports.sip))) as handset:
            return await handset.register()

    assert play(played()) == status


class Provider(_Agent):
    """The other end of a trunk, that asks for a password. `heard` are the requests to register."""

    def __init__(self, port):
        super().__init__("127.0.0.4", port)
        self.heard = []

    def message(self, data, sender):
        text = data.decode()
        if text.startswith("REGISTER"):
            self.heard.append(text)
        if text.startswith("REGISTER") and not header(text, "Authorization"):
            lines = [f"{name}: {header(text, name)}" for name in ("Via", "From", "To", "Call-ID", "CSeq")]
            lines += ['WWW-Authenticate: Digest realm="x", nonce="n1", algorithm=MD5, qop="auth"']
            self.write("SIP/2.0 401 Unauthorized", lines, "", sender)
        elif not text.startswith("SIP/2.0"):
            self.answer(text, "200 OK", sender)

    def audio(self, packet, sender):
        pass


def test_the_trunk_registers_with_the_provider(written):
    async def played():
        async with opened(Provider(written.ports.trunk)) as provider:
            await asyncio.to_thread(written.console, "pjsip send register trunk")
            await until(lambda: any(header(text, "Authorization") for text in provider.heard))
            return provider.heard[-1]

    told = header(play(played()), "Authorization")
    assert 'username="4929211030"' in told
    found = dict(re.findall(r'(\w+)="?([^",\s]+)', told))
    own = hashlib.md5(b"4929211030:x:t;x").hexdigest()  # noqa: S324  the protocol's
    request = hashlib.md5(f"REGISTER:{found['uri']}".encode()).hexdigest()  # noqa: S324
    wanted = f"{own}:n1:{found['nc']}:{found['cnonce']}:auth:{request}"
    assert found["response"] == hashlib.md5(wanted.encode()).hexdigest()  # noqa: S324


def found(lab, *, today=TODAY, differing=()):
    """The sentences about the trunk and all that is more than well, as they stand now."""
    wanted = replace(
        lab.wanted(),
        places=places(lab),
        trunk=replace(lab.wanted().trunk, user="4929211030", password="t;x"),
        today=TODAY,
    )
    exchange = checking.Exchange(wanted, rendered(wanted), differing, today)

    async def asked():
        return [
            one.message async for one in checking.findings(exchange) if one.status != "ok" or "Anschluss" in one.message
        ]

    return asked()


def test_a_trunk_that_is_registered_and_one_that_is_not_are_told(written):
    async def told_after(command, said):
        await asyncio.to_thread(written.console, f"pjsip send {command} trunk")
        end = monotonic() + PATIENCE
        while said not in (told := "\n".join(await found(written))):
            assert monotonic() < end, told

    async def played():
        async with opened(Provider(written.ports.trunk)):
            await told_after("unregister", "Der Anschluss ist bei 127.0.0.4 nicht angemeldet (")
            await told_after("register", "Der Anschluss ist bei 127.0.0.4 angemeldet.")
            await told_after("unregister", "Der Anschluss ist bei 127.0.0.4 nicht angemeldet (")

    play(played())


def test_clocks_that_differ_and_days_that_are_old_are_told(written, monkeypatch):
    told = play(found(written))
    assert not any("Uhr" in message or "Feiertage" in message or "Zeitzonen" in message for message in told)
    monkeypatch.setattr(checking, "time", SimpleNamespace(time=lambda: time_now() + 90, monotonic=monotonic))
    told = play(found(written, today=TODAY + timedelta(days=61)))
    assert "Die Uhr von Asterisk geht um 90 Sekunden anders als diese." in told
    assert (
        "Feiertage und besondere Tage stehen seit 61 Tagen unverändert in den Dateien; schreiben Sie sie neu." in told
    )


def test_a_bridge_that_serves_the_exchange_is_seen(written):
    access = Access("127.0.0.1", written.ports.http, "bridge", written.secret())

    async def played():
        async with Ari.connected(access) as bridge:
            told = await found(written)
            assert not any("Verteilung" in message for message in told)
            await bridge("GET", "applications/rufverbund")  # and was not replaced

    play(played())


def test_asterisk_reads_every_file_without_a_complaint(written):
    log = (written.folder / "log" / "messages.log").read_text(encoding="utf-8")
    complaints = [line for line in log.splitlines() if re.search(r"\] (ERROR|WARNING)\[\d+\][^[]", line)]  # of no call
    assert [line for line in complaints if re.search(r"config|\.conf|sorcery|loader|registration", line)] == []
