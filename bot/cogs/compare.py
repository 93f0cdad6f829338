"""/compare"""

from typing import Any

import discord
from discord import app_commands

from bot.cogs import options
from bot.cogs.prompt_cog import PromptCog
from bot.errors import Refusal
from bot.interactions.confirmation import PictureRequest
from bot.interactions.requester import requester_of
from bot.requests.comparisons import Comparisons
from generation.comparison import Parameter
from generation.errors import UserError

PARAMETERS = [app_commands.Choice(name=parameter.value.capitalize(), value=parameter.value) for parameter in Parameter]


class Compare(PromptCog):
    """One picture with other values of a setting, or of two."""

    def __init__(self, *, comparisons: Comparisons, **shared: Any) -> None:
        super().__init__(**shared)
        self._comparisons = comparisons

    async def suggest_values(self, interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return await self._suggested(interaction, interaction.namespace.parameter, typed)

    async def suggest_other_values(
        self, interaction: discord.Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        return await self._suggested(interaction, interaction.namespace.other_parameter, typed)

    async def _suggested(
        self, interaction: discord.Interaction, named: str | None, typed: str
    ) -> list[app_commands.Choice[str]]:
        """The usual values of the setting that was chosen, as far as they are allowed; or what is typed."""
        if typed or named not in list(Parameter):
            return options.choices([(typed, typed)] if typed else [])
        try:
            model = interaction.namespace.model
            usual = await self._comparisons.usual(requester_of(interaction), Parameter(named), model)
        except UserError:
            return []
        text = ", ".join(usual.values)
        return options.choices([(text, text)])

    @app_commands.command()
    @app_commands.choices(parameter=PARAMETERS, other_parameter=PARAMETERS, sampler=options.SAMPLERS)
    @app_commands.autocomplete(
        prompt=PromptCog.suggest_prompts,
        values=suggest_values,
        other_values=suggest_other_values,
        aspect=PromptCog.suggest_aspects,
        model=PromptCog.suggest_models,
        style=PromptCog.suggest_styles,
    )
    async def compare(
        self,
        interaction: discord.Interaction,
        prompt: options.Prompt,
        parameter: app_commands.Choice[str],
        values: app_commands.Range[str, 1, 300] = "",
        other_parameter: app_commands.Choice[str] | None = None,
        other_values: app_commands.Range[str, 1, 300] = "",
        negative: options.Negative | None = None,
        aspect: options.Aspect | None = None,
        steps: options.Steps | None = None,
        guidance: options.Guidance | None = None,
        seed: options.Seed | None = None,
        sampler: app_commands.Choice[str] | None = None,
        clip_skip: options.ClipSkip | None = None,
        model: str | None = None,
        style: str | None = None,
        image: discord.Attachment | None = None,
        strength: options.Strength | None = None,
        private: bool = False,
        spoiler: bool = False,
    ) -> None:
        """Compare pictures with different values of one or two settings.

        Args:
            prompt: Describe what you want to see
            parameter: Setting to compare
            values: Values separated by commas; leave empty for the usual ones
            other_parameter: Second setting, to make a grid
            other_values: Values of the second setting
            negative: Describe what you don't want to see
            aspect: Aspect ratio (width:height), such as 3:2
            steps: Number of denoising steps; 20 to 30 is enough for most models
            guidance: How closely to follow the prompt: 1 is loose, 5 to 8 works well, 20 overdoes it
            seed: Number that makes the noise; the same seed and settings give the same picture
            sampler: Method that removes noise at each step
            clip_skip: Text encoder layer to use, counted from the end: 1 is the last
            model: Model to draw with
            style: One of your saved styles, see /styles
            image: Picture to start from
            strength: How much of that picture to redraw: 0.3 retouches it, 0.8 keeps little
            private: Show the picture only to you
            spoiler: Hide the picture behind a spoiler
        """
        chosen = options.chosen(
            model=model,
            negative=negative,
            steps=steps,
            guidance=guidance,
            sampler=sampler,
            clip_skip=clip_skip,
            count=1,
            strength=strength,
        )
        compared = {Parameter(parameter.value): values}
        if other_parameter is not None:
            if other_parameter.value == parameter.value:
                raise Refusal("A setting is compared with another one, not with itself.")
            compared = {Parameter(other_parameter.value): other_values, **compared}
        url = options.picture_url(image) if image else ""
        prompts = await self.prompts(interaction.user.id, prompt, style, aspect)
        picture_request = PictureRequest(prompts, seed, chosen, private, spoiler, url, compared=compared)
        await self._confirmation.take(interaction, picture_request)
