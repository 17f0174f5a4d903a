"""How much an exchange may say: a bucket per token in each process, so that one that runs wild leaves the others their share."""

import time
from collections import OrderedDict
from collections.abc import Callable
from math import ceil
from threading import Lock

RATE = 100.0  # messages per second that pass for ever; a large exchange sends 50
BURST = 400.0  # messages at once
MOST = 1000  # tokens that are remembered; who is forgotten begins with a full bucket


class Limit:
    """Buckets of messages by key, `burst` at most, refilled with `rate` a second; safe in threads. `clock` gives seconds that only grow."""

    def __init__(
        self, rate: float = RATE, burst: float = BURST, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._lock = Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # key -> (messages left, at)

    def wait(self, key: str) -> int:
        """0 when the message may pass; else after how many seconds to come again (1 or more)."""
        with self._lock:
            now = self._clock()
            left, at = self._buckets.pop(key, (self._burst, now))
            left = min(self._burst, left + (now - at) * self._rate)
            passes = left >= 1
            self._buckets[key] = (left - 1 if passes else left, now)
            while len(self._buckets) > MOST:
                self._buckets.popitem(last=False)  # who was silent for longest
        return 0 if passes else max(1, ceil((1 - left) / self._rate))

    def __len__(self) -> int:
        return len(self._buckets)


messages = Limit()
notices = Limit(1.0, 1.0)  # how often it is written down that somebody was told to wait
