"""Faces by MTCNN (Zhang et al., arXiv 1604.02878): three small networks, each of which looks closer at what the one
before it proposes. Their weights come with the package `mtcnn`, under the MIT licence (the extra `faces`)."""

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self

import numpy
import torch
from PIL import Image
from torch import nn
from torch.nn import functional

SMALLEST_FACE = 20
"""Pixels of the side of the smallest face that is looked for."""

SHRINKING = 0.709
"""The scale of each picture of the pyramid, of the one before: half as many pixels."""

PROPOSED_SIDE, REFINED_SIDE, FINAL_SIDE = 12, 24, 48
"""Pixels of the side of what each network looks at."""

STRIDE = 2
"""Pixels between two places that the first network looks at."""

LIKELY = 0.6, 0.7, 0.85
"""The probability from which a network passes a box on. The paper's last one is 0.7; drawings are full of what looks a
little like a face."""

OVERLAP = 0.5, 0.7
"""Boxes of one scale, and of all, of whose union so large a share overlaps are one face."""

SEEN_SIDE = 1024
"""Pixels of the longer side of a picture that is looked at."""

Boxes = torch.Tensor
"""(boxes, 5): left, top, right and bottom in pixels, and the probability of a face."""


class Network(nn.Module):
    """Layers whose last two tell how a box is off, (N, 4, ...), and whether it has a face, (N, 2, ...)."""

    def __init__(
        self, *layers: nn.Module, offsets: nn.Module, classes: nn.Module, marks: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(*layers)
        self.offsets = offsets
        self.marks = marks
        """Where eyes, nose and mouth are; it is there for its weights alone."""
        self.classes = classes

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """The offsets of boxes in parts of their sides, and the probabilities of faces, (N, ...)."""
        features = self.layers(pixels)
        return self.offsets(features), self.classes(features).softmax(1)[:, 1]

    def load(self, weights: Sequence[Any]) -> Self:
        """Take over arrays in the order of the layers, as Keras has them."""
        arrays = iter(weights)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d):
                layer.weight.data = _tensor(next(arrays)).permute(3, 2, 0, 1).contiguous()
                layer.bias = nn.Parameter(_tensor(next(arrays)))
            elif isinstance(layer, nn.Linear):
                layer.weight.data = _tensor(next(arrays)).T.contiguous()
                layer.bias = nn.Parameter(_tensor(next(arrays)))
            elif isinstance(layer, nn.PReLU):
                layer.weight.data = _tensor(next(arrays)).flatten()
        return self.eval()


class Flatten(nn.Module):
    """(N, C, H, W) to (N, W * H * C), as the weights have it."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return features.permute(0, 3, 2, 1).flatten(1)


def proposing() -> Network:
    """The network that looks at every place of a picture of any size."""
    return Network(
        *_block(3, 10, 3),
        nn.MaxPool2d(2, ceil_mode=True),
        *_block(10, 16, 3),
        *_block(16, 32, 3),
        offsets=nn.Conv2d(32, 4, 1),
        classes=nn.Conv2d(32, 2, 1),
    )


def refining() -> Network:
    """The network that looks at boxes of 24 x 24 pixels."""
    return Network(
        *_block(3, 28, 3),
        nn.MaxPool2d(3, 2, ceil_mode=True),
        *_block(28, 48, 3),
        nn.MaxPool2d(3, 2),
        *_block(48, 64, 2),
        Flatten(),
        nn.Linear(576, 128),
        nn.PReLU(128),
        offsets=nn.Linear(128, 4),
        classes=nn.Linear(128, 2),
    )


def deciding() -> Network:
    """The network that looks at boxes of 48 x 48 pixels."""
    return Network(
        *_block(3, 32, 3),
        nn.MaxPool2d(3, 2, ceil_mode=True),
        *_block(32, 64, 3),
        nn.MaxPool2d(3, 2),
        *_block(64, 64, 3),
        nn.MaxPool2d(2, ceil_mode=True),
        *_block(64, 128, 2),
        Flatten(),
        nn.Linear(1152, 256),
        nn.PReLU(256),
        offsets=nn.Linear(256, 4),
        marks=nn.Linear(256, 10),
        classes=nn.Linear(256, 2),
    )


class Mtcnn:
    """Finds faces by the three networks."""

    def __init__(self, first: Network, second: Network, third: Network) -> None:
        self._first, self._second, self._third = first, second, third

    @classmethod
    def read(cls) -> Self:
        """With the weights of the installed package. Raises `ImportError` and `OSError`."""
        import joblib

        package = find_spec("mtcnn")  # importing it takes TensorFlow
        if package is None or not package.submodule_search_locations:
            raise ImportError('mtcnn is not installed: run `pip install "noisefox[faces]"`')
        folder = Path(package.submodule_search_locations[0], "assets", "weights")
        networks = {"pnet": proposing(), "rnet": refining(), "onet": deciding()}
        for name, network in networks.items():
            network.load(joblib.load(folder / f"{name}.lz4"))
        return cls(*networks.values())

    @torch.inference_mode()
    def boxes(self, picture: Image.Image) -> list[tuple[float, float, float, float]]:
        """Left, top, right and bottom of the faces in an RGB picture, in pixels."""
        seen = picture.copy()
        seen.thumbnail((SEEN_SIDE, SEEN_SIDE))
        pixels = _tensor(numpy.asarray(seen)).permute(2, 0, 1)[None].sub(127.5).div(128)
        found = self._looked_at(pixels, self._proposed(pixels), self._second, REFINED_SIDE, LIKELY[1])
        found = self._looked_at(pixels, found, self._third, FINAL_SIDE, LIKELY[2])
        across, down = picture.width / seen.width, picture.height / seen.height
        return [(x * across, y * down, right * across, bottom * down) for x, y, right, bottom, _ in found.tolist()]

    def _proposed(self, pixels: torch.Tensor) -> Boxes:
        """Boxes of all scales of a picture, (1, 3, height, width)."""
        height, width = pixels.shape[-2:]
        scale, found = PROPOSED_SIDE / SMALLEST_FACE, [torch.empty(0, 5)]
        while min(height, width) * scale >= PROPOSED_SIDE:
            size = round(height * scale), round(width * scale)
            small = functional.interpolate(pixels, size, mode="bilinear", antialias=True)
            [offsets], [likely] = self._first(small)
            rows, columns = (likely >= LIKELY[0]).nonzero(as_tuple=True)
            corners = torch.stack([columns, rows], 1) * STRIDE
            boxes = torch.cat([corners, corners + PROPOSED_SIDE], 1) / scale
            boxes = _moved(boxes, offsets[:, rows, columns].T)
            found.append(_thinned(torch.cat([boxes, likely[rows, columns, None]], 1), OVERLAP[0]))
            scale *= SHRINKING
        return _thinned(torch.cat(found), OVERLAP[1])

    def _looked_at(self, pixels: torch.Tensor, boxes: Boxes, network: Network, side: int, least: float) -> Boxes:
        """The boxes that still seem to have a face, nearer to it."""
        if not len(boxes):
            return boxes
        squares = _squared(boxes[:, :4])
        offsets, likely = network(torch.cat([_cropped(pixels, box, side) for box in squares.round().long().tolist()]))
        passed = likely >= least
        moved = _moved(squares[passed], offsets[passed])
        return _thinned(torch.cat([moved, likely[passed, None]], 1), OVERLAP[1])


def _tensor(array: Any) -> torch.Tensor:
    return torch.from_numpy(numpy.array(array, dtype=numpy.float32))


def _block(inner: int, outer: int, side: int) -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(inner, outer, side), nn.PReLU(outer)


def _moved(boxes: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
    """Boxes, (N, 4), moved by offsets in parts of their sides."""
    sides = (boxes[:, 2:] - boxes[:, :2]).repeat(1, 2)
    return boxes + offsets * sides


def _squared(boxes: torch.Tensor) -> torch.Tensor:
    """The squares around the middles of boxes, (N, 4), with their longer side."""
    middle, side = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]).amax(1, keepdim=True)
    return torch.cat([middle - side / 2, middle + side / 2], 1)


def _cropped(pixels: torch.Tensor, box: list[int], side: int) -> torch.Tensor:
    """A box of a picture at another size, (1, 3, side, side); grey where it stands out of the picture."""
    left, top, right, bottom = box
    height, width = pixels.shape[-2:]
    inner = pixels[..., max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    around = max(-left, 0), max(right - width, 0), max(-top, 0), max(bottom - height, 0)
    return functional.interpolate(functional.pad(inner, around), (side, side), mode="bilinear", antialias=True)


def _thinned(boxes: Boxes, most: float) -> Boxes:
    """The likeliest of all boxes that overlap by more than `most` of their union."""
    left = boxes[boxes[:, 4].argsort(descending=True)]
    kept = [boxes[:0]]
    while len(left):
        best, left = left[:1], left[1:]
        kept.append(best)
        corners, ends = left[:, :2].maximum(best[:, :2]), left[:, 2:4].minimum(best[:, 2:4])
        common = (ends - corners).clamp(min=0).prod(1)
        areas = [(each[:, 2:4] - each[:, :2]).prod(1) for each in (left, best)]
        left = left[common <= most * (areas[0] + areas[1] - common)]
    return torch.cat(kept)
