"""The options that `/imagine`, `/explain` and `/compare` share, and the suggestions for them."""

import inspect
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Concatenate, TypeVar

import discord
from discord import app_commands
from discord.ext import commands

from bot.cogs import option_types
from bot.interactions.confirmation import Confirmation
from bot.interactions.given_files import picture_url
from bot.interactions.requester import requester_of
from bot.policy.request_context import ContextLoader, RequestContext
from bot.prompts import flags, looks, permutations, random_choices
from bot.prompts.presets import Presets
from bot.prompts.style_book import StyleBook
from bot.requests.picture_request import PictureRequest
from generation.catalogue import Catalogue
from generation.controls import ROLES
from generation.settings import PartialSettings

Cog = TypeVar("Cog", bound="PromptCog")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptOptions:
    """The options of every command that draws from words.

    Args:
        prompt: Describe what you want to see
        negative: Describe what you don't want to see
        aspect: Aspect ratio (width:height), such as 3:2
        steps: Number of denoising steps; 20 to 30 is enough for most models
        guidance: How closely to follow the prompt: 1 is loose, 5 to 8 works well, 20 overdoes it
        seed: Number that makes the noise; the same seed and settings give the same picture
        sampler: Method that removes noise at each step
        clip_skip: Text encoder layer to use, counted from the end: 1 is the last
        model: Model to draw with
        style: Style to draw in: yours, this server's, or one that comes with the bot
        image: Picture to start from
        strength: How much of that picture to redraw: 0.3 retouches it, 0.8 keeps little
        private: Show the picture only to you
        spoiler: Hide the picture behind a spoiler
        look: Character or look that was saved with /look; put :0.6 behind it for its weight
        control: What the new picture keeps of the control picture, or of image
        control_image: Picture whose edges, lines or colours the new one follows
        second_control: What it keeps of the second control picture
        second_control_image: Another picture to follow
        style_image: Picture to take the style from
    """

    prompt: option_types.Prompt
    negative: option_types.Negative | None = None
    aspect: option_types.Aspect | None = None
    steps: option_types.Steps | None = None
    guidance: option_types.Guidance | None = None
    seed: option_types.Seed | None = None
    sampler: app_commands.Choice[str] | None = None
    clip_skip: option_types.ClipSkip | None = None
    model: str | None = None
    style: str | None = None
    image: discord.Attachment | None = None
    strength: option_types.Strength | None = None
    private: bool = False
    spoiler: bool = False
    look: option_types.LookNames | None = None
    control: app_commands.Choice[str] | None = None
    control_image: discord.Attachment | None = None
    second_control: app_commands.Choice[str] | None = None
    second_control_image: discord.Attachment | None = None
    style_image: discord.Attachment | None = None

    def chosen(self, count: int | None = None) -> PartialSettings:
        """The settings that were given."""
        return option_types.chosen(
            model=self.model,
            negative=self.negative,
            steps=self.steps,
            guidance=self.guidance,
            sampler=self.sampler,
            clip_skip=self.clip_skip,
            count=count,
            strength=self.strength,
            controls=[kind for kind, _ in self._controls],
        )

    @property
    def pictures(self) -> dict[str, discord.Attachment]:
        """The given pictures by their roles."""
        following = [picture for _, picture in self._controls if picture]
        named = {"image": self.image, **dict(zip(ROLES, following, strict=False)), "style_image": self.style_image}
        return {role: picture for role, picture in named.items() if picture is not None}

    @property
    def _controls(self) -> list[tuple[app_commands.Choice[str] | None, discord.Attachment | None]]:
        """Kind and picture of each control of which either is given; a second one alone is the first."""
        both = (self.control, self.control_image), (self.second_control, self.second_control_image)
        return [each for each in both if any(each)]


class PromptCog(commands.Cog):
    """A cog whose options suggest recent prompts, LoRAs, aspects, models and styles."""

    def __init__(
        self,
        *,
        confirmation: Confirmation,
        contexts: ContextLoader,
        presets: Presets,
        styles: StyleBook,
        catalogue: Catalogue,
    ) -> None:
        self._confirmation = confirmation
        self._contexts = contexts
        self._presets = presets
        self._styles = styles
        self._catalogue = catalogue

    async def context(self, interaction: discord.Interaction) -> RequestContext:
        """The context of this request."""
        return await self._contexts.load(requester_of(interaction))

    async def draw(
        self, interaction: discord.Interaction, given: PromptOptions, *, count: int | None = None, **more: Any
    ) -> None:
        """Begin the request; `more` are fields of `PictureRequest`. Raises `UserError`."""
        roles = tuple(given.pictures)
        urls = tuple(picture_url(each) for each in given.pictures.values())
        context = await self.context(interaction)
        styles, suffix = context.rulebook.styles, context.personal.suffix
        text = await self._presets.text(interaction.user.id, given.prompt, styles, given.style, suffix)
        text, named = looks.take(text, given.look)
        text, negative = random_choices.with_negative(text, given.negative)
        given = replace(given, negative=negative)
        context = await self._contexts.with_looks(context, named)
        chosen = [random_choices.chosen(each, context.word_lists) for each in permutations.templates(text)]
        prompts, typed = ([each[place] for each in chosen] for place in (0, 1))
        if given.aspect:
            prompts = [f"{each} --ar {given.aspect}" for each in prompts]
        more |= {"unpaired": permutations.has_unpaired(text), "typed": typed if any(typed) else []}
        more["looks"] = tuple(named)
        request = PictureRequest(
            prompts, given.seed, given.chosen(count), given.private, given.spoiler, urls, roles, **more
        )
        await self._confirmation.take(interaction, context, request)

    async def suggest_prompts(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        model = interaction.namespace.model
        if model not in self._catalogue.names:
            model = (await self.context(interaction)).usual_model
        if loras := self._catalogue.loras.completions(typed, model):
            context = await self.context(interaction)
            usable = [text for name, text in loras if context.may_use(name)]
            return option_types.choices(self._presets.suggestion(interaction.user.id, text) for text in usable)
        return option_types.choices(await self._presets.recent(interaction.user.id, typed))

    async def suggest_aspects(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return option_types.choices((aspect, aspect) for aspect in flags.ASPECTS if typed in aspect)

    async def suggest_models(self, _: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return option_types.matching_models(self._catalogue, typed)

    async def suggest_styles(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        of_server = (await self.context(interaction)).rulebook.styles
        return option_types.offered_styles(await self._styles.offered(interaction.user.id, of_server), typed)

    async def suggest_looks(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return option_types.completed_looks(await self._contexts.usable_looks(requester_of(interaction)), typed)


def with_prompt_options(
    callback: Callable[Concatenate[Cog, discord.Interaction, PromptOptions, ...], Coroutine[Any, Any, None]],
) -> Callable[Concatenate[Cog, discord.Interaction, ...], Coroutine[Any, Any, None]]:
    """Give a command the options of `PromptOptions`: the prompt first, then the command's own, then the others."""
    shared = inspect.signature(PromptOptions).parameters
    cog, interaction, _, *own = inspect.signature(callback).parameters.values()

    @wraps(callback)
    async def command(self: Cog, interaction: discord.Interaction, /, **values: Any) -> None:
        given = PromptOptions(**{name: values.pop(name) for name in shared})
        await callback(self, interaction, given, **values)

    prompt, *others = (each.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD) for each in shared.values())
    command.__signature__ = inspect.Signature([cog, interaction, prompt, *own, *others])  # type: ignore[attr-defined]
    command.__doc__ = f"{inspect.getdoc(callback)}\n\n{inspect.getdoc(PromptOptions)}"
    suggested = app_commands.autocomplete(
        prompt=PromptCog.suggest_prompts,
        aspect=PromptCog.suggest_aspects,
        model=PromptCog.suggest_models,
        style=PromptCog.suggest_styles,
        look=PromptCog.suggest_looks,
    )
    kinds = option_types.CONTROLS
    return suggested(app_commands.choices(sampler=option_types.SAMPLERS, control=kinds, second_control=kinds)(command))
