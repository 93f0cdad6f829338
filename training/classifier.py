"""A small classifier of the things that are taught, trained on art varied in size, place, light and ground: a judge of
the score.

It sees what the model drew at 64x64 pixels, names the concept, and its features measure how unlike two pictures are.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.art import Art, load_art
from training.concepts import known
from training.crops import grounds, on_ground, shrink
from training.networks import half_where_fast
from training.stage import Average, Sitting, Stateful, set_rate, stage_parser

SIDE = 64
PEAK_RATE = 2e-3


class Classifier(nn.Module):
    """Pictures (B, 3, 64, 64) in -1..1 to logits (B, concepts); ``features`` gives (B, 256)."""

    def __init__(self, concepts: int, width: int = 32) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for level, after in enumerate((width, 2 * width, 4 * width, 8 * width)):
            stride = 2 if level else 1
            layers += [nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
            layers += [
                nn.Conv2d(after, after, 3, 2 if level == 0 else 1, 1, bias=False),
                nn.BatchNorm2d(after),
                nn.ReLU(),
            ]
            before = after
        self.layers = nn.Sequential(*layers)
        self.squeeze = nn.Linear(before * 16, 256)
        self.answer = nn.Linear(256, concepts)

    def features(self, pictures: Tensor) -> Tensor:
        """Features of unit length, (B, 256)."""
        found = F.adaptive_avg_pool2d(self.layers(pictures), 4).flatten(1)
        return F.normalize(self.squeeze(found), dim=1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits of the concepts."""
        answers: Tensor = self.answer(24 * self.features(pictures))
        return answers


class Varied:
    """Batches of what is taught, each picture moved, scaled, turned, mirrored now and then, and under another light."""

    def __init__(self, art: Art) -> None:
        taught = known(art.concepts)
        rows = [(concept, row) for (concept, _), row in art.rows.items() if taught[concept]]
        pictures = np.stack([shrink(art.pictures[row], SIDE) for _, row in rows])
        self.pictures = torch.from_numpy(pictures).permute(0, 3, 1, 2)
        self.concepts = torch.tensor([concept for concept, _ in rows])

    def batch(self, count: int) -> tuple[Tensor, Tensor]:
        """Pictures (count, 3, 64, 64) in -1..1 and their concepts (count,)."""
        picked = torch.randint(len(self.pictures), (count,))
        scale = 1 / torch.empty(count).uniform_(0.6, 1.05)
        turn = torch.randn(count) * 0.09
        mirror = torch.where(torch.rand(count) < 0.1, -1.0, 1.0)
        cosine, sine = torch.cos(turn) * scale, torch.sin(turn) * scale
        shift = torch.randn(count, 2) * 0.1
        first = torch.stack([cosine * mirror, -sine, shift[:, 0]], 1)
        second = torch.stack([sine * mirror, cosine, shift[:, 1]], 1)
        grid = F.affine_grid(torch.stack([first, second], 1), [count, 4, SIDE, SIDE], align_corners=False)
        moved = F.grid_sample(self.pictures[picked].float(), grid, align_corners=False)
        seen = on_ground(moved, grounds(count, SIDE))
        light = torch.empty(count, 3, 1, 1).uniform_(0.85, 1.1)
        seen = ((seen + 1) * light - 1).clamp(-1, 1) + 0.05 * torch.rand(count, 1, 1, 1) * torch.randn_like(seen)
        blurred = F.interpolate(F.avg_pool2d(seen, 2), size=SIDE, mode="bilinear")
        blend = torch.rand(count, 1, 1, 1)
        return torch.lerp(seen, blurred, blend), self.concepts[picked]


def train(work: Path, minutes: float, smoke: bool = False) -> None:
    """Train and leave ``work/classifier/model.pt``."""
    torch.manual_seed(0)
    art = load_art(work)
    model = Classifier(len(art.concepts), 8 if smoke else 32).train()
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    varied = Varied(art)
    optimizer = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, weight_decay=0.02, fused=True)
    average = Average(list(model.parameters()), decay=0.995)
    parts: dict[str, Stateful] = {"model": model, "optimizer": optimizer, "average": average}
    with Sitting(work / "classifier", parts, minutes) as sitting:
        for step in sitting:
            set_rate(optimizer, PEAK_RATE, sitting.progress, 0.2, step)
            pictures, concepts = varied.batch(8 if smoke else 96)
            with half_where_fast():
                answers = model(pictures.contiguous(memory_format=torch.channels_last))
            loss = F.cross_entropy(answers.float(), concepts, label_smoothing=0.05)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            optimizer.zero_grad()
            average.follow()
            right = (answers.argmax(1) == concepts).float().mean().item()
            sitting.log(len(concepts), loss=loss.item(), right=right)
    average.swap()
    torch.save(model.state_dict(), work / "classifier/model.pt")


def load_classifier(work: Path) -> Classifier:
    """The trained classifier."""
    state = torch.load(work / "classifier/model.pt", weights_only=True)
    model = Classifier(len(state["answer.weight"]), len(state["layers.0.weight"]))
    model.load_state_dict(state)
    return model.eval()


def main() -> None:
    """``python -m training.classifier --work DIR --minutes N``."""
    arguments = stage_parser(__doc__, minutes=20).parse_args()
    torch.set_num_threads(arguments.threads)
    train(arguments.work, arguments.minutes, arguments.smoke)


if __name__ == "__main__":
    main()
