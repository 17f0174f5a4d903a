"""The time of day that the simulation's log says."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

OPENS, CLOSES = 8, 17  # hours of the simulated day


class ShiftClock:
    """Called, it says "10:42": the real time in service hours, else that of a day which began when the simulation did.

    `began` is the local time at its start; at the end of the shift the simulated day begins again.
    """

    def __init__(self, began: datetime, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.began, self.monotonic, self.zero = began, monotonic, monotonic()

    def __call__(self) -> str:
        """The time as hours and minutes."""
        passed = timedelta(seconds=self.monotonic() - self.zero)
        real = self.began + passed
        if real.weekday() < 5 and OPENS <= real.hour < CLOSES:
            return f"{real:%H:%M}"
        minutes = int(passed.total_seconds() // 60) % ((CLOSES - OPENS) * 60)
        return f"{OPENS + minutes // 60:02d}:{minutes % 60:02d}"
