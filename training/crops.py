"""Training crops of the art for the autoencoder, on grounds of many colours, and whole pictures to measure on."""

from __future__ import annotations

import math

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from training.art import Art, Pixels


def shrink(picture: Pixels, size: int) -> Pixels:
    """A picture (S, S, 4), colours multiplied by alpha, at another size, with Pillow's Lanczos filter."""
    small = np.array(Image.fromarray(picture).resize((size, size), Image.Resampling.LANCZOS))
    small[..., :3] = np.minimum(small[..., :3], small[..., 3:])
    return small


def on_ground(rgba: Tensor, ground: Tensor) -> Tensor:
    """Lay pictures (B, 4, H, W), uint8, over ground colours broadcastable to (B, 3, H, W) in 0..1; return -1..1."""
    floats = rgba.float() / 255
    return (floats[:, :3] + ground * (1 - floats[:, 3:])) * 2 - 1


def grounds(count: int, size: int) -> Tensor:
    """Grounds (count, 3, size, size): 65 % white, the rest one colour or a vertical run between two."""
    top, bottom = torch.rand(count, 3, 1, 1), torch.rand(count, 3, 1, 1)
    run = torch.where(torch.rand(count, 1, 1, 1) < 0.5, torch.linspace(0, 1, size).view(1, 1, size, 1), torch.zeros(()))
    coloured = torch.lerp(top, bottom, run).expand(count, 3, size, size)
    return torch.where(torch.rand(count, 1, 1, 1) < 0.65, torch.ones(()), coloured)


class Crops:
    """Random square crops of the art that is not held out, drawn at several sizes."""

    def __init__(self, art: Art, crop: int = 64, sizes: tuple[int, ...] = (128, 192)) -> None:
        self.crop = crop
        held_out = set(art.held_out())
        rows = [row for row in range(len(art.pictures)) if row not in held_out]
        self.by_size = [
            torch.from_numpy(np.stack([shrink(art.pictures[row], size) for row in rows]))
            .permute(0, 3, 1, 2)
            .contiguous()
            for size in sizes
        ]
        self.shares = torch.tensor([3.0] + [1.0] * (len(sizes) - 1))

    def batch(self, count: int) -> Tensor:
        """Crops (count, 3, crop, crop) in -1..1, mirrored half the time, colours exchanged one time in six."""
        crops = []
        for which in torch.multinomial(self.shares, count, replacement=True).tolist():
            pictures = self.by_size[which]
            picture = pictures[int(torch.randint(len(pictures), ()))]
            top, left = torch.randint(picture.shape[-1] - self.crop + 1, (2,)).tolist()
            piece = picture[:, top : top + self.crop, left : left + self.crop]
            if torch.rand(()) < 0.5:
                piece = piece.flip(-1)
            if torch.rand(()) < 1 / 6:
                piece = torch.cat([piece[torch.randperm(3)], piece[3:]])
            crops.append(piece)
        return on_ground(torch.stack(crops), grounds(count, self.crop))


def held_out_pictures(art: Art, size: int = 128, limit: int | None = None) -> Tensor:
    """Whole held-out pictures (N, 3, size, size) in -1..1 on white."""
    pictures = np.stack([shrink(art.pictures[row], size) for row in art.held_out()[:limit]])
    return on_ground(torch.from_numpy(pictures).permute(0, 3, 1, 2), torch.ones(1, 3, 1, 1))


def decibels(squared_error: float, peak_to_peak: float = 2.0) -> float:
    """Peak signal-to-noise ratio in dB from a mean squared error pooled over all pictures."""
    return 10 * math.log10(peak_to_peak**2 / max(squared_error, 1e-12))
