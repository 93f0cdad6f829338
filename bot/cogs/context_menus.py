"""Commands in the menu of a message: for this bot's pictures, and some of them for anybody's."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import discord
from discord import app_commands
from discord.app_commands import locale_str

from bot import views
from bot.attachments.decoder_processes import DecoderProcesses
from bot.errors import Refusal
from bot.interactions import remix_modal
from bot.interactions.begin_request import begin
from bot.interactions.confirmation import Confirmation
from bot.interactions.message_pictures import picture_in
from bot.interactions.picture_actions import FORMS, REDRAWN, PictureActions
from bot.interactions.posted_settings import PostedSettings
from bot.interactions.requester import requester_of
from bot.interactions.respond import answer, defer, open_form
from bot.interactions.sight import Sight
from bot.locales import say
from bot.policy.request_context import ContextLoader, RequestContext
from bot.prompts import random_choices
from bot.prompts.presets import Presets
from bot.requests.picture_request import PictureRequest
from bot.requests.planner import Planner
from bot.requests.submission import Submission
from bot.views.custom_ids import Press, PressKind, custom_ids_in
from bot.views.details import of_posted
from generation.catalogue import Catalogue
from generation.found_settings import FoundSettings
from generation.sentences import Sentence
from storage.drafts import Drafts
from storage.generations import AlreadyAsked
from storage.records import Generation

STARTED = re.compile(r"noisefox-start:(?P<draft>[0-9]{1,18})")
"""The custom id of the form for a picture that somebody posted."""


_SENT = Sentence("This form was already sent or has expired. Open it again from the picture's menu.")


class ContextMenus:
    """Message commands. They use our record of a picture, or else its metadata."""

    def __init__(
        self,
        *,
        client: discord.Client,
        picture_actions: PictureActions,
        confirmation: Confirmation,
        contexts: ContextLoader,
        planner: Planner,
        submission: Submission,
        presets: Presets,
        sight: Sight,
        drafts: Drafts,
        catalogue: Catalogue,
        decoders: DecoderProcesses,
    ) -> None:
        self._client = client
        self._picture_actions = picture_actions
        self._confirmation = confirmation
        self._contexts = contexts
        self._planner = planner
        self._submission = submission
        self._presets = presets
        self._sight = sight
        self._drafts = drafts
        self._catalogue = catalogue
        self._posted_settings = PostedSettings(decoders)

    def commands(self) -> list[app_commands.ContextMenu]:
        callbacks = {
            locale_str("Use these settings"): self._use,
            locale_str("Re-roll"): self._reroll,
            locale_str("Upscale"): self._upscale,
            locale_str("Show settings"): self._show,
            locale_str("Start from this picture"): self._start,
        }
        return [app_commands.ContextMenu(name=name, callback=callback) for name, callback in callbacks.items()]

    async def submit(self, interaction: discord.Interaction, draft_id: int, values: dict[str, Any]) -> None:
        """Handle the form for a picture that somebody posted. Raises `UserError`."""
        draft = await self._drafts.get(draft_id, interaction.user.id, "url")
        if draft is None:
            raise Refusal(_SENT)
        filled = remix_modal.read(values)
        context = await self._context(interaction)
        text = await self._presets.in_style(interaction.user.id, filled.text, context.rulebook.styles)
        drawn, typed = random_choices.chosen(text, context.word_lists)
        own = [typed] if typed else []
        request = PictureRequest([drawn], None, filled.chosen, image_urls=(draft["url"],), typed=own)
        try:
            await self._confirmation.begin(interaction, context, request, f"draft:{draft_id}")
        except AlreadyAsked:
            raise Refusal(_SENT) from None
        await self._drafts.remove(draft_id)

    async def _use(self, interaction: discord.Interaction, message: discord.Message) -> None:
        if generation := await self._known(message, interaction.user.id):
            settings, changed = generation.settings, ""
        else:
            posted = await self._posted(message)
            settings, changed = posted.complete("a picture"), posted.changed
        model = self._catalogue.called(settings.model)
        name = model.name if model else (await self._context(interaction)).usual_model
        form = remix_modal.panel(
            Press(PressKind.USE, 0).custom_id,
            FORMS[PressKind.USE],
            replace(settings, model=name),
            self._planner.abilities_of(name),
            ("prompt", "seed"),
            f"--model {name}" if len(self._catalogue.names) > 1 else "",
            say("Not the same here: {changed}", changed=changed) if changed else "",
        )
        await open_form(interaction, form)

    async def _reroll(self, interaction: discord.Interaction, message: discord.Message) -> None:
        if generation := await self._known(message, interaction.user.id):
            await self._picture_actions.press(interaction, Press(PressKind.REROLL, generation.id))
            return
        posted = await self._posted(message)
        plan = self._planner.adopt(await self._context(interaction), posted.complete(), posted.changed)
        await begin(interaction, self._submission, [plan], private=False)

    async def _upscale(self, interaction: discord.Interaction, message: discord.Message) -> None:
        generation = await self._known(message, interaction.user.id)
        if generation is None:
            raise Refusal("I can only upscale my own pictures. Use Start from this picture instead.")
        await self._press_on_one(interaction, PressKind.UPSCALE, generation)

    async def _show(self, interaction: discord.Interaction, message: discord.Message) -> None:
        if generation := await self._known(message, interaction.user.id):
            await self._picture_actions.show_details(interaction, generation)
            return
        posted = await self._posted(message, lambda: defer(interaction, thinking=True))
        await answer(interaction, of_posted(posted))

    async def _start(self, interaction: discord.Interaction, message: discord.Message) -> None:
        if generation := await self._known(message, interaction.user.id):
            await self._press_on_one(interaction, PressKind.REDRAW, generation)
            return
        picture = picture_in(message)
        picture.check_size()
        draft = await self._drafts.add(interaction.user.id, {"url": picture.url})
        settings = self._planner.usual(await self._context(interaction), REDRAWN)
        form = remix_modal.panel(
            f"noisefox-start:{draft}",
            FORMS[PressKind.REDRAW],
            settings,
            self._planner.abilities_of(settings.model),
            ("prompt", "seed", "size", "control_scale", "image_prompt_scale"),
        )
        await open_form(interaction, form)

    async def _press_on_one(self, interaction: discord.Interaction, kind: PressKind, generation: Generation) -> None:
        """Press a button on the picture of a request; where it has several, ask for which first."""
        if len(generation.shown) > 1 and not generation.figures:
            await answer(interaction, views.which(generation, kind))
            return
        index = generation.shown[0].index if generation.shown else 0
        await self._picture_actions.press(interaction, Press(kind, generation.id, index))

    async def _context(self, interaction: discord.Interaction) -> RequestContext:
        return await self._contexts.load(requester_of(interaction))

    async def _known(self, message: discord.Message, user_id: int) -> Generation | None:
        """Our record of a message, by its id or by the buttons on it; None where this person has none to see."""
        if self._client.user is None or message.author.id != self._client.user.id:
            return None
        generation = await self._sight.shown_in(message, _press_on(message.components))
        return generation if generation and generation.is_open_to(user_id) else None

    async def _posted(
        self, message: discord.Message, acknowledge: Callable[[], Awaitable[None]] | None = None
    ) -> FoundSettings:
        """The settings in the metadata of a picture. Raises `UserError`."""
        return await self._posted_settings.of(picture_in(message), acknowledge)


def _press_on(components: Sequence[Any]) -> Press | None:
    """The first button of a picture among components; None where there is none."""
    return next(filter(None, map(Press.read, custom_ids_in(components))), None)
