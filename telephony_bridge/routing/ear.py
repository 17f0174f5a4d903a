"""What Asterisk says, sorted: each event goes to the call that it is about."""

from typing import TYPE_CHECKING
from urllib.parse import unquote

from telephony_bridge.routing import calls as c
from telephony_bridge.routing.ari import Json
from telephony_bridge.routing.calls import Event, Routed, State
from telephony_bridge.routing.line import Line
from telephony_bridge.routing.requests import TRUNK, Request, playback_of
from telephony_bridge.routing.resync import endpoint

if TYPE_CHECKING:
    from telephony_bridge.routing.exchange import Exchange

CALLBACK_KEY = "1"


def _id(channel: Json) -> str:
    """Raises TypeError or KeyError where there is none."""
    if not isinstance(channel["id"], str):
        raise TypeError("an id is a text")
    return channel["id"]


class Ear:
    """One for each connection. Raises KeyError, TypeError, ValueError or AttributeError for what is no event of Asterisk's."""

    def __init__(self, exchange: "Exchange") -> None:
        self.exchange = exchange
        self.met: dict[
            str, tuple[str, str]
        ] = {}  # caller fetched from the safety net -> (agent, leg), whoever comes first

    def hears(self, event: Json) -> None:
        """One event."""
        kind, channel = event["type"], _id(event.get("channel") or {"id": ""})
        lines, pool = self.exchange.lines, self.exchange.pool
        if kind == "StasisStart":
            self._entered(event["channel"], event["args"] if channel else [])
        elif kind == "PlaybackFinished":
            self._heard_out(event["playback"])
        elif kind == "ChannelDtmfReceived" and channel in lines and event.get("digit") == CALLBACK_KEY:
            if c.NUMBER.fullmatch(lines[channel].caller):  # whose number is withheld cannot be called back
                lines[channel].events.put_nowait(c.WantsCallback(self.exchange.reception.callback))
        elif kind == "Dial":
            self._dialled(event)
        elif kind == "ChannelCreated" and (agent := endpoint(event["channel"])) != TRUNK:
            pool.in_use(agent, channel)
        elif channel in lines:
            self._of_caller(lines[channel], kind)
        elif kind == "ChannelDestroyed":
            self._tell(channel, c.LegGone(channel))
            self.exchange.fetched.pop(channel, None)
            pool.hung_up(channel)
            self.exchange.distribute()

    def _entered(self, channel: Json, arguments: list[str]) -> None:
        role, *rest = [str(argument) for argument in arguments]
        id_ = _id(channel)
        if role == "inbound" and id_ not in self.exchange.lines:
            self._arrived(id_, str((channel.get("caller") or {}).get("number", "")), rest)
        elif role == "leg":
            self._tell(id_, c.LegAnswered(id_))
        elif role == "returned":  # perhaps to somebody who was not there when the call was sent away
            self._line(id_, State.BLIND).events.put_nowait(c.Returned())
        elif role == "adopted" and rest[0] == "agent":
            self._fetched(rest[1], (endpoint(channel), id_))
        elif role == "adopted":
            self._fetched(id_)

    def _arrived(self, id_: str, caller: str, rest: list[str]) -> None:
        dialled, diversion, history = (*rest, "", "", "")[:3]
        told = {"dialled": dialled, "diversion": unquote(diversion), "history": unquote(history)}
        self.exchange.note("inbound", id_, {"from": caller, **told})
        welcome = self.exchange.reception.welcome(told, waiting=len(self.exchange.pool.places))
        line = self.exchange.open(Routed(id_, dialled))
        line.wants, line.caller = welcome.wants, caller
        line.events.put_nowait(c.Arrived(welcome.first, welcome.closed))

    def _line(self, id_: str, state: State) -> Line:
        """Of a call that is with the dialplan, whether we know it or not."""
        return self.exchange.lines.get(id_) or self.exchange.open(Routed(id_, state=state, waiting=False))

    def _fetched(self, caller: str, agent: tuple[str, str] | None = None) -> None:
        """Both have come from the safety net, one after the other."""
        other = self.met.pop(caller, None)
        if other is None:
            self.met[caller] = agent or ("", "")
            return
        name, leg = agent or other
        self.exchange.fetched[leg] = caller
        self.exchange.pool.take(name)
        self._line(caller, State.FALLBACK).events.put_nowait(c.Fetched(name, leg))

    def _heard_out(self, playback: Json) -> None:
        """A list of media is one playback; it ends once."""
        channel = str(playback.get("target_uri", "")).removeprefix("channel:")
        if channel in self.exchange.lines and playback.get("id") == playback_of(channel):
            self.exchange.lines[channel].events.put_nowait(c.Played())

    def _dialled(self, event: Json) -> None:
        caller = (event.get("caller") or {}).get("id", "")
        if event.get("dialstatus") == "ANSWER" and caller in self.exchange.lines:
            self.exchange.lines[caller].events.put_nowait(c.TargetAnswered())

    def _of_caller(self, line: Line, kind: str) -> None:
        if kind == "ChannelHangupRequest":
            line.hanging_up = True
        elif kind == "ChannelDestroyed":
            line.events.put_nowait(c.CallerGone())
        elif kind == "StasisEnd" and not line.hanging_up:
            line.events.put_nowait(c.CallerLeft())

    def _tell(self, leg: str, event: Event) -> None:
        """The call that a leg belongs to. One of no call of ours is ended: nobody is to sit in silence."""
        own = c.OWN_ID.fullmatch(leg)
        call = own["call"] if own else self.exchange.fetched.get(leg, "")
        if call in self.exchange.lines:
            self.exchange.lines[call].events.put_nowait(event)
        elif own and isinstance(event, c.LegAnswered):
            self.exchange.start(self.exchange.ask(Request("DELETE", f"channels/{leg}")))
