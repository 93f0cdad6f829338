"""The command line: `noisefox imagine`, `explain`, `compare`, `upscale`, `run`, `try`, `bench`, `doctor`.

A command is imported when it is called.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from bot import config
from generation.comparison import Parameter
from generation.errors import NoisefoxError
from generation.settings import CLIP_SKIP, COUNT, GUIDANCE_SCALE, SEED, STEPS, Sampler, Schedule
from generation.upscaling import FACTOR, FACTORS, UpscalerName


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status. Whatever Noisefox raises on purpose is printed as one sentence."""
    options = parser().parse_args(arguments)
    try:
        status: int = options.command(options)
    except NoisefoxError as error:
        print(f"noisefox: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def _imagine(options: argparse.Namespace) -> int:
    from bot.cli import draw

    return asyncio.run(draw.imagine(options, config.load(options.config)))


def _explain(options: argparse.Namespace) -> int:
    from bot.cli import figures

    return asyncio.run(figures.explain(options, config.load(options.config)))


def _compare(options: argparse.Namespace) -> int:
    from bot.cli import figures

    return asyncio.run(figures.compare(options, config.load(options.config)))


def _upscale(options: argparse.Namespace) -> int:
    from bot.cli import draw

    return asyncio.run(draw.upscale(options, config.load(options.config)))


def _run(options: argparse.Namespace) -> int:
    from bot import app

    settings = config.load(options.config)
    return asyncio.run(app.run(settings, settings.token()))


def _try(options: argparse.Namespace) -> int:
    from bot import app
    from playground.server import Playground

    return asyncio.run(app.run_locally(config.load(options.config), Playground, options.port))


def _doctor(options: argparse.Namespace) -> int:
    from bot.cli import doctor

    return asyncio.run(doctor.examine(options.config))


def _bench(options: argparse.Namespace) -> int:
    from bot.cli import draw
    from playground.client.person import Person
    from playground.server import Playground

    return draw.bench(options, config.load(options.config), Playground, Person)


def _size(text: str) -> tuple[int, int]:
    width, height = text.lower().split("x")
    return int(width), int(height)


def _part(text: str) -> tuple[float, float]:
    start, end = text.split("-")
    return float(start), float(end)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    """What a picture is drawn with."""
    parser.add_argument("prompt", metavar="PROMPT", help="what you would like to see")
    parser.add_argument("--negative", metavar="TEXT", help="what you would not like to see")
    parser.add_argument("--seed", type=int, help=f"{SEED.low} to {SEED.high}; the same seed draws the same picture")
    parser.add_argument("--steps", type=int, help=f"{STEPS.low} to {STEPS.high}")
    parser.add_argument("--guidance", type=float, help=f"{GUIDANCE_SCALE.low} to {GUIDANCE_SCALE.high}")
    parser.add_argument("--sampler", choices=[sampler.value for sampler in Sampler])
    parser.add_argument("--clip-skip", type=int, help=f"{CLIP_SKIP.low} (the last layer) to {CLIP_SKIP.high}")
    parser.add_argument("--width", type=int, help="pixels")
    parser.add_argument("--height", type=int, help="pixels")
    parser.add_argument("--variation-seed", type=int, metavar="SEED", help="another seed, to go some way towards")
    parser.add_argument("--variation-strength", type=float, metavar="X", help="how far, from 0 to 1")
    parser.add_argument("--seed-size", type=_size, metavar="WxH", help="use the noise of this size")
    parser.add_argument("--schedule", choices=[schedule.value for schedule in Schedule], help="of the noise levels")
    parser.add_argument("--rescale", type=float, metavar="X", help="guidance rescale, from 0 to 1, for less contrast")
    parser.add_argument("--guidance-part", type=_part, metavar="A-B", help="guide in this part of the steps only")
    parser.add_argument("--image", type=Path, metavar="FILE", help="a picture to start from")
    parser.add_argument("--mask", type=Path, metavar="FILE", help="white where that picture is drawn anew")
    parser.add_argument("--strength", type=float, metavar="X", help="how much is drawn anew, from 0 to 1")
    parser.add_argument("--control", type=Path, metavar="FILE", help="a picture for the model's ControlNet to keep to")
    parser.add_argument("--control-scale", type=float, metavar="X", help="how strictly, from 0 to 2")
    parser.add_argument("--image-prompt", type=Path, metavar="FILE", help="a picture for its IP-Adapter to hear")
    parser.add_argument("--image-prompt-scale", type=float, metavar="X", help="how much it weighs, from 0 to 1")
    parser.add_argument("--hires", type=float, metavar="X", help="enlarge so many times and refine")
    parser.add_argument("--hires-strength", type=float, metavar="X", help="how much is drawn anew at that")
    parser.add_argument("--model", help="a model's name in the configuration")


def parser() -> argparse.ArgumentParser:
    """All commands and what they can be told."""
    noisefox = argparse.ArgumentParser(prog="noisefox", description="A self-hosted Stable Diffusion bot for Discord.")
    commands = noisefox.add_subparsers(title="commands", required=True, metavar="COMMAND")

    imagine = commands.add_parser("imagine", help="draw a picture here, without Discord")
    _add_settings(imagine)
    imagine.add_argument("--count", type=int, help=f"{COUNT.low} to {COUNT.high} pictures, with seeds in a row")
    imagine.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where the files go (./out)")
    imagine.add_argument("--json", action="store_true", help="print one JSON object a picture")
    imagine.set_defaults(command=_imagine)

    explain = commands.add_parser("explain", help="show from the inside how a picture is drawn: a figure, an animation")
    _add_settings(explain)
    explain.add_argument("--gif", action="store_true", help="the animation as a GIF instead of a WebP")
    explain.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where the files go (./out)")
    explain.set_defaults(command=_explain, count=1)

    compare = commands.add_parser("compare", help="draw a picture with several values of a setting, or of two")
    compare.add_argument("prompt", metavar="PROMPT", help="what you would like to see")
    compare.add_argument("--negative", metavar="TEXT", help="what you would not like to see")
    for parameter in Parameter:
        compare.add_argument(
            f"--{parameter.replace(' ', '-')}",
            nargs="?",
            const="",
            metavar="A,B",
            help="one value for all, several to compare, none for the usual ones",
        )
    compare.add_argument("--image", type=Path, metavar="FILE", help="a picture to start from")
    compare.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where the files go (./out)")
    compare.set_defaults(command=_compare, mask=None, control=None, image_prompt=None)

    upscale = commands.add_parser("upscale", help="enlarge a picture here, without Discord")
    upscale.add_argument("picture", type=Path, metavar="FILE", help="a PNG, JPEG or WebP file")
    upscale.add_argument("--factor", type=int, default=FACTOR, choices=FACTORS, help=f"each way ({FACTOR})")
    upscale.add_argument("--with", dest="upscaler", default=UpscalerName.AUTO.value, choices=list(UpscalerName))
    upscale.add_argument("--creative", action="store_true", help="let the picture's model draw new detail into it")
    upscale.add_argument("--out", type=Path, default=Path("out"), metavar="DIR", help="where the file goes (./out)")
    upscale.set_defaults(command=_upscale)

    run = commands.add_parser("run", help="be the bot, on Discord")
    run.set_defaults(command=_run)

    local = commands.add_parser("try", help="be the bot on a chat page of this machine; no token, no GPU")
    local.add_argument("--port", type=int, default=8042, help="of the page (8042; 0 takes any that is free)")
    local.set_defaults(command=_try)

    bench = commands.add_parser("bench", help="measure the batch against the stock pipeline, job by job")
    bench.add_argument("--model", help="a model's name in the configuration")
    bench.add_argument("--json", action="store_true", help="print one JSON object")
    bench.set_defaults(command=_bench)

    doctor = commands.add_parser("doctor", help="say what is missing")
    doctor.set_defaults(command=_doctor)

    for each in (imagine, explain, compare, upscale, run, local, bench, doctor):
        each.add_argument("--config", type=Path, metavar="FILE", help="a configuration file (see config.example.toml)")
    return noisefox


if __name__ == "__main__":
    sys.exit(main())
