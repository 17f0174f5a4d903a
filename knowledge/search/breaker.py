"""When to leave a server alone: after failures in a row it is not asked for a while, then by one request at a time until it answers again."""

import threading
import time
from collections.abc import Callable

AFTER = 3  # failures in a row
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0  # seconds; doubled with each probe that fails


class Breaker:
    """One per server and process; threads share it. Time is monotonic: a clock that is set changes nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.failures = 0
        self.pause = FIRST_PAUSE
        self.closed_until = 0.0
        self.lock = threading.Lock()

    def allows(self) -> bool:
        """Whether to ask now. Of those who want to know whether it is back, one may."""
        with self.lock:
            if self.failures < AFTER:
                return True
            now = self.clock()
            if now < self.closed_until:
                return False
            self.closed_until = now + self.pause
            return True

    def succeeded(self) -> None:
        """It has answered."""
        with self.lock:
            self.failures, self.pause = 0, FIRST_PAUSE

    def failed(self) -> None:
        """It has not, too late, or nonsense."""
        with self.lock:
            self.failures += 1
            if self.failures >= AFTER:
                self.closed_until = self.clock() + self.pause
                self.pause = min(self.pause * 2, LONGEST_PAUSE)
