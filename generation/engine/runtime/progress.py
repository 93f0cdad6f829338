"""How far a work of several parts is."""

from collections.abc import Callable


class LoadProgress:
    """Passes on to `report` which share of the whole is done, 0 to 1; it never goes back."""

    def __init__(self, report: Callable[[float], None]) -> None:
        self._report = report
        self._reached = 0.0

    def until(self, end: float) -> Callable[[float], None]:
        """What the next part is told of, as if it were the whole: at its own 1, `end` of the whole is reached."""
        start = min(self._reached, end)

        def tell(share: float) -> None:
            self._reached = max(self._reached, start + (end - start) * share)
            self._report(self._reached)

        return tell
