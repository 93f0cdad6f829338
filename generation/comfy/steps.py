"""How much of a job is drawn, by the progress of the samplers of its pictures, one after the other."""

from collections.abc import Sequence


class Steps:
    """Counts the steps of a job as everybody else does: `steps` for all `pictures` together."""

    def __init__(self, pictures: int, steps: int, samplers: Sequence[str]) -> None:
        """`samplers` are those nodes of the workflow; the progress of others counts for nothing."""
        self.steps = steps
        self.told = 0
        """The last step that was returned."""
        self._pictures = pictures
        self._samplers = samplers
        self.finished = 0
        self._done: dict[str, tuple[float, float]] = {}

    def note(self, node: str, value: float, most: float) -> bool:
        """Note the progress of a node: `value` of `most`. True where a step more of the job is done."""
        if node not in self._samplers or most <= 0:
            return False
        self._done[node] = min(value, most), most
        usual = max(each for _, each in self._done.values())
        in_all = sum(self._done.get(each, (0.0, usual))[1] for each in self._samplers)
        share = sum(done for done, _ in self._done.values()) / in_all
        return self._tell(int(self.steps * (self.finished + share) / self._pictures))

    def next_picture(self) -> None:
        """Note that a picture is finished."""
        self.finished += 1
        self._done.clear()

    def _tell(self, step: int) -> bool:
        further = step > self.told
        self.told = max(step, self.told)
        return further
