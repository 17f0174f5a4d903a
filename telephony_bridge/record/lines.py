"""A line of Asterisk's channel event log: one event, in the columns of asterisk/conf/cel_custom.conf."""

import csv
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

COLUMNS = 12
LONGEST = 120  # characters of an id, a name, a context …; longer ones are cut
LONGEST_EXTRA = 2000
TIME = re.compile(r"(?P<seconds>[0-9]{1,10})\.(?P<micros>[0-9]{6})")  # since 1970, so no summer time is in it
BEGIN = re.compile(r'"[A-Z_]{3,40}","[0-9]{1,10}\.[0-9]{6}","')  # of a line
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Line:
    """An event of a channel. What the record does not need stands in the file alone, such as the caller's number."""

    event: str  # CHAN_START, ANSWER, BRIDGE_ENTER …; INBOUND is our dialplan's own
    at: datetime  # UTC
    channel: str  # its unique id
    linked: str  # the unique id of the call's first channel
    name: str  # PJSIP/agent1-00000001
    context: str
    exten: str
    extra: str  # JSON, as it came

    def told(self, key: str) -> str:
        """A value of `extra`; empty where it has none."""
        try:
            value = json.loads(self.extra or "{}").get(key, "")
        except (ValueError, AttributeError):
            return ""
        return str(value)


def parsed(text: str) -> Line | None:
    """The event of a line, without its end; None for what is none.

    A crash may leave a torn line, to which the next one is joined: then the last event that begins in it is read.
    """
    text = text.replace("\0", "")
    if (line := _whole(text)) or not (begins := [found.start() for found in BEGIN.finditer(text)]):
        return line
    return _whole(text[begins[-1] :])


def _whole(text: str) -> Line | None:
    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error:
        return None
    if len(rows) != 1 or len(rows[0]) != COLUMNS:
        return None
    event, time, *words, _number, extra = rows[0]
    channel, linked, name, context, exten, _app, _peer, _field = (word[:LONGEST] for word in words)
    at = _time(time)
    if at is None or not channel or not BEGIN.match(text):
        return None
    extra = extra if len(extra) <= LONGEST_EXTRA else ""
    return Line(event, at, channel, linked, name, context, exten, extra)


def _time(text: str) -> datetime | None:
    found = TIME.fullmatch(text)
    return EPOCH + timedelta(seconds=int(found["seconds"]), microseconds=int(found["micros"])) if found else None


def all_parsed(texts: Iterable[str]) -> Iterator[Line]:
    """The events of several lines, in their order."""
    return (line for text in texts if (line := parsed(text)))
