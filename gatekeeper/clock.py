"""The one place that reads the wall clock and chance."""

import datetime as dt
import random
import time


def now() -> dt.datetime:
    """The present moment, in UTC."""
    return dt.datetime.now(dt.UTC)


def seconds() -> float:
    """The present moment in seconds since 1970."""
    return time.time()


def between(least: float, most: float) -> float:
    """A time between the two, so that many who wait don't ask at once."""
    return random.uniform(least, most)  # noqa: S311 - nothing secret


class Clock:
    """When a run began."""

    def __init__(self) -> None:
        self.at = now()
        self.monotonic = time.monotonic()

    @property
    def started_at(self) -> str:
        """UTC, ISO 8601 with a Z."""
        return self.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    @property
    def duration_ms(self) -> int:
        """Milliseconds since the run began."""
        return round((time.monotonic() - self.monotonic) * 1000)
