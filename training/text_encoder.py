"""Teach the text encoder what captions say, before the UNet is conditioned on it.

From a caption's embeddings, averaged over its tokens, linear heads tell the things, style, ground, colour, size and
place, what is worn and whose ears there are; one more head tells what the picture looks like, its latents averaged to
4x4. Without this start the UNet ignored its prompt for 20,000 samples.
"""

from __future__ import annotations

import copy
import random
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm
from transformers import CLIPTextModel, CLIPTokenizer

from training.art import STYLES, load_art
from training.captions import Captions
from training.colours import GROUND_COLOURS, SUBJECT_COLOURS
from training.grounds import PLACES
from training.latents import load_clean, load_scenes
from training.networks import TEXT_WIDTH, TOKENS, half_where_fast, millions, text_encoder, text_states
from training.scenes import EARS, HATS, SPECTACLES, WHERE, Scene, SceneMaker
from training.stage import Average, Sitting, set_rate, stage_parser
from training.tokenizer import load_tokenizer

PEAK_RATE = 1e-3
TAUGHT_RATE, TAUGHT_WEIGHT = 3e-4, 20.0
GROUNDS = (*GROUND_COLOURS, *PLACES)
COLOURS = (None, *SUBJECT_COLOURS)
EXTENTS = (None, "small", "large")
WHERES = (None, *WHERE)


def tokens(tokenizer: CLIPTokenizer, captions: list[str], padding: str = "max_length") -> Tensor:
    """Token numbers (B, 32), cut or padded; with ``padding="longest"`` only as wide as the longest caption."""
    rows = tokenizer(captions, padding=padding, truncation=True, max_length=TOKENS)["input_ids"]
    return torch.tensor(rows)


def targets(scene: Scene, maker: SceneMaker) -> dict[str, int]:
    """The targets of the heads for a scene."""
    count = len(maker.concepts)
    pair = len(scene.things) == 2
    return {
        "thing": scene.things[0],
        "second": scene.things[1] if pair else count,
        "style": STYLES.index(scene.style),
        "ground": GROUNDS.index(scene.ground),
        "colour": COLOURS.index(scene.colours[0]),
        "second colour": COLOURS.index(scene.colours[1]) if pair else 0,
        "extent": EXTENTS.index(scene.extent),
        "where": WHERES.index(scene.where),
        "worn": 0 if scene.worn is None else 1 + (*HATS, *SPECTACLES).index(maker.concepts[scene.worn].name),
        "ears": 0 if scene.ears is None else 1 + list(EARS).index(maker.concepts[scene.ears].name),
    }


class Seen:
    """Scenes with their latents averaged to 4x4, every number (N, 128) of mean 0 and variance 1 over all scenes."""

    def __init__(self, work: Path) -> None:
        clean, drawn = load_clean(work), load_scenes(work)["128x128"]
        self.scenes = [*clean.scenes, *drawn.scenes]
        looks = torch.cat([F.adaptive_avg_pool2d(part.latents.float(), 4).flatten(1) for part in (clean, drawn)])
        self.looks = (looks - looks.mean(0)) / (looks.std(0) + 1e-3)

    def batch(self, count: int) -> tuple[list[Scene], Tensor]:
        """Random scenes and their looks (count, 128)."""
        picked = torch.randint(len(self.scenes), (count,))
        return [self.scenes[number] for number in picked.tolist()], self.looks[picked]


def heads(concepts: int) -> nn.ModuleDict:
    """One linear layer for every question."""
    sizes = {"thing": concepts, "second": concepts + 1, "style": len(STYLES), "ground": len(GROUNDS)}
    sizes |= {"colour": len(COLOURS), "second colour": len(COLOURS), "extent": len(EXTENTS), "where": len(WHERES)}
    sizes |= {"worn": 1 + len(HATS) + len(SPECTACLES), "ears": 1 + len(EARS)}
    return nn.ModuleDict({name: nn.Linear(TEXT_WIDTH, size) for name, size in sizes.items()})


def pooled(states: Tensor, numbers: Tensor, end: int) -> Tensor:
    """The mean (B, 256) of the embeddings (B, 32, 256) up to and with the first end token."""
    past = (numbers == end).cumsum(1) - (numbers == end).long()
    weight = (past == 0).float()[..., None]
    return (states * weight).sum(1) / weight.sum(1)


def train(work: Path, minutes: float, smoke: bool = False, from_model: Path | None = None) -> None:
    """Train and leave ``work/text_encoder/model``.

    Begun from a model, captions of core things keep the embeddings they had there: its UNet has learned to read them.
    """
    torch.manual_seed(0)
    art = load_art(work)
    tokenizer = load_tokenizer(work)
    maker = SceneMaker(art.concepts, art.rows)
    model = text_encoder(tokenizer, layers=2 if smoke else 4).train()
    teacher: CLIPTextModel | None = None
    if from_model:
        teacher = CLIPTextModel.from_pretrained(from_model / "text_encoder", local_files_only=True).float().eval()
        model = copy.deepcopy(teacher).train()
    peak = PEAK_RATE if teacher is None else TAUGHT_RATE
    questions = heads(len(art.concepts))
    seen = Seen(work)
    look = nn.Linear(TEXT_WIDTH, seen.looks.shape[1])
    parameters = [*model.parameters(), *questions.parameters(), *look.parameters()]
    groups = [
        {"params": list(model.parameters()), "share": 1.0},
        {"params": [*questions.parameters(), *look.parameters()], "share": PEAK_RATE / peak},
    ]
    optimizer = torch.optim.AdamW(groups, lr=peak, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    average = Average(list(model.parameters()))
    parts = {"model": model, "questions": questions, "look": look, "optimizer": optimizer, "average": average}
    tqdm.write(f"text encoder: {millions(model):.2f} M parameters")
    with Sitting(work / "text_encoder", parts, minutes) as sitting:
        torch.manual_seed(sitting.step + 11)
        captions = Captions(art.concepts, random.Random(sitting.step + 12))
        for step in sitting:
            set_rate(optimizer, peak, sitting.progress, 0.4, step)
            scenes, looks = seen.batch(8 if smoke else 96)
            numbers = tokens(tokenizer, [captions.caption(scene) for scene in scenes], "longest")
            clip_skip = 2 if step % 5 == 4 else 1
            with half_where_fast():
                states = text_states(model, numbers, clip_skip)
            summary = pooled(states.float(), numbers, tokenizer.eos_token_id)
            wanted = [targets(scene, maker) for scene in scenes]
            unlike = F.mse_loss(look(summary), looks)
            loss = 4 * unlike
            right = {"unlike": unlike.item()}
            if teacher is not None:
                with torch.no_grad(), half_where_fast():
                    taught = text_states(teacher, numbers, clip_skip).float()
                old = torch.tensor([all(art.concepts[thing].core for thing in scene.things) for scene in scenes])
                strayed = (states.float() - taught).square().mean((1, 2))[old].mean() if old.any() else torch.zeros(())
                loss = loss + TAUGHT_WEIGHT * strayed
                right["strayed"] = strayed.item()
            for name, head in questions.items():
                answers, truth = head(summary), torch.tensor([row[name] for row in wanted])
                loss = loss + F.cross_entropy(answers, truth)
                right[name] = (answers.argmax(1) == truth).float().mean().item()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            average.follow()
            sitting.log(len(scenes), loss=loss.item(), **right)
    average.swap()
    model.save_pretrained(work / "text_encoder/model")


def main() -> None:
    """``python -m training.text_encoder --work DIR --minutes N``."""
    arguments = stage_parser(__doc__, minutes=11).parse_args()
    torch.set_num_threads(arguments.threads)
    train(arguments.work, arguments.minutes, arguments.smoke, arguments.from_model)


if __name__ == "__main__":
    main()
