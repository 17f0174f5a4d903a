"""Writes what Asterisk writes about a call, as it was seen at a real one (tests/asterisk/test_record.py compares).

call = Script("rv-1700000000.0"); call.waits(3); call.talks("agent1", 60); call.holds(10); call.hangs_up()
call.lines, call.phases
"""

import json
from datetime import UTC, datetime, timedelta

from telephony_bridge.record.lines import Line

BEGIN = datetime(2026, 3, 29, 0, 59, 30, tzinfo=UTC)  # summer time begins half a minute later, which must not matter
TOWN_HALL = "+4929211030"


class Script:
    """A call, step by step; `phases` are what its record must be: (kind, seconds, agent)."""

    def __init__(self, linked="rv-1774746000.0", at=BEGIN):
        self.linked, self.at, self.began = linked, at, at
        self.lines, self.phases = [], []
        self.count, self.agent, self.agent_leg, self.target_leg, self.bridge = 0, "", None, None, None
        self.write("CHAN_START")
        self.write("INBOUND", extra={"extra": f"{TOWN_HALL}|%2C"})
        self.write("ANSWER")

    def write(self, event, channel="", name="PJSIP/trunk-00000000", context="from-trunk", **more):
        extra = json.dumps(more["extra"], separators=(",", ":")) if "extra" in more else ""
        self.lines.append(Line(event, self.at, channel or self.linked, self.linked, name, context, TOWN_HALL, extra))

    def passes(self, kind, seconds, agent=""):
        self.at += timedelta(seconds=seconds)
        if self.phases and (self.phases[-1][0], self.phases[-1][2]) == (kind, agent):
            seconds += self.phases.pop()[1]
        self.phases.append((kind, seconds, agent))

    def enters(self, *channels):
        for channel in channels:
            self.write("BRIDGE_ENTER", channel, extra={"bridge_id": self.bridge})

    def leaves(self, *channels):
        for channel in channels:
            self.write("BRIDGE_EXIT", channel, extra={"bridge_id": self.bridge})

    def ends(self, channel):
        self.write("HANGUP", channel, extra={"hangupcause": 16, "hangupsource": "", "dialstatus": ""})
        self.write("CHAN_END", channel)

    def fresh(self, kind):
        self.count += 1
        return f"{self.linked}-{kind}{self.count}"

    # What happens in a call

    def waits(self, seconds):
        """With nobody; from a talk: the agent puts down while the caller is held."""
        if self.agent_leg:
            self.leaves(self.linked, self.agent_leg)
            self.ends(self.agent_leg)
            self.agent_leg = None
        self.passes("waiting", seconds)

    def talks(self, agent, seconds):
        """An agent answers; has one the call already, that one goes on, or takes it back."""
        if not self.agent_leg:
            self.agent, self.agent_leg, self.bridge = agent, self.fresh("a"), self.fresh("b")
            self.write("CHAN_START", self.agent_leg, f"PJSIP/{agent}-00000001", "from-agent")
            self.write("ANSWER", self.agent_leg)
            self.enters(self.linked, self.agent_leg)
        elif self.phases[-1][0] != "talking":
            self.gives_up_asking()
            self.enters(self.linked)
        self.passes("talking", seconds, self.agent)

    def gives_up_asking(self):
        if self.target_leg:
            self.leaves(self.target_leg)
            self.ends(self.target_leg)
            self.target_leg = None

    def presses_hold(self, seconds):
        """The agent at the telephone, in a talk; and takes back."""
        self.write("STREAM_BEGIN", extra={"class": "default"})
        self.passes("held", seconds, self.agent)
        self.write("STREAM_END")
        self.passes("talking", 1, self.agent)

    def holds(self, seconds):
        """After a talk."""
        if self.phases[-1][0] == "talking":
            self.leaves(self.linked)
        self.gives_up_asking()
        self.passes("held", seconds, self.agent)

    def asks(self, seconds):
        """Somebody else, after a talk or from hold."""
        if self.phases[-1][0] == "talking":
            self.leaves(self.linked)
        if not self.target_leg:
            self.target_leg = self.fresh("x")
            self.write("CHAN_START", self.target_leg, "PJSIP/trunk-00000002")
            self.write("ANSWER", self.target_leg)
            self.enters(self.target_leg)
        self.passes("consulting", seconds, self.agent)

    def connects(self, seconds):
        """After asking."""
        self.enters(self.linked)
        self.leaves(self.agent_leg)
        self.ends(self.agent_leg)
        self.agent_leg = None
        self.passes("transferred", seconds, self.agent)

    def hangs_up(self):
        """The caller; then all are gone."""
        if self.phases[-1][0] in ("talking", "transferred"):
            self.leaves(self.linked)
        self.ends(self.linked)
        for leg in filter(None, (self.agent_leg, self.target_leg)):
            self.leaves(leg)
            self.ends(leg)
        self.write("LINKEDID_END")


def text(line):
    """As it stands in the file."""
    fields = (line.event, f"{line.at.timestamp():.6f}", line.channel, line.linked, line.name, line.context, line.exten)
    fields += ("", "", "", "+4917012345", line.extra)
    return ",".join(f'"{field.replace(chr(34), chr(34) * 2)}"' for field in fields)
