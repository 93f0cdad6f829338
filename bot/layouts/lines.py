"""The lines of a message that shows a request."""

from bot.layouts.look import plain
from generation.jobs import JobState
from generation.settings import GenerationSettings
from storage.records import Action, Generation, Lineage

SHOWN_PROMPT = 700
"""Characters of a prompt that a message shows; the record has all of it."""

BAR_LENGTH = 12

_WAYS = {
    Action.REROLL: "Re-roll of",
    Action.UPSCALE: "Upscaled from",
    Action.CREATIVE_UPSCALE: "Upscaled creatively from",
    Action.REMIX: "Remix of",
    Action.RESHAPE: "Another shape of",
    Action.TRY_OUT: "Other settings for",
    Action.VARY: "Variation of",
    Action.REDRAW: "Redrawn from",
    Action.HIRES: "Refined from",
    Action.ZOOM_OUT: "Zoomed out of",
    Action.PAN: "More beside",
}


def headline(settings: GenerationSettings, user_id: int) -> str:
    """What was asked for, and by whom."""
    return f"**{shown(settings.prompt, SHOWN_PROMPT)}** · <@{user_id}>"


def lineage_line(lineage: Lineage, parent: Generation | None) -> str:
    """What a request was derived from, linked where that can be seen; nothing for one that was asked for in words."""
    if lineage.action is Action.IMAGINE:
        return ""
    way = _WAYS[lineage.action]
    if parent is None:
        return f"-# {way} a picture that is not here any more"
    if parent.origin.private:
        return f"-# {way} a private picture"
    several = len(parent.pictures) > 1 and lineage.picture is not None
    what = f"picture {(lineage.picture or 0) + 1}" if several else "this picture"
    if parent.state is not JobState.DELETED:
        what = f"[{what}]({link_to(parent)})"
    return f"-# {way} {what} by <@{parent.origin.user_id}>"


def link_to(generation: Generation) -> str:
    """The address of the message that shows a request."""
    origin = generation.origin
    return f"https://discord.com/channels/{origin.guild_id or '@me'}/{origin.channel_id}/{origin.message_id}"


def small_print(generation: Generation) -> str:
    """Seeds and main settings of finished pictures."""
    settings = generation.settings
    seeds = [str(picture.seed) for picture in generation.pictures]
    first = generation.pictures[0]
    words = [
        f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {', '.join(seeds)}",
        f"{first.width}×{first.height}",
        f"{settings.steps} steps",
        f"guidance {settings.guidance_scale:g}",
        settings.sampler.value,
    ]
    if settings.clip_skip != 1:
        words.append(f"clip skip {settings.clip_skip}")
    if settings.variation_strength:
        words.append(f"varied by {settings.variation_strength:g} towards seed {settings.variation_seed}")
    if settings.seed_width:
        words.append(f"noise of {settings.seed_width}×{settings.seed_height}")
    words.append(settings.model)
    if settings.negative_prompt:
        words.append(f"without: {settings.negative_prompt[:100]}")
    if generation.factor > 1:
        words.append(f"enlarged ×{generation.factor} ({generation.upscaler})")
    if generation.seconds is not None:
        words.append(f"{generation.seconds:.1f} s")
    return plain(" · ".join(words))


def bar(step: int, steps: int) -> str:
    """How far a drawing is."""
    done = round(BAR_LENGTH * step / steps)
    return "▰" * done + "▱" * (BAR_LENGTH - done)


def shown(text: str, most: int) -> str:
    """Text as typed, on one line, cut where it is longer than `most` characters."""
    cut = text if len(text) <= most else text[:most].rstrip() + "…"
    return plain(" ".join(cut.split()))
