"""/compare"""

from typing import Any

import discord
from discord import app_commands

from bot.cogs import option_types
from bot.cogs.prompt_options import PromptCog, PromptOptions, with_prompt_options
from bot.errors import Refusal
from bot.requests.comparisons import Comparisons
from generation.comparison import Parameter
from generation.errors import UserError

PARAMETERS = [app_commands.Choice(name=parameter.value.capitalize(), value=parameter.value) for parameter in Parameter]

Values = app_commands.Range[str, 1, 300]


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
            return option_types.choices([(typed, typed)] if typed else [])
        try:
            context = await self.context(interaction)
            usual = self._comparisons.usual(context, Parameter(named), interaction.namespace.model)
        except UserError:
            return []
        text = ", ".join(usual.values)
        return option_types.choices([(text, text)])

    @app_commands.command()
    @with_prompt_options
    @app_commands.choices(parameter=PARAMETERS, other_parameter=PARAMETERS)
    @app_commands.autocomplete(values=suggest_values, other_values=suggest_other_values)
    async def compare(
        self,
        interaction: discord.Interaction,
        given: PromptOptions,
        parameter: app_commands.Choice[str],
        values: Values = "",
        other_parameter: app_commands.Choice[str] | None = None,
        other_values: Values = "",
    ) -> None:
        """Compare pictures with different values of one or two settings.

        Args:
            parameter: Setting to compare
            values: Values separated by commas; leave empty for the usual ones
            other_parameter: Second setting, to make a grid
            other_values: Values of the second setting
        """
        compared = {Parameter(parameter.value): values}
        if other_parameter is not None:
            if other_parameter.value == parameter.value:
                raise Refusal("Choose two different settings to compare.")
            compared = {Parameter(other_parameter.value): other_values, **compared}
        await self.draw(interaction, given, count=1, compared=compared)
