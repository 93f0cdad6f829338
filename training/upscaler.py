"""Train the pocket upscaler: pictures four times as wide and high, sharper than any filter makes them.

A compact convolutional network that adds detail to the nearest-neighbour enlargement (sub-pixel convolution,
arXiv 1609.05158). The truth is vector art drawn at 512 pixels and the 3d art at 256. Measured on held-out concepts
against Pillow's Lanczos filter.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from PIL import Image
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from tqdm import tqdm

from training.art import Art, Pixels, fit, load_art, render
from training.autoencoder import picture_loss
from training.crops import decibels, grounds, on_ground
from training.networks import half_where_fast, millions
from training.stage import Average, Sitting, Stateful, set_rate, stage_parser
from training.takeover import take_over

SCALE = 4
PEAK_RATE = 1e-3


class Upscaler(nn.Module):
    """Pictures (B, 3, H, W) in -1..1 to (B, 3, 4H, 4W): ``first``, residual ``body``, ``last``, pixel shuffle."""

    def __init__(self, width: int = 48, blocks: int = 6) -> None:
        super().__init__()
        self.width, self.blocks = width, blocks
        self.first = nn.Conv2d(3, width, 3, padding=1)
        self.body = nn.ModuleList(
            nn.Sequential(nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1))
            for _ in range(blocks)
        )
        self.last = nn.Conv2d(width, 3 * SCALE**2, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)  # type: ignore[arg-type]
        for block in self.body:
            with torch.no_grad():
                block[2].weight *= 0.1  # type: ignore[index]

    def forward(self, pictures: Tensor) -> Tensor:
        """The enlarged pictures."""
        features = F.relu(self.first(pictures))
        for block in self.body:
            features = features + block(features)
        enlarged = F.interpolate(pictures, scale_factor=float(SCALE), mode="nearest")
        return enlarged + F.pixel_shuffle(self.last(features), SCALE)


def truth_rows(art: Art, held_out: bool, count: int) -> list[tuple[int, str]]:
    """(concept, style) of the vector pictures drawn large: evenly over all concepts, held out or not."""
    kept_away = set(art.held_out())
    rows = [key for key, row in art.rows.items() if key[1] != "3d" and (row in kept_away) == held_out]
    return rows[:: max(1, len(rows) // count)][:count]


def draw_large(work: Path, art: Art, held_out: bool, count: int, size: int = 512) -> Pixels:
    """Vector pictures (N, size, size, 4), drawn once and kept on disk."""
    path = work / "upscaler" / f"{'held-out' if held_out else 'trained'}-{size}.npy"
    if not path.exists():
        pictures = []
        for concept, style in truth_rows(art, held_out, count):
            raw = render(work / "packages", style, art.concepts[concept].code, size)
            pixels = fit(raw, size, round(size * 236 / 256)) if raw else None
            if pixels is not None:
                pictures.append(pixels)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, np.stack(pictures))
    drawn: Pixels = np.load(path, mmap_mode="r")
    return drawn


def smaller(large: Tensor, soft: bool) -> Tensor:
    """A quarter of the size, by averaging or by an antialiased cubic filter."""
    if soft:
        return F.avg_pool2d(large, SCALE)
    return F.interpolate(large, scale_factor=1 / SCALE, mode="bicubic", antialias=True).clamp(-1, 1)


class Pieces:
    """Random square pieces of the large pictures, on grounds of many colours."""

    def __init__(self, vectors: Pixels, bitmaps: Pixels, rows: list[int], piece: int = 96) -> None:
        self.vectors, self.bitmaps, self.rows, self.piece = vectors, bitmaps, rows, piece

    def batch(self, count: int) -> Tensor:
        """Pieces (count, 3, piece, piece) in -1..1."""
        pieces: list[npt.NDArray[np.uint8]] = []
        for chance in torch.rand(count).tolist():
            source = self.bitmaps[self.rows[int(torch.randint(len(self.rows), ()))]]
            if chance < 0.65:
                source = self.vectors[int(torch.randint(len(self.vectors), ()))]
            top, left = torch.randint(source.shape[0] - self.piece + 1, (2,)).tolist()
            pieces.append(source[top : top + self.piece, left : left + self.piece])
        return on_ground(torch.from_numpy(np.stack(pieces)).permute(0, 3, 1, 2), grounds(count, self.piece))


@torch.no_grad()
def measure(model: Upscaler, pictures: Pixels) -> tuple[float, float]:
    """dB of the network and of Lanczos on whole pictures (N, S, S, 4) laid on white and made a quarter with Lanczos."""
    ours, lanczos = [], []
    for rgba in pictures:
        floats = rgba.astype(np.float32)
        true = (floats[..., :3] + 255 - floats[..., 3:]).round().clip(0, 255).astype(np.uint8)
        size = true.shape[0]
        small = Image.fromarray(true).resize((size // SCALE, size // SCALE), Image.Resampling.LANCZOS)
        filtered = np.asarray(small.resize((size, size), Image.Resampling.LANCZOS)).astype(np.float32)
        given = torch.from_numpy(np.array(small)).permute(2, 0, 1)[None].float() / 127.5 - 1
        drawn = ((model(given)[0].permute(1, 2, 0) + 1) * 127.5).round().clamp(0, 255).numpy()
        ours.append(np.square(drawn - true).mean())
        lanczos.append(np.square(filtered - true).mean())
    return decibels(float(np.mean(ours)), 255), decibels(float(np.mean(lanczos)), 255)


def save(model: Upscaler, folder: Path, half: bool = False) -> None:
    """Write ``config.json`` and ``model.safetensors``."""
    folder.mkdir(parents=True, exist_ok=True)
    shape = {"architecture": "residual-pixel-shuffle", "scale": SCALE, "width": model.width, "blocks": model.blocks}
    (folder / "config.json").write_text(json.dumps(shape, indent=2) + "\n")
    weights = {k: (v.half() if half else v.float()).contiguous() for k, v in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors")


def train(work: Path, minutes: float, smoke: bool = False, from_model: Path | None = None) -> None:
    """Train and leave ``work/upscaler/model``. May begin with a finished model's upscaler, where it has one."""
    torch.manual_seed(0)
    art = load_art(work)
    vectors = draw_large(work, art, False, 4 if smoke else 400)
    held_out = draw_large(work, art, True, 2 if smoke else 48)
    kept_away = set(art.held_out())
    rows = [row for (_, style), row in art.rows.items() if style == "3d" and row not in kept_away]
    pieces = Pieces(vectors, art.pictures, rows)
    model = Upscaler(8, 1) if smoke else Upscaler()
    if from_model and (from_model / "upscaler").exists():
        take_over(model, load_upscaler(from_model / "upscaler").state_dict())
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, betas=(0.9, 0.99), weight_decay=0.0, fused=True)
    average = Average(list(model.parameters()))
    tqdm.write(f"upscaler: {millions(model):.3f} M parameters; {len(vectors)} vector and {len(rows)} 3d pictures")
    parts: dict[str, Stateful] = {"model": model, "optimizer": optimizer, "average": average}
    with Sitting(work / "upscaler", parts, minutes) as sitting:
        for step in sitting:
            set_rate(optimizer, PEAK_RATE, sitting.progress, 0.3, step)
            true = pieces.batch(4 if smoke else 16)
            given = smaller(true, soft=step % 3 == 0)
            given = given + 0.01 * torch.rand(()) * torch.randn_like(given)
            with half_where_fast():
                drawn = model(given)
            loss, squared = picture_loss(drawn.float(), true)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
            average.follow()
            sitting.log(len(true), loss=loss.item(), decibels=decibels(squared.item()))
    average.swap()
    ours, lanczos = measure(model, held_out)
    sitting.note(held_out_decibels=ours, lanczos_decibels=lanczos)
    save(model, work / "upscaler/model")
    tqdm.write(
        f"upscaler, held out: {ours:.2f} dB, Lanczos {lanczos:.2f} dB, over {len(held_out)} pictures of 512 pixels"
    )


def load_upscaler(folder: Path) -> Upscaler:
    """A saved upscaler, float32."""
    shape = json.loads((folder / "config.json").read_text())
    model = Upscaler(shape["width"], shape["blocks"])
    model.load_state_dict({name: weight.float() for name, weight in load_file(folder / "model.safetensors").items()})
    return model.eval()


def main() -> None:
    """``python -m training.upscaler --work DIR --minutes N``."""
    arguments = stage_parser(__doc__, minutes=20).parse_args()
    torch.set_num_threads(arguments.threads)
    train(arguments.work, arguments.minutes, arguments.smoke, arguments.from_model)


if __name__ == "__main__":
    main()
