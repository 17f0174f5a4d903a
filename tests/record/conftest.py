"""A centre's own Asterisk as a source, and its log."""

from itertools import count

import pytest

from tests.record.cel import Script, text

numbers = count(1)


@pytest.fixture
def source(places):
    from telephony_bridge.actions.exchanging import asterisk_source
    from tenants import scope

    with scope.telephony():
        return asterisk_source(places["soest"].centre_id)


@pytest.fixture
def log(tmp_path):
    return tmp_path / "Master.csv"


@pytest.fixture
def write(log):
    """write(call, …) -> the lines of calls go into the log, one call after the other."""

    def write(*calls, only=slice(None)):
        with log.open("a") as file:
            file.writelines(f"{text(line)}\n" for call in calls for line in call.lines[only])

    return write


@pytest.fixture
def follow(source, log):
    """follow() -> what is new in the log is in the database; how many lines that were."""
    from telephony_bridge import record
    from tenants import scope

    def follow(**options):
        with scope.telephony():
            return record.follow(source, log, **options)

    return follow


def talk(number=None, at=None, agent="agent1"):
    """A call with all that can be in it."""
    call = Script(f"rv-1774746000.{next(numbers) if number is None else number}", **({"at": at} if at else {}))
    call.waits(4)
    call.talks(agent, 30)
    call.holds(10)
    call.talks(agent, 5)
    call.asks(20)
    call.connects(60)
    call.hangs_up()
    return call
