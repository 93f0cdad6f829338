"""Lines of text in messages about requests."""

from collections.abc import Sequence

from bot.figures.comparison import shared
from bot.locales import say, say_many
from bot.locales.plain import plain
from generation.comparison import Parameter
from generation.jobs import JobState
from generation.sentences import Markup, Sentence
from generation.settings import GenerationSettings, Schedule
from storage.records import Action, Generation, Lineage

HEADLINE = 150
"""Characters of a prompt that a headline shows; Details has it whole."""

SHOWN_PROMPT = 700
"""Characters of a prompt that alt texts and titles show."""

BAR_LENGTH = 12

_WAYS = {
    Action.IMAGINE: Sentence("Drawn with the settings of {what}"),
    Action.REROLL: Sentence("Re-roll of {what}"),
    Action.UPSCALE: Sentence("Upscaled from {what}"),
    Action.CREATIVE_UPSCALE: Sentence("Upscaled creatively from {what}"),
    Action.REMIX: Sentence("Remix of {what}"),
    Action.RESHAPE: Sentence("Another shape of {what}"),
    Action.TRY_OUT: Sentence("Other settings for {what}"),
    Action.VARY: Sentence("Variation of {what}"),
    Action.REDRAW: Sentence("Redrawn from {what}"),
    Action.EDIT: Sentence("Edit of {what}"),
    Action.REGION: Sentence("A part of {what}, drawn anew"),
    Action.HIRES: Sentence("Refined from {what}"),
    Action.CUT_OUT: Sentence("Background removed from {what}"),
    Action.FACES: Sentence("Faces of {what}, drawn anew"),
    Action.ZOOM_OUT: Sentence("Zoomed out of {what}"),
    Action.PAN: Sentence("Panned from {what}"),
    Action.COMPARE: Sentence("Comparison based on {what}"),
    Action.EXPLAIN: Sentence("How {what} is drawn"),
    Action.FILM: Sentence("How {what} came about"),
    Action.BLEND: Sentence("Blend with {what}"),
    Action.SEED: Sentence("Another seed for {what}"),
}


def headline(settings: GenerationSettings, user_id: int, action: Action = Action.IMAGINE) -> str:
    """The prompt, or the seed of a seed figure, and who asked for it."""
    if action is Action.SEED:
        return f"**{say('Seed {seed}', seed=str(settings.seed))}** · <@{user_id}>"
    return f"**{shown(settings.prompt, HEADLINE)}** · <@{user_id}>"


def lineage_line(lineage: Lineage, parent: Generation | None) -> str:
    """The picture a request was derived from, with a link if it may be seen; empty if there is none."""
    if lineage in (Lineage(), Lineage(Action.EXPLAIN), Lineage(Action.COMPARE), Lineage(Action.SEED)):
        return ""
    if lineage == Lineage(Action.BLEND):
        return f"-# {say('Blend of several pictures')}"
    if lineage == Lineage(Action.EDIT):
        return f"-# {say('Edit of a picture')}"
    return f"-# {say(_WAYS[lineage.action], what=_named(parent, lineage.picture))}"


def _named(parent: Generation | None, index: int | None) -> str:
    """A name for the picture that a request was derived from."""
    if parent is None:
        return say("a picture that no longer exists")
    if parent.origin.private:
        return say("a private picture")
    several = len(parent.pictures) > 1 and index is not None
    what = say("picture {number}", number=(index or 0) + 1) if several else say("this picture")
    if parent.state is not JobState.DELETED:
        what = f"[{what}]({link_to(parent)})"
    return say("{picture} by {person}", picture=what, person=f"<@{parent.origin.user_id}>")


def link_to(generation: Generation) -> str:
    """The URL of the message that shows a request."""
    origin = generation.origin
    return f"https://discord.com/channels/{origin.guild_id or '@me'}/{origin.channel_id}/{origin.message_id}"


def faces_line(found: int) -> str:
    """How many faces were drawn anew, as a small line."""
    if not found:
        return f"-# {say('No face was found.')}"
    return f"-# {say_many(found, '{n} face was drawn anew.', '{n} faces were drawn anew.')}"


def described(generation: Generation) -> str:
    """Alt text of a request's pictures."""
    if generation.lineage.action is Action.SEED:
        prompts = list(dict.fromkeys(f"“{cell.prompt}”" for cell in generation.cells))
        seed = str(generation.settings.seed)
        return say(
            "The noise of seed {seed} in several sizes, and what comes of it: {prompts}", seed=seed, prompts=prompts
        )
    return generation.settings.prompt


def described_each(generation: Generation, indices: Sequence[int]) -> list[str]:
    """Alt text of pictures of a request by their indices; of several it names the number that its buttons have."""
    what = described(generation)
    if len(generation.pictures) < 2:
        return [what for _ in indices]
    return [say("Picture {number}: {what}", number=index + 1, what=what) for index in indices]


def small_print(generation: Generation) -> str:
    """Seeds and main settings of finished pictures, except the settings that are compared."""
    settings, compared = generation.settings, {axis.parameter for axis in generation.axes}
    words = shared(settings, generation.axes) if compared else _usual(generation)
    if settings.clip_skip != 1 and Parameter.CLIP_SKIP not in compared:
        words.append(say("clip skip {layer}", layer=settings.clip_skip))
    if settings.variation_strength:
        words.append(
            say(
                "varied by {strength:g} towards seed {seed}",
                strength=settings.variation_strength,
                seed=settings.variation_seed,
            )
        )
    if settings.seed_width:
        words.append(say("noise of {size}", size=f"{settings.seed_width}×{settings.seed_height}"))
    if Parameter.MODEL not in compared:
        words.append(settings.model)
    if settings.negative_prompt:
        words.append(say("negative prompt: {words}", words=settings.negative_prompt[:100]))
    if generation.factor > 1 and generation.upscaler:
        words.append(say("enlarged ×{factor} ({upscaler})", factor=generation.factor, upscaler=generation.upscaler))
    elif generation.factor > 1:
        words.append(say("enlarged ×{factor}", factor=generation.factor))
    if generation.seconds is not None:
        words.append(say("{seconds:.1f}\N{NO-BREAK SPACE}s", seconds=generation.seconds))
    return plain(" · ".join(words))


def _usual(generation: Generation) -> list[str]:
    settings, first = generation.settings, generation.pictures[0]
    seeds = list(dict.fromkeys(str(picture.seed) for picture in generation.pictures))
    return [
        say("seed {seed}", seed=seeds[0]) if len(seeds) == 1 else say("seeds {seeds}", seeds=seeds),
        f"{settings.width}×{settings.height}" if generation.cells else f"{first.width}×{first.height}",
        say_many(settings.steps, "{n} step", "{n} steps"),
        say("guidance {scale:g}", scale=settings.guidance_scale),
        settings.sampler.value,
    ]


def written(value: object, most: int) -> str:
    """The value of a setting; empty where it is an empty text."""
    if value is Schedule.SAMPLER:
        return say("Automatic")
    return say("{value:g}", value=value) if isinstance(value, float) else shown(str(value), most)


def bar(step: int, steps: int) -> str:
    """A progress bar."""
    done = round(BAR_LENGTH * step / steps)
    return "▰" * done + "▱" * (BAR_LENGTH - done)


def fitting(lines: Sequence[str], most: int) -> str:
    """The first lines, up to `most` characters, and the number of lines left out."""
    for kept in range(len(lines), -1, -1):
        left = [f"-# {say('and {n} more', n=len(lines) - kept)}"] if kept < len(lines) else []
        text = "\n".join([*lines[:kept], *left])
        if len(text) <= most:
            return text
    return ""


def shown(text: str, most: int) -> Markup:
    """Text without formatting, on one line, cut after `most` characters."""
    cut = text if len(text) <= most else text[:most].rstrip() + "…"
    return plain(" ".join(cut.split()))
