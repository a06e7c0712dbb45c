"""A watch over statements that the database itself doesn't end."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

_LOOK_SECONDS = 0.25
_GRACE_SECONDS = 1.0


class Watchdog:
    """Ends work that takes longer than its limit, harder each second: a script can switch off a time-out.

    ``limit`` is in seconds; ``ends`` are called one after the other, from another thread, while the work goes on.
    """

    def __init__(self, limit: float, ends: tuple[Callable[[], None], ...]) -> None:
        self._limit = limit + _GRACE_SECONDS
        self._ends = ends
        self._began: float | None = None
        self._barked = 0
        self._closed = Event()
        self._thread = Thread(target=self._look, name="watchdog", daemon=True)
        self._thread.start()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """The work to watch."""
        self._barked = 0
        self._began = time.monotonic()
        try:
            yield
        finally:
            self._began = None

    @property
    def barked(self) -> bool:
        """Whether the last work had to be ended."""
        return self._barked > 0

    def close(self) -> None:
        """End the watch."""
        self._closed.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._closed.wait(_LOOK_SECONDS):
            began = self._began
            if began is None:
                continue
            late = time.monotonic() - began - self._limit
            due = min(int(late / _GRACE_SECONDS) + 1, len(self._ends)) if late > 0 else 0
            if due > self._barked:
                self._barked += 1
                self._ends[self._barked - 1]()
