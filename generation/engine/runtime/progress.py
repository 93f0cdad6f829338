"""Progress of loading in several parts."""

from collections.abc import Callable


class LoadProgress:
    """Reports the share of the whole that is done, 0 to 1; it never falls."""

    def __init__(self, report: Callable[[float], None]) -> None:
        self._report = report
        self._reached = 0.0

    def until(self, end: float) -> Callable[[float], None]:
        """The report of the next part, from 0 to 1, at which `end` of the whole is reached."""
        start = min(self._reached, end)

        def tell(share: float) -> None:
            self._reached = max(self._reached, start + (end - start) * share)
            self._report(self._reached)

        return tell
