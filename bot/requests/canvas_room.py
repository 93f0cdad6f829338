"""How far a picture can be extended."""

from dataclasses import astuple, dataclass

from generation.outpainting import Margins


@dataclass(frozen=True, slots=True)
class CanvasRoom:
    """The size of a picture, and the largest that it can become with margins, which are multiples of `step` pixels."""

    size: tuple[int, int]
    most: tuple[int, int]
    step: int

    def holds(self, margins: Margins) -> bool:
        """True where a picture can be extended by the margins."""
        width, height = margins.around(self.size)
        is_on_grid = all(each >= 0 and each % self.step == 0 for each in astuple(margins))
        return is_on_grid and width <= self.most[0] and height <= self.most[1]
