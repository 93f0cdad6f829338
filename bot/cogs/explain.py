"""/explain"""

import discord
from discord import app_commands

from bot.cogs import options
from bot.cogs.prompt_cog import PromptCog
from bot.interactions.confirmation import PictureRequest


class Explain(PromptCog):
    """How a picture is drawn, on one's own prompt."""

    @app_commands.command()
    @app_commands.choices(sampler=options.SAMPLERS)
    @app_commands.autocomplete(
        prompt=PromptCog.suggest_prompts,
        aspect=PromptCog.suggest_aspects,
        model=PromptCog.suggest_models,
        style=PromptCog.suggest_styles,
    )
    async def explain(
        self,
        interaction: discord.Interaction,
        prompt: options.Prompt,
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
        """Show from the inside how a picture is drawn.

        Args:
            prompt: What you would like to see
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
            strength=strength,
        )
        url = options.picture_url(image) if image else ""
        prompts = await self.prompts(interaction.user.id, prompt, style, aspect)
        await self._confirmation.take(
            interaction, PictureRequest(prompts, seed, chosen, private, spoiler, url, explained=True)
        )
