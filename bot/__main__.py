"""The command line: `noisefox imagine`, `explain`, `compare`, `upscale`, `run`, `try`, `models`, `bench`, `soak`,
`doctor`, `backup`, `restore`, `check`.

Each command is imported only when it is used.
"""

import argparse
import asyncio
import os
import select
import sys
from collections.abc import Sequence
from math import isfinite
from pathlib import Path

from bot import config, redaction
from bot.cli.models import arguments
from bot.memory import give_back_pictures
from bot.stop_signals import leaving_on_sigterm
from bot.version import noisefox_version
from generation import sampler_names
from generation.comparison import Parameter
from generation.errors import NoisefoxError
from generation.settings import CLIP_SKIP, COUNT, GUIDANCE_SCALE, SEED, STEPS, Bounds, Sampler, Schedule
from generation.upscaling import FACTOR, FACTORS, UpscalerName

PORT = Bounds(0, 65535)
"""Ports of TCP; 0 is any free one."""

UNREAD = 141
"""The exit status of a program whose output nobody reads to its end, as shells report it for SIGPIPE."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status. A `NoisefoxError` is printed as one sentence."""
    try:
        try:
            return _status_of(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        if not _is_unread():
            raise
        return UNREAD


def _status_of(arguments: Sequence[str] | None) -> int:
    options = parser().parse_args(arguments)
    redaction.redact_uncaught()
    try:
        status: int = options.command(options)
    except NoisefoxError as error:
        print(f"noisefox: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def _is_unread() -> bool:
    """True where nobody reads the output any more, as after `| head`. What is left of it goes nowhere then."""
    output, asked = sys.stdout.fileno(), select.poll()
    asked.register(output, 0)
    if not asked.poll(0):
        return False
    os.dup2(os.open(os.devnull, os.O_WRONLY), output)
    return True


def _config(options: argparse.Namespace) -> config.Config:
    """The configuration of a command. Where it is the current folder's and nobody named it, this is printed."""
    path = config.located(options.config)
    if path != options.config:
        print(f"noisefox: the configuration is {path}", file=sys.stderr)
    return config.load(path)


def _imagine(options: argparse.Namespace) -> int:
    from bot.cli import draw

    return asyncio.run(draw.imagine(options, _config(options)))


def _explain(options: argparse.Namespace) -> int:
    from bot.cli import figures

    return asyncio.run(figures.explain(options, _config(options)))


def _compare(options: argparse.Namespace) -> int:
    from bot.cli import figures

    return asyncio.run(figures.compare(options, _config(options)))


def _upscale(options: argparse.Namespace) -> int:
    from bot.cli import draw

    return asyncio.run(draw.upscale(options, _config(options)))


def _run(options: argparse.Namespace) -> int:
    with leaving_on_sigterm():
        from bot import app

        give_back_pictures()
        settings = _config(options)
        return asyncio.run(app.run(settings, settings.token()))


def _try(options: argparse.Namespace) -> int:
    PORT.check("port", options.port)
    with leaving_on_sigterm():
        from bot import app
        from playground.server import Playground

        return asyncio.run(app.run_locally(_config(options), Playground, options.port))


def _models(options: argparse.Namespace) -> int:
    from bot.cli.models import command

    return command.run(options)


def _doctor(options: argparse.Namespace) -> int:
    from bot.cli import doctor

    return asyncio.run(doctor.examine(config.located(options.config)))


def _backup(options: argparse.Namespace) -> int:
    from bot.cli import backup, folders

    return backup.save(folders.in_use(_config(options).data), options.file)


def _restore(options: argparse.Namespace) -> int:
    from bot.cli import restore

    return restore.restore(_config(options).data, options.file)


def _check(options: argparse.Namespace) -> int:
    from bot.cli import check, folders

    data = folders.in_use(_config(options).data)
    return check.examine(data, repair=options.repair, forget_missing=options.forget_missing)


def _bench(options: argparse.Namespace) -> int:
    from bot.cli import bench
    from bot.cli.soak import load

    if options.load:
        return load.bench(options)
    return bench.bench(options, _config(options))


def _soak(options: argparse.Namespace) -> int:
    from bot.cli.soak import run

    return run.soak(options)


def _size(text: str) -> tuple[int, int]:
    try:
        width, height = map(int, text.lower().split("x"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"use a width and a height, such as 512x768, not {text}") from None
    return width, height


def _part(text: str) -> tuple[float, float]:
    try:
        start, end = map(float, text.split("-"))
    except ValueError:
        raise argparse.ArgumentTypeError(f"use two numbers from 0 to 1, such as 0.1-0.8, not {text}") from None
    return start, end


def _at_least_one(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"use a whole number, not {text}") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"use at least 1, not {number}")
    return number


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not isfinite(seconds) or seconds <= 0:
        raise argparse.ArgumentTypeError(f"use a number above 0, not {text}")
    return seconds


def _add_settings(parser: argparse.ArgumentParser) -> None:
    """Add the options for settings of a picture."""
    parser.add_argument("prompt", metavar="PROMPT", help="what you want to see")
    parser.add_argument("--negative", metavar="TEXT", help="what you don't want to see")
    parser.add_argument("--seed", type=int, help=f"{SEED.low} to {SEED.high}; the same seed gives the same picture")
    parser.add_argument("--steps", type=int, help=f"{STEPS.low} to {STEPS.high}")
    parser.add_argument("--guidance", type=float, help=f"{GUIDANCE_SCALE.low} to {GUIDANCE_SCALE.high}")
    parser.add_argument("--sampler", type=sampler_names.own_name, choices=[sampler.value for sampler in Sampler])
    parser.add_argument("--clip-skip", type=int, help=f"{CLIP_SKIP.low} (the last layer) to {CLIP_SKIP.high}")
    parser.add_argument("--width", type=int, help="pixels")
    parser.add_argument("--height", type=int, help="pixels")
    parser.add_argument("--variation-seed", type=int, metavar="SEED", help="mix in the noise of this seed")
    parser.add_argument("--variation-strength", type=float, metavar="X", help="how much of it to mix in, from 0 to 1")
    parser.add_argument("--seed-size", type=_size, metavar="WxH", help="use the noise of this size")
    parser.add_argument(
        "--schedule", choices=[schedule.value for schedule in Schedule], help="schedule of the noise levels"
    )
    parser.add_argument("--rescale", type=float, metavar="X", help="guidance rescale, from 0 to 1; lowers contrast")
    parser.add_argument(
        "--guidance-part",
        type=_part,
        metavar="A-B",
        help="use guidance only in this part of the steps, such as 0.1-0.8",
    )
    parser.add_argument("--image", type=Path, metavar="FILE", help="picture to start from")
    parser.add_argument("--mask", type=Path, metavar="FILE", help="mask for that picture; white is redrawn")
    parser.add_argument("--strength", type=float, metavar="X", help="how much of that picture to redraw, from 0 to 1")
    parser.add_argument("--control", type=Path, metavar="FILE", help="picture whose lines the ControlNet keeps")
    parser.add_argument("--style-image", type=Path, metavar="FILE", help="picture whose style to take")
    parser.add_argument("--control-scale", type=float, metavar="X", help="weight of the ControlNet, from 0 to 2")
    parser.add_argument("--image-prompt", type=Path, metavar="FILE", help="picture prompt for the IP-Adapter")
    parser.add_argument(
        "--image-prompt-scale", type=float, metavar="X", help="weight of the picture prompt, from 0 to 1"
    )
    parser.add_argument("--hires", type=float, metavar="X", help="enlarge by this factor, then redraw with more detail")
    parser.add_argument("--hires-strength", type=float, metavar="X", help="how much to redraw then, from 0 to 1")
    parser.add_argument("--model", help="name of a model in the configuration")


def parser() -> argparse.ArgumentParser:
    """The parser with all commands and their options."""
    noisefox = argparse.ArgumentParser(prog="noisefox", description="A self-hosted Stable Diffusion bot for Discord.")
    noisefox.add_argument("--version", action="version", version=f"Noisefox {noisefox_version()}")
    commands = noisefox.add_subparsers(title="commands", required=True, metavar="COMMAND")

    imagine = commands.add_parser("imagine", help="draw a picture without Discord")
    _add_settings(imagine)
    imagine.add_argument("--count", type=int, help=f"{COUNT.low} to {COUNT.high} pictures; each one uses the next seed")
    imagine.add_argument(
        "--out", type=Path, default=Path("out"), metavar="DIR", help="folder for the files (default: ./out)"
    )
    imagine.add_argument("--json", action="store_true", help="print one JSON object for each picture")
    imagine.set_defaults(command=_imagine)

    explain = commands.add_parser("explain", help="show step by step how a picture is drawn")
    _add_settings(explain)
    explain.add_argument("--gif", action="store_true", help="save the animation as a GIF instead of a WebP")
    explain.add_argument(
        "--out", type=Path, default=Path("out"), metavar="DIR", help="folder for the files (default: ./out)"
    )
    explain.set_defaults(command=_explain, count=1)

    compare = commands.add_parser("compare", help="compare pictures with different values of one or two settings")
    compare.add_argument("prompt", metavar="PROMPT", help="what you want to see")
    compare.add_argument("--negative", metavar="TEXT", help="what you don't want to see")
    for parameter in Parameter:
        compare.add_argument(
            f"--{parameter.replace(' ', '-')}",
            nargs="?",
            const="",
            metavar="A,B",
            help="one value for all pictures, several to compare, or none for the usual ones",
        )
    compare.add_argument("--image", type=Path, metavar="FILE", help="picture to start from")
    compare.add_argument(
        "--out", type=Path, default=Path("out"), metavar="DIR", help="folder for the files (default: ./out)"
    )
    compare.set_defaults(command=_compare, mask=None, control=None, image_prompt=None, style_image=None)

    upscale = commands.add_parser("upscale", help="enlarge a picture without Discord")
    upscale.add_argument("picture", type=Path, metavar="FILE", help="a PNG, JPEG or WebP file")
    upscale.add_argument(
        "--factor", type=int, default=FACTOR, choices=FACTORS, help=f"factor for width and height (default: {FACTOR})"
    )
    upscale.add_argument(
        "--with", dest="upscaler", default=UpscalerName.AUTO.value, choices=list(UpscalerName), help="upscaler to use"
    )
    upscale.add_argument("--creative", action="store_true", help="let the model add new detail")
    upscale.add_argument(
        "--out", type=Path, default=Path("out"), metavar="DIR", help="folder for the file (default: ./out)"
    )
    upscale.set_defaults(command=_upscale)

    run = commands.add_parser("run", help="run the bot on Discord")
    run.set_defaults(command=_run)

    local = commands.add_parser("try", help="run the bot on a local chat page; needs no token and no GPU")
    local.add_argument("--port", type=int, default=8042, help="port of the page (default: 8042; 0 for any free port)")
    local.set_defaults(command=_try)

    arguments.add_to(commands, _models)

    bench = commands.add_parser("bench", help="measure the speed of the batch, compared with the stock pipeline")
    bench.add_argument("--model", help="name of a model in the configuration")
    bench.add_argument("--json", action="store_true", help="print one JSON object")
    bench.add_argument("--load", action="store_true", help="measure how the bot stands up to many members instead")
    bench.add_argument("--members", type=_at_least_one, default=200, help="members for --load (default: 200)")
    bench.add_argument("--seconds", type=_seconds, default=60, help="seconds of steady use for --load (default: 60)")
    bench.set_defaults(command=_bench)

    soak = commands.add_parser("soak", help="let many members use the bot while everything around it fails")
    soak.add_argument(
        "--jobs",
        type=_at_least_one,
        default=1000,
        help="requests to accept, or a few more (default: 1000)",
    )
    soak.add_argument("--users", type=_at_least_one, default=100, help="members who ask (default: 100)")
    soak.add_argument("--faults", action="store_true", help="kill, cut off and refuse while they do")
    soak.add_argument("--seed", type=int, default=0, help="chooses actions and faults (default: 0)")
    soak.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="an empty folder to keep data and log (default: a temporary one)",
    )
    soak.add_argument("--ray", action="store_true", help="draw on a Ray cluster of two nodes on this machine")
    soak.set_defaults(command=_soak)

    doctor = commands.add_parser("doctor", help="check what is missing to run the bot")
    doctor.set_defaults(command=_doctor)

    backup = commands.add_parser("backup", help="save the database and the pictures, also while the bot runs")
    backup.add_argument(
        "file", type=Path, nargs="?", metavar="FILE", help="ZIP file to write (default: one with the date)"
    )
    backup.set_defaults(command=_backup)

    restore = commands.add_parser(
        "restore",
        help="put a backup in the place of the data folder's content; stop the bot first",
        description="Put a backup in the place of the data folder's content; stop the bot first.",
    )
    restore.add_argument("file", type=Path, metavar="FILE", help="ZIP file that `noisefox backup` wrote")
    restore.set_defaults(command=_restore)

    check = commands.add_parser("check", help="compare the database with the pictures")
    check.add_argument("--repair", action="store_true", help="repair what can be repaired; stop the bot first")
    check.add_argument(
        "--forget-missing", action="store_true", help="with --repair: also where most files are gone for good"
    )
    check.set_defaults(command=_check)

    for each in (imagine, explain, compare, upscale, run, local, bench, doctor, backup, restore, check):
        each.add_argument(
            "--config", type=Path, metavar="FILE", help=f"configuration file (default: {config.FILE}, if it is here)"
        )
    return noisefox


if __name__ == "__main__":
    sys.exit(main())
