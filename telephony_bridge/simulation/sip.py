"""A caller and a telephone that speak SIP and send audio: callers who ring by themselves, for demonstrations and for tests with the real Asterisk.

    async with Phone(port) as phone, Caller("+4929211030", sip_port) as caller:
        await caller.until(lambda: caller.talked)

Who calls sends one sound; a telephone sends back what it gets. So a caller knows who is heard: `talked` are seconds of the own sound, that is of
a person at a telephone, `music` of anything else.
"""

import asyncio
import random
import re
import struct
import time
from collections.abc import Callable, Container
from contextlib import suppress
from itertools import pairwise
from typing import Any, Self

VOICE = b"\x2a" * 160  # 20 ms of A-law
TRUNK, PHONES, TRUNK_FAR = "127.0.0.2", "127.0.0.3", "127.0.0.4"
KEY_TICKS = 8  # of 20 ms that a key is held
PATIENCE = 20.0  # seconds
PICKS_UP_AFTER = 3.0  # seconds
Address = tuple[str, int]


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes, Address], None]) -> None:
        self.received = received

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.received(data, addr)


async def _open(received: Callable[[bytes, Address], None], at: Address) -> asyncio.DatagramTransport:
    transport, _protocol = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Datagrams(received), at)
    return transport


def header(text: str, name: str) -> str:
    """The first header of that name, or nothing."""
    found = re.search(rf"(?im)^{name}:\s*(.*)\r$", text)
    return found[1] if found else ""


def media(text: str) -> Address | None:
    """Where a description of a session wants its audio."""
    found = re.search(r"c=IN IP4 (\S+)[\s\S]*?m=audio (\d+)", text)
    return (found[1], int(found[2])) if found else None


class _Agent:
    """What both have: two sockets, messages out."""

    def __init__(self, ip: str, port: int = 0) -> None:
        self.ip, self.port = ip, port
        self.tag = f"{random.getrandbits(32):x}"
        self.audio_to: Address | None = None

    async def open(self) -> None:
        self.rtp = await _open(self.audio, (self.ip, 0))
        self.sip = await _open(self.message, (self.ip, self.port))
        port = self.rtp.get_extra_info("sockname")[1]
        self.at = f"{self.ip}:{self.sip.get_extra_info('sockname')[1]}"
        self.sdp = f"v=0\r\no=u 1 1 IN IP4 {self.ip}\r\ns=-\r\nc=IN IP4 {self.ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"

    def close(self) -> None:
        self.rtp.close()
        self.sip.close()

    def audio(self, packet: bytes, _sender: Address) -> None:
        raise NotImplementedError

    def message(self, data: bytes, sender: Address) -> None:
        raise NotImplementedError

    def write(self, first: str, lines: list[str], body: str, to: Address) -> None:
        kind = ["Content-Type: application/sdp"] if body else []
        lines = [first, *lines, f"Contact: <sip:u@{self.at}>", *kind, f"Content-Length: {len(body)}"]
        self.sip.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), to)

    def answer(self, text: str, status: str, to: Address, body: str = "") -> None:
        """To a request."""
        lines = [f"Via: {via}" for via in re.findall(r"(?im)^Via:\s*(.*)\r$", text)]
        target = header(text, "To")
        lines += [f"To: {target if ';tag=' in target else f'{target};tag={self.tag}'}"]
        lines += [f"{name}: {header(text, name)}" for name in ("From", "Call-ID", "CSeq")]
        self.write(f"SIP/2.0 {status}", lines, body, to)


class Phone(_Agent):
    """Rings, answers after `rings` seconds (at once where the exchange asks for that), sends back the audio that it gets. One for all telephones of an
    address: it is busy for the names in `refuses`, and picks up after three seconds at most for those in `soon`.

    `calls` are the From headers of those who rang, `refused` the names that were busy, `talking` the calls that were answered and not hung up.
    """

    def __init__(
        self,
        port: int,
        *,
        rings: float = 0.0,
        ip: str = PHONES,
        refuses: Container[str] = (),
        soon: Container[str] = (),
    ) -> None:
        super().__init__(ip, port)
        self.rings, self.refuses, self.soon = rings, refuses, soon
        self.calls: list[str] = []
        self.refused: list[str] = []
        self.talking: set[str] = set()
        self.quiet = asyncio.Event()
        self.quiet.set()
        self.seen: set[str] = set()
        self.ringing: dict[str, str] = {}  # the INVITE of each call that was neither answered nor given up

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        """A telephone that went away without a word would keep Asterisk busy for half a minute."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.quiet.wait(), 3)
        self.close()

    def audio(self, packet: bytes, sender: Address) -> None:
        """Back to where it came from."""
        self.rtp.sendto(packet, sender)

    def message(self, data: bytes, sender: Address) -> None:
        """What the exchange wants of the telephone."""
        text = data.decode(errors="replace")
        method = text.split(" ", 1)[0]
        if method == "INVITE":
            self._invited(text, sender)
        elif method in ("BYE", "CANCEL", "OPTIONS"):
            self.talking.discard(header(text, "Call-ID"))
            if not self.talking:
                self.quiet.set()
            self.answer(text, "200 OK", sender)
            if method == "CANCEL" and (invite := self.ringing.pop(header(text, "Call-ID"), None)):
                self.answer(invite, "487 Request Terminated", sender)

    def _invited(self, text: str, sender: Address) -> None:
        call, name = header(text, "Call-ID"), text.split("sip:", 1)[1].split("@", 1)[0]
        if name in self.refuses:
            self.refused += [name] if call not in self.seen else []
            self.seen.add(call)
            self.answer(text, "486 Busy Here", sender)
            return
        self.answer(text, "180 Ringing", sender)
        if call not in self.seen:  # else it is sent once more
            self.calls.append(header(text, "From"))
            self.ringing[call] = text
            rings = min(self.rings, PICKS_UP_AFTER) if name in self.soon else self.rings
            rings = 0.0 if "answer-after=0" in header(text, "Call-Info") else rings
            asyncio.get_running_loop().call_later(rings, self._answered, text, sender)
        self.seen.add(call)

    def _answered(self, text: str, sender: Address) -> None:
        if not self.sip.is_closing() and header(text, "Call-ID") in self.ringing:
            del self.ringing[header(text, "Call-ID")]
            self.talking.add(header(text, "Call-ID"))
            self.quiet.clear()
            self.answer(text, "200 OK", sender, self.sdp)


class Caller(_Agent):
    """Calls a number through the trunk, talks, and hangs up at the end of the block. `status` is what the call was answered with last."""

    def __init__(
        self, number: str, sip_port: int, *, sender: str = "+4917012345", headers: tuple[str, ...] = ()
    ) -> None:
        super().__init__(TRUNK)
        self.exchange = ("127.0.0.1", sip_port)
        self.sender, self.headers = sender, list(headers)
        self.target, self.called = f"sip:{number}@127.0.0.1:{sip_port}", f"<sip:{number}@127.0.0.1>"
        self.branch, self.call_id = f"z9hG4bK{random.getrandbits(48):x}", f"{random.getrandbits(48):x}@{TRUNK}"
        self.keys: list[
            tuple[int, int, bool]
        ] = []  # packets to send: which key, samples since it was pressed, whether it is released
        self.status, self.heard, self.over = 0, list[tuple[float, bool]](), asyncio.Event()

    @property
    def talked(self) -> float:
        """Seconds in which somebody at a telephone was heard."""
        return sum(echo for _at, echo in self.heard) * 0.02

    @property
    def music(self) -> float:
        """Seconds of other audio."""
        return len(self.heard) * 0.02 - self.talked

    @property
    def gap(self) -> float:
        """The longest silence since somebody talked, in seconds."""
        talk = [at for at, echo in self.heard if echo]
        times = [at for at, _echo in self.heard if talk and at >= talk[0]]
        return max((later - earlier for earlier, later in pairwise(times)), default=0.0)

    async def __aenter__(self) -> Self:
        await self.open()
        self._request("INVITE", 1, self.headers, self.sdp)
        self.talking = asyncio.create_task(self._talk())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.hang_up()
        self.talking.cancel()
        self.close()

    async def hang_up(self) -> None:
        """Once; what the other end has ended already needs no more."""
        if not self.over.is_set():
            method, number = ("BYE", 3) if self.status == 200 else ("CANCEL", 1)
            self._request(method, number)
            await asyncio.wait([asyncio.create_task(self.over.wait())], timeout=1)

    def press(self, digit: str) -> None:
        """A key of the telephone, 0 to 9 (RFC 4733)."""
        key = int(digit)
        self.keys += [(key, ticks * 160, ticks >= KEY_TICKS) for ticks in range(1, KEY_TICKS + 3)]

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait for something that happens."""
        end = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < end, (self.status, self.talked, self.music)
            await asyncio.sleep(0.02)

    def audio(self, packet: bytes, _sender: Address) -> None:
        """Note when something was heard, and whether it was the own voice."""
        self.heard.append((time.monotonic(), packet[12:] == VOICE))

    def message(self, data: bytes, sender: Address) -> None:
        """An answer of the exchange, or its wish to end the call."""
        text = data.decode(errors="replace")
        first = text.split("\r\n", 1)[0]
        if first.startswith("SIP/2.0"):
            self._response(text, int(first.split()[1]))
        elif not first.startswith("ACK"):
            self.answer(text, "200 OK", sender, self.sdp if first.startswith(("INVITE", "UPDATE")) else "")
            if first.startswith("BYE"):
                self.over.set()

    def _response(self, text: str, status: int) -> None:
        if header(text, "CSeq").split()[1] != "INVITE":
            if "BYE" in header(text, "CSeq"):
                self.over.set()
            return
        self.status = status
        self.audio_to = media(text) or self.audio_to
        if status < 200:
            return
        self.called = header(text, "To")
        if status == 200:
            found = re.search(r"<(.*?)>", header(text, "Contact"))
            self.target = found[1] if found else self.target
        else:
            self.over.set()
        self._request("ACK", 1)

    def _request(self, method: str, number: int, more: list[str] | None = None, body: str = "") -> None:
        branch = self.branch if method in ("INVITE", "CANCEL") else f"z9hG4bK{random.getrandbits(48):x}"
        lines = [f"Via: SIP/2.0/UDP {self.at};branch={branch}", "Max-Forwards: 70", f"To: {self.called}"]
        lines += [
            f'From: "Caller" <sip:{self.sender}@{self.ip}>;tag={self.tag}',
            f"Call-ID: {self.call_id}",
            f"CSeq: {number} {method}",
        ]
        self.write(f"{method} {self.target} SIP/2.0", [*lines, *(more or [])], body, self.exchange)

    async def _talk(self) -> None:
        source, due, number = random.getrandbits(32), time.monotonic(), 0
        while True:
            if self.audio_to and self.keys:
                key, lasts, is_end = self.keys.pop(0)
                began = (number * 160 - lasts) & 0xFFFFFFFF
                head = struct.pack("!BBHII", 0x80, 101, number & 0xFFFF, began, source)
                event = struct.pack("!BBH", key, 0x80 | 10 if is_end else 10, min(lasts, KEY_TICKS * 160))
                self.rtp.sendto(head + event, self.audio_to)
            elif self.audio_to:
                head = struct.pack("!BBHII", 0x80, 8, number & 0xFFFF, number * 160, source)
                self.rtp.sendto(head + VOICE, self.audio_to)
            due, number = due + 0.02, number + 1
            await asyncio.sleep(max(0, due - time.monotonic()))
