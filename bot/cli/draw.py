"""`noisefox imagine` and `upscale`: drawing on the command line, with the same worker as the bot."""

import argparse
import asyncio
import json
import os
import sys
from dataclasses import asdict, replace
from pathlib import Path

from bot.attachments import metadata
from bot.cli.drawer import Drawer, NotDrawn
from bot.config import Config
from bot.prompts import flags, permutations, random_choices
from bot.prompts.flags import ParsedPrompt
from bot.requests import sizes
from generation import abilities, controls, cost, images, preprocessors, suitability
from generation.catalogue import Catalogue, ModelSpec
from generation.errors import InvalidSetting, UserError
from generation.events import Completed
from generation.jobs import Draw, Inputs, Manner, Upscale
from generation.settings import GenerationSettings, PartialSettings, Sampler, Schedule, random_seed
from generation.upscaling import UpscalerName
from storage.records import IgnoredPart, size_text

_WITHOUT_START = "Strength was ignored: it only works with a start picture. Give one with --image."

_WITHOUT_PICTURE = {
    IgnoredPart.STRENGTH: _WITHOUT_START,
    IgnoredPart.FOLLOWED_STRENGTH: _WITHOUT_START,
    IgnoredPart.CONTROL: "The ControlNet's weight was ignored: it only works with a picture. Give one with --control.",
    IgnoredPart.IMAGE_WEIGHT: (
        "The weight of a picture prompt was ignored: there is none. Give one with --image-prompt."
    ),
    IgnoredPart.STYLE_WEIGHT: "The weight of a style was ignored: it has no picture. Give one with --style-image.",
}
"""What the options and flags say of pictures that aren't given."""


async def imagine(options: argparse.Namespace, config: Config) -> int:
    """Draw pictures, of each prompt that braces stand for, and print their paths."""
    each = [
        asked_for(argparse.Namespace(**(vars(options) | {"prompt": prompt})), config.catalogue)
        for prompt in _prompts(options.prompt, config)
    ]
    make_folder(options.out)
    async with Drawer(config) as drawer:
        for settings, inputs in each:
            completed = await drawer.drawn(Draw(settings, inputs), cost.steps(settings, bool(inputs.image)))
            tell_unread(completed)
            _keep(completed, settings, options)
    return 0


def _prompts(text: str, config: Config) -> list[str]:
    """All prompts that braces stand for, with random choices made. Raises `InvalidSetting`."""
    lists = config.wildcards.read()
    return [random_choices.chosen(each, lists)[0] for each in permutations.templates(text)]


def _keep(completed: Completed, settings: GenerationSettings, options: argparse.Namespace) -> None:
    """Write the pictures of a prompt and print their paths."""
    for index, picture in enumerate(completed.pictures):
        path = free_path(options.out, f"seed-{picture.seed}")
        path.write_bytes(picture.png)
        if options.json:
            drawn = asdict(settings.of_picture(index))
            line = {"path": str(path), "seed": picture.seed, "settings": drawn, "seconds": round(completed.seconds, 3)}
            print(json.dumps(line, ensure_ascii=False))
        else:
            print(f"{path}  (seed {picture.seed})")


async def upscale(options: argparse.Namespace, config: Config) -> int:
    """Enlarge a picture file and print the path of the larger one and the upscaler used."""
    file: Path = options.picture
    try:
        picture = await asyncio.to_thread(file.read_bytes)
    except OSError as reason:
        raise NotDrawn(f"{file} cannot be read: {reason.strerror}.") from reason
    settings = _settings_in(picture, file.stem, config.catalogue)
    manner = Manner.CREATIVE if options.creative else Manner.SUBTLE
    task = Upscale(settings, picture, options.factor, upscaler=UpscalerName(options.upscaler), manner=manner)
    make_folder(options.out)
    async with Drawer(config) as drawer:
        completed = await drawer.drawn(task)
    [larger] = completed.pictures
    path = free_path(options.out, f"{file.stem}-x{options.factor}")
    path.write_bytes(larger.png)
    print(f"{path}  ({larger.width}×{larger.height}, {completed.upscaler}, {completed.seconds:.1f} s)")
    return 0


def asked_for(options: argparse.Namespace, catalogue: Catalogue) -> tuple[GenerationSettings, Inputs]:
    """The settings and input pictures that the options name. Raises `UserError`, and `NotDrawn` for a style."""
    prompt, style = flags.take_style(options.prompt)
    if style:
        raise NotDrawn("Styles are saved in the chat, and there are none here. Remove --style, and type its words.")
    typed, inputs = flags.read(prompt), inputs_of(options)
    if typed.private or typed.spoiler:
        print("noisefox: --private and --spoiler were ignored: nothing is posted here.", file=sys.stderr)
    settings = settings_of(options, typed, catalogue)
    catalogue.check_guides(settings, inputs.roles)
    inputs = _followed(settings, inputs)
    if settings.faces:
        catalogue.check_faces()
    suitability.check_all([settings], catalogue.get(settings.model), inputs.roles)
    roles = [role for role, _ in inputs.given()]
    model = catalogue.get(settings.model)
    suitability.check(settings, model, or_usual=True)
    suitability.check_pictures(model, roles)
    for ignored in flags.without_effect(chosen_by(options).over(typed.chosen), roles):
        print(f"noisefox: {_WITHOUT_PICTURE[ignored.part]}", file=sys.stderr)
    if suitability.ignores_weights(settings, model):
        print("noisefox: Weights were ignored: the model reads them as plain text.", file=sys.stderr)
    fitting = suitability.stripped(settings, model)
    if fitting.final_size != settings.final_size:
        said = f"{model.name} can't draw that size, so the picture has {size_text(fitting.final_size)} pixels."
        print(f"noisefox: {said}", file=sys.stderr)
    return fitting, inputs


def settings_of(options: argparse.Namespace, typed: ParsedPrompt, catalogue: Catalogue) -> GenerationSettings:
    """The settings of the options, over those of the flags in the prompt, over the model's defaults. Raises
    `UserError`."""
    chosen = chosen_by(options).over(typed.chosen)
    model = catalogue.get(chosen.model) if chosen.model else catalogue.default
    chosen = replace(chosen, model=chosen.model and model.name)
    named_seed = typed.seed if options.seed is None else options.seed
    seed = random_seed() if named_seed is None else named_seed
    prompt = catalogue.loras.with_words(typed.prompt, model.name)
    suitability.check_named(chosen, prompt, model)
    return chosen.over(preferred_by(model, typed)).of(prompt, seed)


def preferred_by(model: ModelSpec, typed: ParsedPrompt) -> PartialSettings:
    """The model's own settings, in the aspect that a flag names."""
    if not typed.aspect:
        return model.preferred
    usual = model.preferred
    room = sizes.Room(step=abilities.of(model).size_step)
    width, height = sizes.fitted(typed.aspect, usual.width or model.width, usual.height or model.height, room)
    return replace(usual, width=width, height=height)


def chosen_by(options: argparse.Namespace) -> PartialSettings:
    """The settings that the options name."""
    return PartialSettings(
        model=options.model,
        width=options.width,
        height=options.height,
        negative_prompt=options.negative,
        steps=options.steps,
        guidance_scale=options.guidance,
        sampler=Sampler(options.sampler) if options.sampler else None,
        clip_skip=options.clip_skip,
        count=options.count,
        variation_seed=options.variation_seed,
        variation_strength=options.variation_strength,
        seed_width=options.seed_size[0] if options.seed_size else None,
        seed_height=options.seed_size[1] if options.seed_size else None,
        schedule=Schedule(options.schedule) if options.schedule else None,
        guidance_rescale=options.rescale,
        guidance_start=options.guidance_part[0] if options.guidance_part else None,
        guidance_end=options.guidance_part[1] if options.guidance_part else None,
        denoising_strength=options.strength,
        hires_factor=options.hires,
        hires_strength=options.hires_strength,
        control_scale=options.control_scale,
        image_prompt_scale=options.image_prompt_scale,
    )


def inputs_of(options: argparse.Namespace) -> Inputs:
    """The input pictures of the options, checked. Raises `UserError`."""
    return Inputs(
        image=_picture(options.image),
        mask=_picture(options.mask),
        control=_picture(options.control),
        image_prompt=_picture(options.image_prompt),
        style_image=_picture(options.style_image),
    )


def _followed(settings: GenerationSettings, inputs: Inputs) -> Inputs:
    """The input pictures with the control picture made into every kind that the settings name. Raises `UserError`."""
    if not inputs.control:
        return inputs
    size = settings.width, settings.height
    prepared = {
        role: preprocessors.prepared(each.made, inputs.control, size) if each.made else inputs.control
        for role, each in zip(controls.ROLES, settings.controls, strict=False)
    }
    return replace(inputs, **prepared)


def _picture(path: Path | None) -> bytes:
    if path is None:
        return b""
    try:
        return images.tidied(path.read_bytes())[0]
    except OSError as reason:
        raise InvalidSetting("image", f"{path} cannot be read: {reason.strerror}.") from reason


def _settings_in(picture: bytes, title: str, catalogue: Catalogue) -> GenerationSettings:
    """The settings in a picture's metadata; without any, the default model's, with `title` as the prompt.

    Raises `NotDrawn` if it is no picture, and `InvalidSetting` if it is too large.
    """
    try:
        return metadata.settings_in(picture)
    except metadata.NoPicture:
        raise NotDrawn("This file can't be read. Use a PNG, JPEG or WebP picture.") from None
    except UserError:
        return catalogue.default.preferred.of(title, seed=0)


def tell_unread(completed: Completed) -> None:
    """Say on the terminal where a model stopped to read its prompt."""
    if completed.unread:
        print(f"noisefox: The model reads shorter prompts. It ignored: {completed.unread}", file=sys.stderr)


def make_folder(folder: Path, option: str = "--out") -> None:
    """Make the folder that an option names, so that nothing is drawn in vain. Raises `NotDrawn` where files can't be
    written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise NotDrawn(f"{option} {folder} leads to a file. Choose a folder.") from None
    except OSError as reason:
        raise NotDrawn(f"{option} {folder} cannot be made: {reason.strerror}. Choose another folder.") from reason
    if not os.access(folder, os.W_OK | os.X_OK):
        raise NotDrawn(f"{option} {folder} cannot be written to. Choose another folder.")


def make_empty_folder(folder: Path, option: str) -> None:
    """Make the folder that an option names. Raises `NotDrawn` also where there is something in it, which would be
    written over."""
    make_folder(folder, option)
    if any(folder.iterdir()):
        raise NotDrawn(f"{option} {folder} isn't empty, and nothing in it may be lost. Choose a new folder.")


def free_path(folder: Path, name: str, ending: str = "png") -> Path:
    """A path that does not exist yet: `seed-7.png`, `seed-7-2.png` and so on."""
    path, number = folder / f"{name}.{ending}", 1
    while path.exists():
        number += 1
        path = folder / f"{name}-{number}.{ending}"
    return path
