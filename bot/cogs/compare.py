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
        """Draw a picture with several values of a setting, or of two.

        Args:
            prompt: What you would like to see
            parameter: The setting to compare
            values: With commas between them; the usual ones if left out
            other_parameter: A second setting, for a grid
            other_values: Its values
            negative: What you would not like to see
            aspect: Width to height, such as 3:2
            steps: How often the picture is refined; 20 to 30 is plenty
            guidance: How closely the prompt is followed: 1 wanders, 5 to 8 obeys, 20 burns
            seed: Where the noise starts from; the same seed and settings draw the same picture again
            sampler: The rule for taking a step
            clip_skip: Which layer of the text encoder listens, from the end: 1 is the last
            model: Which model draws
            style: One of your presets, see /styles
            image: A picture to start from
            strength: How much of that picture is drawn anew: 0.3 touches it up, 0.8 keeps little
            private: Only you see it
            spoiler: Covered until somebody presses it
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
                raise Refusal("Choose two different settings to compare.")
            compared = {Parameter(other_parameter.value): other_values, **compared}
        url = options.picture_url(image) if image else ""
        prompts = await self.prompts(interaction.user.id, prompt, style, aspect)
        picture_request = PictureRequest(prompts, seed, chosen, private, spoiler, url, compared=compared)
        await self._confirmation.take(interaction, picture_request)
