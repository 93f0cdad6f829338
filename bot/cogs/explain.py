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
        """Show step by step how a picture is drawn.

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
            strength=strength,
        )
        url = options.picture_url(image) if image else ""
        prompts = await self.prompts(interaction.user.id, prompt, style, aspect)
        await self._confirmation.take(
            interaction, PictureRequest(prompts, seed, chosen, private, spoiler, url, explained=True)
        )
