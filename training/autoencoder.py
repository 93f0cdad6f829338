"""Train the autoencoder: pixels to latents an eighth as wide and high, and back.

First encoder and decoder together; later, with ``--decoder``, the decoder alone, which leaves all latents as they
are. Latents are normalised to mean 0 and variance 1 a channel by a batch norm that is folded into the encoder's last
convolution at the end, so ``scaling_factor`` is 1.
"""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from PIL import Image
from torch import Tensor, nn
from tqdm import tqdm

from training.art import load_art
from training.crops import Crops, decibels, held_out_pictures
from training.networks import LATENT_CHANNELS, autoencoder, half_where_fast, millions
from training.stage import Average, Sitting, set_rate, stage_parser
from training.takeover import take_over

LATENT_NOISE = 0.06
TAUGHT_WEIGHT = 0.3
PEAK_RATE = 1.5e-3
DECODER_RATE = 6e-4


def edges(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Differences of neighbouring pixels, across and down."""
    return pictures[..., 1:] - pictures[..., :-1], pictures[..., 1:, :] - pictures[..., :-1, :]


def picture_loss(drawn: Tensor, true: Tensor) -> tuple[Tensor, Tensor]:
    """The training loss, and the plain mean squared error.

    The absolute error keeps flat areas clean, that of the differences keeps outlines sharp, the squared error is what
    the decibels count.
    """
    squared = F.mse_loss(drawn, true)
    outline = sum(((a - b).abs().mean() for a, b in zip(edges(drawn), edges(true), strict=True)), torch.zeros(()))
    return (drawn - true).abs().mean() + 0.5 * outline + 3 * squared, squared


def faded(latents: Tensor) -> Tensor:
    """Latents (B, C, H, W) whose later half of channels is fainter, by chance, in half of the rows.

    Begun from a model with fewer channels, those hold outlines alone. A UNet draws them fainter than they are as long
    as it is unsure of them, and the decoder has to draw a whole picture all the same.
    """
    count, channels = latents.shape[:2]
    share = torch.where(torch.rand(count) < 0.5, torch.rand(count), torch.ones(count))
    faint = torch.ones(count, channels)
    faint[:, channels // 2 :] = share[:, None]
    return latents * faint[..., None, None]


@torch.no_grad()
def folded(model: AutoencoderTiny, pictures: Tensor) -> AutoencoderTiny:
    """A copy of the model whose encoder gives latents of mean 0 and variance 1 a channel by itself.

    Measured anew on ``pictures`` (N, 3, H, W), since the statistics kept in training belong to the weights before
    they are averaged.
    """
    result = copy.deepcopy(model).eval().to(memory_format=torch.contiguous_format)
    latents = torch.cat([result.encoder(part) for part in torch.split(pictures, 32)])
    mean, deviation = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    last = result.encoder.layers[-1]
    last.weight.data /= deviation.view(-1, 1, 1, 1)
    last.bias.data = (last.bias.data - mean) / deviation
    return result


@torch.no_grad()
def reconstruct(model: AutoencoderTiny, pictures: Tensor, rows: int = 16) -> Tensor:
    """Pictures (N, 3, H, W) through the latents and back, -1..1."""
    return torch.cat(
        [model.decode(model.encode(part).latents).sample.clamp(-1, 1) for part in torch.split(pictures, rows)]
    )


def held_out_decibels(model: AutoencoderTiny, pictures: Tensor) -> float:
    """The dB of whole pictures, their squared error pooled."""
    return decibels(F.mse_loss(reconstruct(model, pictures), pictures).item())


def save_sheet(rows: list[Tensor], path: Path) -> None:
    """Save rows of pictures, each (N, 3, H, W) in -1..1, as one PNG."""
    sheet = torch.cat([torch.cat(list(row), dim=2) for row in rows], dim=1)
    Image.fromarray(((sheet.permute(1, 2, 0) + 1) * 127.5).round().to(torch.uint8).numpy()).save(path)


def train(
    work: Path, minutes: float, decoder_only: bool = False, smoke: bool = False, from_model: Path | None = None
) -> None:
    """Train; when the time is up, leave ``work/autoencoder/model`` (diffusers format), or the decoder's sequel.

    Begun from a model, the first latent channels stay what they were there, so that its UNet still understands them.
    """
    torch.manual_seed(0)
    art = load_art(work)
    folder = work / ("decoder" if decoder_only else "autoencoder")
    model = autoencoder(16, (0, 1, 1, 1), (1, 1, 1, 0)) if smoke else autoencoder()
    if decoder_only:
        model = AutoencoderTiny.from_pretrained(work / "autoencoder/model", local_files_only=True)
        model.encoder.requires_grad_(False)
    teacher: AutoencoderTiny | None = None
    if from_model and not decoder_only:
        teacher = AutoencoderTiny.from_pretrained(from_model / "vae", local_files_only=True).float().eval()
        take_over(model, teacher.state_dict())
        teacher.to(memory_format=torch.channels_last)
    model = model.to(memory_format=torch.channels_last).train()
    norm = nn.BatchNorm2d(LATENT_CHANNELS, affine=False, momentum=0.01)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=PEAK_RATE, betas=(0.9, 0.99), weight_decay=1e-4, fused=True)
    average = Average(trained)
    crops = Crops(art)
    held_out, measured = held_out_pictures(art), crops.batch(16 if smoke else 512)
    parts = {"model": model, "norm": norm, "optimizer": optimizer, "average": average}
    tqdm.write(f"autoencoder: {millions(model):.2f} M parameters; {len(held_out)} pictures held out")

    def finished() -> AutoencoderTiny:
        average.swap()
        result = copy.deepcopy(model).eval() if decoder_only else folded(model, measured)
        average.swap()
        return result

    with Sitting(folder, parts, minutes) as sitting:
        for step in sitting:
            set_rate(optimizer, DECODER_RATE if decoder_only else PEAK_RATE, sitting.progress, 0.3, step)
            true = crops.batch(8 if smoke else 32).contiguous(memory_format=torch.channels_last)
            with half_where_fast(), torch.set_grad_enabled(not decoder_only):
                latents = model.encoder(true)
            codes = faded(latents.float()) if decoder_only else norm(latents.float())
            with half_where_fast():
                drawn = model.decoder(codes + LATENT_NOISE * torch.randn_like(codes))
            values: dict[str, float] = {}
            loss, squared = picture_loss(drawn.float(), true)
            if teacher is not None:
                with torch.no_grad(), half_where_fast():
                    taught = teacher.encoder(true).float()
                strayed = F.mse_loss(codes[:, : taught.shape[1]], taught)
                loss = loss + TAUGHT_WEIGHT * strayed
                values["strayed"] = strayed.item()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(trained, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            average.follow()
            sitting.log(
                len(true), loss=loss.item(), squared=squared.item(), decibels=decibels(squared.item()), **values
            )
            if step % 1000 == 999:
                sitting.note(held_out_decibels=held_out_decibels(finished(), held_out[:60]))
    result = finished()
    score = held_out_decibels(result, held_out)
    sitting.note(held_out_decibels_all=score)
    result.save_pretrained(folder / "model")
    shown = held_out[:: max(1, len(held_out) // 12)][:12]
    save_sheet([shown, reconstruct(result, shown)], folder / "held-out.png")
    latents = torch.cat([result.encode(part).latents.detach() for part in torch.split(held_out, 16)])
    spread = np.round(latents.std((0, 2, 3)).numpy(), 2).tolist()
    tqdm.write(f"held out: {score:.2f} dB over {len(held_out)} whole pictures; latent deviation {spread}")


def main() -> None:
    """``python -m training.autoencoder --work DIR --minutes N [--decoder]``."""
    parser = stage_parser(__doc__, minutes=40)
    parser.add_argument("--decoder", action="store_true", help="go on with the decoder alone")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    train(arguments.work, arguments.minutes, arguments.decoder, arguments.smoke, arguments.from_model)


if __name__ == "__main__":
    main()
