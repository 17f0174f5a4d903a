"""When to leave a server alone: after failures in a row nobody waits for it any more; now and then it is tried beside, until it is well."""

import threading
import time
from collections.abc import Callable

AFTER = 3  # failures in a row
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0  # seconds between trials; doubled with each that fails


class Breaker:
    """One per server and process; threads share it. Time is monotonic: a clock that is set changes nothing."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.failures = 0
        self.pause = FIRST_PAUSE
        self.next_trial = 0.0
        self.lock = threading.Lock()

    def allows(self) -> bool:
        """Whether it may be asked and waited for."""
        return self.failures < AFTER

    def due(self) -> bool:
        """Whether to try it again now; of several who want to know, one is told so."""
        with self.lock:
            now = self.clock()
            if self.failures < AFTER or now < self.next_trial:
                return False
            self.next_trial = now + LONGEST_PAUSE  # should whoever tries never come back
            return True

    def succeeded(self) -> None:
        """It has answered, in time."""
        with self.lock:
            self.failures, self.pause = 0, FIRST_PAUSE

    def failed(self) -> None:
        """It has not, or too late, or nonsense."""
        with self.lock:
            self.failures += 1
            if self.failures >= AFTER:
                self.next_trial = self.clock() + self.pause
                self.pause = min(self.pause * 2, LONGEST_PAUSE)
