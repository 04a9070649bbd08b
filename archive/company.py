"""Who is on the way to the commit, so that the first to come may wait for the others.

To share a commit saves each of two objects half of two flushes. One that is alone has nobody to wait for.
"""

import threading


class Coming:
    """One object on its way.

    Parameters
    ----------
    company
        Where it is counted.
    """

    __slots__ = ("_company", "_is_here")

    def __init__(self, company: "Company") -> None:
        self._company = company
        self._is_here = False

    def arrive(self) -> None:
        """Say that it has come, or that it will not; once is enough."""
        if not self._is_here:
            self._is_here = True
            self._company.one_less()


class Company:
    """Counts those on the way. Safe to share between threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._coming = 0
        self._complete = threading.Event()

    def expect(self) -> Coming:
        """Count one more; it must arrive."""
        with self._guard:
            self._coming += 1
        return Coming(self)

    def one_less(self) -> None:
        """Count one less, and wake who waits when it was the last."""
        with self._guard:
            self._coming -= 1
            if not self._coming:
                self._complete.set()

    def wait(self, seconds: float) -> None:
        """Wait until nobody is on the way, but no longer than `seconds`. One at a time may wait."""
        with self._guard:
            if not self._coming:
                return
            self._complete.clear()
        self._complete.wait(seconds)
