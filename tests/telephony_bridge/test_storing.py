"""What the routing has seen becomes calls: together where all is well, each by itself where one cannot be stored."""

from django.utils import timezone

from telephony_bridge import actions
from telephony_bridge.models import Call
from telephony_bridge.routing.spool import Record
from tenants import scope

SEEN = {
    "event": "Arrived",
    "state": "queued",
    "dialled": "029211030",
    "agent": None,
    "last_agent": None,
    "waiting": True,
}


def records(*told):
    """Numbered from 1, all of now."""
    now = timezone.now()
    return [Record(number, now, what, call, details) for number, (what, call, details) in enumerate(told, start=1)]


def test_one_that_cannot_be_stored_holds_up_no_other(soest):
    arrived = {"from": "+4917012345", "dialled": "029211030"}
    batch = records(
        ("inbound", "one", arrived),
        ("seen", "one", SEEN),
        ("seen", "one", SEEN | {"state": "nonsense"}),
        ("inbound", "two", arrived),
        ("seen", "one", SEEN | {"state": "ended", "waiting": False}),
    )
    with scope.telephony():
        source = actions.asterisk_source(soest.centre_id)
        assert actions.store_records(source, "spool", batch) == 5
        assert dict(Call.objects.values_list("external_id", "state")) == {"one": "ended", "two": "ringing"}
        assert actions.store_records(source, "spool", batch) == 5
        assert actions.position_of(source, "spool") == 5
        assert Call.objects.count() == 2


def test_a_call_of_which_the_begin_is_lost_is_made_of_what_is_seen(soest):
    with scope.telephony():
        source = actions.asterisk_source(soest.centre_id)
        later = SEEN | {"state": "ended", "waiting": False}
        assert actions.store_records(source, "spool", records(("seen", "one", SEEN), ("seen", "one", later))) == 2
        assert Call.objects.get().state == "ended"
