"""How long things may take before the platform acts by itself."""

from datetime import timedelta

WRAP_UP = timedelta(seconds=60)  # from hanging up to "Bereit", unless the agent needs longer
WRAP_UP_GRACE = timedelta(seconds=5)  # for the page's last saved draft to arrive
PRESENCE = timedelta(seconds=45)  # without a heartbeat; the page sends one every 15 s
HEARTBEAT_STEP = timedelta(seconds=10)  # heartbeats in closer succession are not written
REMEMBERED = timedelta(days=30)  # how far back calls of the same number are shown
UNHEARD = timedelta(seconds=15)  # that a desk says what the exchange has not done
