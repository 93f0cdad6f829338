"""How the bot's memory grows with the requests it has taken."""

WARM_UP = 0.5
"""The share of a life's requests that are not counted: caches fill, and each kind of request comes once."""

FEWEST = 100
"""Requests that a slope is told from; of fewer, it is that of chance."""


class Memory:
    """Samples of a bot's memory, by life and number of requests."""

    def __init__(self) -> None:
        self._samples: dict[int, list[tuple[int, float]]] = {}

    def note(self, life: int, requests: int, megabytes: float) -> None:
        """Add a sample."""
        self._samples.setdefault(life, []).append((requests, megabytes))

    def __str__(self) -> str:
        if self._counted_requests() < FEWEST:
            return "memory not told: too few requests"
        return f"memory {self.slope():+.1f} MB per 1000 requests"

    def slope(self) -> float:
        """Megabytes per 1000 requests, by least squares over the life with the most requests."""
        counted = self._counted()
        if not counted:
            return 0.0
        middle = sum(x for x, _ in counted) / len(counted)
        spread = sum((x - middle) ** 2 for x, _ in counted)
        return 1000 * sum((x - middle) * y for x, y in counted) / spread if spread else 0.0

    def _counted(self) -> list[tuple[int, float]]:
        """The samples of the longest life, without its beginning."""
        samples = max(self._samples.values(), key=lambda each: each[-1][0] - each[0][0], default=[])
        if not samples:
            return []
        first, last = samples[0][0], samples[-1][0]
        return [each for each in samples if each[0] >= first + WARM_UP * (last - first)]

    def _counted_requests(self) -> int:
        counted = self._counted()
        return counted[-1][0] - counted[0][0] if counted else 0
