"""Values in, files out: the templates of conf/ with their places filled.

A template names a place as <<name>> (Asterisk itself uses $ and %). All are filled in one go, so that nothing that is filled in can name another.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from telephony_bridge.asterisk.configuration import escaping, opening
from telephony_bridge.asterisk.configuration.wanted import Numbers, Place, Station, Trunk, Wanted

TEMPLATES = Path(__file__).parents[1] / "conf"
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8")
SLOT = re.compile(r"<<(\w+)>>")
HEAD = """; Vom Rufverbund geschrieben (rufverbund telephony config) für: {centre}
; Wer hier etwas ändert, findet die eigene Fassung nach dem nächsten Schreiben daneben, mit der Endung .eigene; es gilt dann wieder diese.

"""


def rendered(wanted: Wanted) -> dict[str, str]:
    """The text of each file by its name. Raises Refusal where a value cannot stand in one."""
    values = _values(wanted)
    head = HEAD.format(centre=escaping.text(wanted.centre))
    return {
        source.name: head + SLOT.sub(lambda found: values[found[1]], source.read_text(encoding="utf-8"))
        for source in sorted(TEMPLATES.glob("*.conf"))
    }


def _values(wanted: Wanted) -> Mapping[str, str]:
    folders = {f: escaping.place(str(getattr(wanted.folders, f))) for f in wanted.folders.__dataclass_fields__}
    places = [wanted.default, *wanted.places]
    known = [(numbers, place) for place in wanted.places for numbers in place.numbers]
    return folders | {
        "http": str(wanted.http),
        "manager": str(wanted.manager),
        "sip": f"{escaping.host(wanted.sip[0])}:{wanted.sip[1]}",
        "external": _lines(_external(wanted.external)),
        "first_port": str(wanted.media[0]),
        "last_port": str(wanted.media[1]),
        "lease": str(wanted.lease),
        "ari_secret": escaping.secret(wanted.ari_secret),
        "ami_secret": escaping.secret(wanted.ami_secret),
        "trunk": _lines(_trunk(wanted.trunk)),
        "stations": "\n".join(_lines(_station(station)) for station in wanted.stations),
        "account": _lines(_account(wanted.trunk)),
        "extensions": _lines(_extensions(wanted)),
        "dids": _lines(line for numbers, place in known if numbers.is_did for line in _numbers(numbers, place)),
        "numbers": _lines(line for numbers, place in known for line in _numbers(numbers, place)),
        "default": f"place-{escaping.name(wanted.default.slug)}",
        "places": "\n".join(_lines(_place(place, wanted)) for place in places),
    }


def _lines(lines: Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _external(address: str) -> Iterator[str]:
    """Behind a router that translates addresses: who is outside must be told the outer one."""
    if address:
        yield from (f"external_{kind}_address={escaping.host(address)}" for kind in ("signaling", "media"))
        yield from (f"local_net={network}" for network in PRIVATE)


def _trunk(trunk: Trunk) -> Iterator[str]:
    host, port = escaping.host(trunk.host), int(trunk.port)
    user = escaping.account(trunk.user) if trunk.user else ""
    yield from ("[trunk](common)", "context=from-trunk", "aors=trunk", "trust_id_inbound=yes", "send_diversion=yes")
    if user:
        yield from ("outbound_auth=trunk", f"from_user={user}", f"from_domain={host}")
    yield from ("", "[trunk]", "type=aor", f"contact=sip:{host}:{port}")
    if trunk.watched:
        yield "qualify_frequency=60"
    if user:
        yield from ("", "[trunk]", "type=auth", "auth_type=userpass")
        yield from (f"username={user}", f"password={escaping.secret(trunk.password)}")
        yield from (
            "",
            "[trunk]",
            "type=registration",
            "transport=udp",
            "outbound_auth=trunk",
            "line=yes",
            "endpoint=trunk",
        )
        yield from (f"server_uri=sip:{host}:{port}", f"client_uri=sip:{user}@{host}:{port}", f"contact_user={user}")
        yield from ("retry_interval=30", "forbidden_retry_interval=300", "expiration=600")
    yield from ("", "[trunk]", "type=identify", "endpoint=trunk")
    yield from (f"match={escaping.network(source)}" for source in trunk.sources or (host,))


def _account(trunk: Trunk) -> Iterator[str]:
    """Some providers call the account that is registered; whom the citizen dialled stands in To then."""
    if trunk.user:
        yield f"exten => {escaping.account(trunk.user)},1,Set(HEADER=${{PJSIP_HEADER(read,To)}})"
        yield " same => n,Gosub(number,s,1)"
        yield " same => n,Set(__DIALLED=${GOSUB_RETVAL})"
        yield " same => n,Goto(0,taken)"


def _station(station: Station) -> Iterator[str]:
    name = escaping.name(station.user)
    extension = f" <{escaping.number(station.extension)}>" if station.extension else ""
    yield from (f"[{name}](common)", "context=from-agent", f"aors={name}")
    yield f'callerid="{escaping.text(station.label) or name}"{extension}'
    if station.contact:  # where the telephone always is: nobody else may say to be it
        yield from ("identify_by=ip", "", f"[{name}]", "type=aor", f"contact={_uri(station.contact)}")
        return
    yield from (f"auth={name}", "", f"[{name}]", "type=auth", "auth_type=userpass", f"username={name}")
    yield f"password={escaping.secret(station.password)}"
    yield from ("", f"[{name}]", "type=aor", "max_contacts=1", "remove_existing=yes", "qualify_frequency=30")


def _uri(contact: str) -> str:
    user, _at, place = contact.removeprefix("sip:").rpartition("@")
    host, _colon, port = place.partition(":")
    return f"sip:{escaping.account(user)}@{escaping.host(host)}:{int(port or 5060)}"


def _extensions(wanted: Wanted) -> Iterator[str]:
    """Agents call each other at their extensions."""
    for station in wanted.stations:
        if station.extension:
            target = f"Dial(PJSIP/{escaping.name(station.user)},30)"
            yield f"exten => {escaping.number(station.extension)},1,{target}"
            yield " same => n,Hangup()"


def _numbers(numbers: Numbers, place: Place) -> Iterator[str]:
    """A pattern for each length; of several that match, Asterisk takes the one that names more digits."""
    prefix = escaping.number(numbers.prefix)
    for more in range(max(numbers.longest - len(prefix.lstrip("+")), 0) + 1):
        yield f"exten => _{prefix}{'X' * more},1,Goto(place-{escaping.name(place.slug)},s,1)"


def _place(place: Place, wanted: Wanted) -> Iterator[str]:
    context = f"place-{escaping.name(place.slug)}"
    yield f"; {escaping.text(place.name)}"
    yield f"[{context}]"
    if place.hours is None:
        yield from _heard("s", place.emergency)
        return
    yield "exten => s,1,Set(DAY=${STRFTIME(${CAME},Europe/Berlin,%Y%m%d)})"
    yield f" same => n(day),GotoIf($[${{DIALPLAN_EXISTS({context},${{DAY}},1)}}]?${{DAY}},1)"
    yield from opening.week_lines(place.hours)
    yield " same => n,Goto(closed,1)"
    yield from opening.day_lines(place.hours, wanted.today)
    yield from _heard("open", place.emergency)
    yield from _heard("closed", place.emergency, place.closed or "${CLOSED}")


def _heard(extension: str, *sounds: str) -> Iterator[str]:
    """Announcements, and then the queue where it is open, else the end."""
    first = f"exten => {extension},1,"
    for sound in filter(None, sounds):
        yield f"{first}Playback({sound if sound == '${CLOSED}' else escaping.place(sound)})"
        first = " same => n,"
    yield f"{first}{'Hangup()' if extension == 'closed' else 'Goto(wait,s,1)'}"
