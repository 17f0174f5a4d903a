"""What a command of the core is in Asterisk's REST interface. Values only."""

from dataclasses import dataclass, field
from typing import Any

from telephony_bridge.routing import calls as c
from telephony_bridge.routing.calls import Command, Role, Routed, State

LEASE = 6  # seconds after which Asterisk takes a caller back of whom it hears nothing
RINGS = 20  # seconds until an agent counts as not there
APP = "rufverbund"  # as the dialplan names us
TRUNK = "trunk"  # the endpoint of all that is outside of the centre
WITHOUT_US = (State.BLIND, State.FALLBACK, State.ENDED)
# By one or the other header makers' telephones pick up by themselves (snom, Yealink, Grandstream, Cisco, Poly: see their administrators' guides).
PICKS_UP = {
    "PJSIP_HEADER(add,Call-Info)": "<sip:127.0.0.1>;answer-after=0",
    "PJSIP_HEADER(add,Alert-Info)": "<http://127.0.0.1>;info=alert-autoanswer",
}


@dataclass(frozen=True, slots=True)
class Request:
    """One to ARI."""

    method: str
    path: str
    query: dict[str, object] = field(default_factory=dict)
    body: dict[str, Any] | None = None


def plain(name: str) -> str:
    """A name that ends no quotation and is no header of its own."""
    return " ".join("".join(sign if sign.isalnum() or sign in " .,:-()/" else " " for sign in name[:60]).split())


def lease(call: str, *, on: bool = True, longer: int = 0) -> Request:
    """Renew the lease of a caller, or end it. `longer` by the seconds of a sound that is about to be played: until that has been heard, Asterisk sets
    no variable of the channel, and answers nothing that it is asked on our connection, for whatever call."""
    query: dict[str, object] = {"variable": "TIMEOUT(absolute)", "value": LEASE + longer if on else 0}
    return Request("POST", f"channels/{call}/variable", query)


def playback_of(call: str) -> str:
    """The id of what is being played to a caller."""
    return f"{call}-p"


def request_of(call: Routed, command: Command) -> Request | None:
    """None: nothing is to be asked, the dialplan sees to it."""
    match command:
        case c.Lease(False) if call.state in WITHOUT_US:  # or there is nobody any more
            return None
        case c.Lease(on):
            return lease(call.id, on=on)
        case c.Dial():
            return _dial(call, command)
        case c.Make() | c.Remove() | c.Join() | c.Part():
            return _of_bridge(command)
        case c.Music() | c.Play() | c.Silence():
            return _of_sound(call, command)
    return _of_channel(call, command)


def _of_channel(call: Routed, command: Command) -> Request | None:
    match command:
        case c.Answer():
            return Request("POST", f"channels/{call.id}/answer")
        case c.Name(name):
            return Request("POST", f"channels/{call.id}/variable", {"variable": "CALLERID(name)", "value": plain(name)})
        case c.Send(number):
            where: dict[str, object] = {"context": "transfer", "extension": number, "priority": 1}
            return Request("POST", f"channels/{call.id}/continue", where)
        case c.Drop(channel):
            return Request("DELETE", f"channels/{channel}")
    return None


def _of_sound(call: Routed, command: c.Music | c.Play | c.Silence) -> Request:
    match command:
        case c.Music(channel, on):
            return Request("POST" if on else "DELETE", f"channels/{channel}/moh")
        case c.Play(media):
            return Request("POST", f"channels/{call.id}/play/{playback_of(call.id)}", {"media": ",".join(media)})
    return Request("DELETE", f"playbacks/{playback_of(call.id)}")


def _of_bridge(command: Command) -> Request | None:
    match command:
        case c.Make(bridge):
            return Request("POST", f"bridges/{bridge}", {"type": "mixing"})
        case c.Remove(bridge):
            return Request("DELETE", f"bridges/{bridge}")
        case c.Join(bridge, channels):
            return Request("POST", f"bridges/{bridge}/addChannel", {"channel": ",".join(channels)})
        case c.Part(bridge, channel):
            return Request("POST", f"bridges/{bridge}/removeChannel", {"channel": channel})
    return None


def _dial(call: Routed, command: c.Dial) -> Request:
    """Into the dialplan, not into our application: who answers while we are dead is connected by it. But who takes a talk over is not: without us
    caller and agent talk on."""
    of_agent = command.role is not Role.TARGET
    variables = {"CALL_ID": call.id, "ROLE": command.role.value, "CALLER_CHANNEL": call.id}
    place: dict[str, object] = {"context": "offer", "extension": "s", "priority": 1}
    if command.role is Role.LEADER:
        place = {"app": APP, "appArgs": f"leg,{call.id},{command.role.value}"}
    query: dict[str, object] = {
        "endpoint": f"PJSIP/{command.whom}" if of_agent else f"PJSIP/{command.whom}@{TRUNK}",
        **place,
        "timeout": RINGS,
        "originator": call.id if of_agent else call.agent_leg,
        "callerId": f'"{plain(command.name)}" <{call.dialled}>' if command.name else call.dialled,
    }
    return Request(
        "POST", f"channels/{command.leg}", query, {"variables": variables | (PICKS_UP if command.at_once else {})}
    )
