"""A round of the bridge's thread for the database."""

from telephony_bridge import link as module
from telephony_bridge.link import Link
from telephony_bridge.routing.ari import Access
from telephony_bridge.routing.spool import Spool

MANY = 50


class Busy(Spool):
    """In which something happens whenever it is read."""

    reads = 0

    def read(self, after, limit=None):
        """The records, and one more each time."""
        self.reads += 1
        assert self.reads < MANY, "nobody would ever look who is there"
        self.append("seen", "one")
        return super().read(after, limit)


def test_a_round_ends_however_much_happens(soest, tmp_path, monkeypatch):
    monkeypatch.setattr(module.actions, "store_records", lambda _source, _spool, records, **_agents: records[-1].number)
    link = Link(soest.centre_id, Access("127.0.0.1", 1, "bridge", "none"), Busy(tmp_path))
    link._round()
    assert link.stored == link.spool.last


def test_the_last_round_leaves_nothing(soest, tmp_path, monkeypatch):
    stored = []
    monkeypatch.setattr(
        module.actions, "store_records", lambda _s, _i, records, **_agents: stored.extend(records) or records[-1].number
    )
    link = Link(soest.centre_id, Access("127.0.0.1", 1, "bridge", "none"), Spool(tmp_path))
    for number in range(module.BATCH + 5):
        link.spool.append("seen", str(number))
    link.stopping.set()
    link._round()
    assert [record.call for record in stored] == [str(number) for number in range(module.BATCH + 5)]
