"""Draw the loss curves of all stages as one SVG: one panel a stage, its loss over minutes of training."""

from __future__ import annotations

import json
from pathlib import Path

from training.stage import stage_parser

PANELS = (
    ("autoencoder", "decibels", "autoencoder, dB of training crops"),
    ("text_encoder", "loss", "text encoder, loss"),
    ("unet", "loss", "UNet, weighted loss"),
    ("upscaler", "decibels", "upscaler, dB of training crops"),
)
WIDTH, HEIGHT, MARGIN = 360, 200, 44


def curve(log: Path, name: str) -> list[tuple[float, float]]:
    """(minutes, value) of every line that has the value."""
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    return [(row["seconds"] / 60, row[name]) for row in rows if name in row]


def panel(points: list[tuple[float, float]], title: str, left: int, top: int) -> str:
    """One panel as SVG."""
    times, values = [time for time, _ in points], sorted(value for _, value in points)
    low, high, last = values[0], values[int(0.98 * (len(values) - 1))], max(times[-1], 1e-9)
    span = max(high - low, 1e-9)
    inner_width, inner_height = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    path = " ".join(
        f"{left + MARGIN + time / last * inner_width:.1f},"
        f"{top + HEIGHT - MARGIN - (min(max(value, low), high) - low) / span * inner_height:.1f}"
        for time, value in points
    )
    right, bottom = left + WIDTH - MARGIN, top + HEIGHT - MARGIN
    return (
        f'<text x="{left + MARGIN}" y="{top + 24}" font-weight="bold">{title}</text>'
        f'<path d="M{left + MARGIN},{top + MARGIN}V{bottom}H{right}" fill="none" stroke="#888"/>'
        f'<polyline points="{path}" fill="none" stroke="#d9642a" stroke-width="1.5"/>'
        f'<text x="{left + MARGIN - 4}" y="{top + MARGIN + 4}" text-anchor="end">{high:.3g}</text>'
        f'<text x="{left + MARGIN - 4}" y="{bottom}" text-anchor="end">{low:.3g}</text>'
        f'<text x="{right}" y="{bottom + 16}" text-anchor="end">{last:.0f} minutes</text>'
    )


def plot(work: Path, target: Path) -> None:
    """Write the SVG of every stage that has a log."""
    curves = [
        (curve(work / stage / "losses.jsonl", name), title)
        for stage, name, title in PANELS
        if (work / stage / "losses.jsonl").exists()
    ]
    panels = [
        panel(points, title, number % 2 * WIDTH, number // 2 * HEIGHT)
        for number, (points, title) in enumerate((points, title) for points, title in curves if points)
    ]
    height = -(-len(panels) // 2) * HEIGHT
    target.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {height}" '
        'font-family="sans-serif" font-size="11">'
        f'<rect width="100%" height="100%" fill="white"/>{"".join(panels)}</svg>\n'
    )


def main() -> None:
    """``python -m training.plot --work DIR [--to SVG]``."""
    parser = stage_parser(__doc__)
    parser.add_argument("--to", type=Path, help="the SVG; WORK/losses.svg unless said")
    arguments = parser.parse_args()
    plot(arguments.work, arguments.to or arguments.work / "losses.svg")


if __name__ == "__main__":
    main()
