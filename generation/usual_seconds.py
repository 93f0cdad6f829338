"""How long something usually takes."""

WEIGHT = 0.3
"""The weight of a new measurement against the earlier ones."""


class UsualSeconds:
    """A mean of what was measured lately; 0 until then."""

    def __init__(self) -> None:
        self._seconds: float | None = None

    def __float__(self) -> float:
        return self._seconds or 0.0

    def note(self, seconds: float) -> None:
        """Note that it took so long this time."""
        before = self._seconds
        self._seconds = seconds if before is None else WEIGHT * seconds + (1 - WEIGHT) * before
