"""The buttons, selects and forms under a picture."""

import contextlib
from dataclasses import replace
from typing import Any

import discord

from bot import views
from bot.attachments.finished import FinishedFiles, controls_for
from bot.delivery.deletion import Deletion
from bot.delivery.messages import Messages
from bot.delivery.reports import ReportPosts
from bot.errors import Refusal
from bot.interactions import edit_form, remix_modal
from bot.interactions.begin_request import begin
from bot.interactions.edit_form import EditInput
from bot.interactions.given_files import picture_url
from bot.interactions.press_plans import plans_for
from bot.interactions.region_choice import RegionChoice
from bot.interactions.removal import explained_removal
from bot.interactions.requester import requester_of
from bot.interactions.respond import answer, change, defer, open_form, tell
from bot.interactions.sight import Sight
from bot.interactions.visibility import Visibility
from bot.jobs.dispatcher import Dispatcher
from bot.locales import addressing, say
from bot.policy.request_context import ContextLoader
from bot.prompts import random_choices
from bot.prompts.presets import Presets
from bot.requests.derived_plans import GONE, Derivations
from bot.requests.edits import Edits
from bot.requests.plan import Plan
from bot.requests.planner import Planner
from bot.requests.submission import Submission
from bot.views.control_pictures import of_controls
from bot.views.custom_ids import Press, PressKind
from bot.views.details import details, technical
from bot.views.explanation import of_animation
from generation.jobs import JobState
from generation.sentences import Sentence
from storage.generations import Generations
from storage.people import People
from storage.records import Generation, NsfwPolicy

REDRAWN = 0.6
"""The denoising strength that is proposed for a start picture: other words show, and the composition stays."""

NOT_REDRAWN = ("size", "seed", "controls", "control_scale", "image_prompt_scale", "style_scale")
"""Settings that the form for a start picture leaves out: they are of another picture than that."""

EDITS = {
    PressKind.EDIT_AGAIN: Edits.again,
    PressKind.EDIT_MORE: Edits.more,
    PressKind.EDIT_LESS: Edits.less,
}
"""What the buttons under an edit plan."""

FORMS = {
    PressKind.REMIX: Sentence("Remix"),
    PressKind.REDRAW: Sentence("Start from this picture"),
    PressKind.USE: Sentence("Use these settings"),
}
"""The titles of the forms that a press opens."""


class PictureActions:
    """Answers presses. Anyone may derive a request; only the owner and moderators may cancel and delete."""

    def __init__(
        self,
        *,
        contexts: ContextLoader,
        planner: Planner,
        derivations: Derivations,
        edits: Edits,
        submission: Submission,
        dispatcher: Dispatcher,
        deletion: Deletion,
        generations: Generations,
        people: People,
        messages: Messages,
        finished_files: FinishedFiles,
        sight: Sight,
        visibility: Visibility,
        presets: Presets,
        reports: ReportPosts,
        region_choice: RegionChoice,
    ) -> None:
        self._contexts = contexts
        self._planner = planner
        self._derivations = derivations
        self._edits = edits
        self._submission = submission
        self._dispatcher = dispatcher
        self._deletion = deletion
        self._generations = generations
        self._people = people
        self._messages = messages
        self._finished_files = finished_files
        self._sight = sight
        self._visibility = visibility
        self._presets = presets
        self._reports = reports
        self._region_choice = region_choice

    async def press(self, interaction: discord.Interaction, press: Press) -> None:
        """Answer a press on one of our buttons, however old. Raises `UserError` for what is refused."""
        generation = await self._sight.pressed(interaction, press.generation_id)
        match press.kind:
            case PressKind.CANCEL:
                check_owner(generation, interaction.user.id, moderates(interaction, generation))
                await self._cancel(interaction, generation)
            case PressKind.DELETE:
                check_owner(generation, interaction.user.id, moderates(interaction, generation))
                await self._delete(interaction, generation)
            case PressKind.REPORT:
                await self._report(interaction, generation)
            case PressKind.FAVOURITE:
                await self._toggle_favourite(interaction, generation)
            case PressKind.DETAILS:
                await self.show_details(interaction, generation)
            case PressKind.TECHNICAL:
                await answer(interaction, technical(generation))
            case PressKind.CONTROLS:
                await self._show_controls(interaction, generation)
            case PressKind.GIF:
                await self._show_gif(interaction, generation)
            case PressKind.PICK | PressKind.ORIGINAL:
                await self._show_one(interaction, generation, press)
            case PressKind.REMIX | PressKind.REDRAW:
                await self.open_form(interaction, press, generation)
            case PressKind.EDIT:
                able = self._edits.abilities_of_editor(generation.settings.model)
                await open_form(interaction, edit_form.panel(press.custom_id, able))
            case PressKind.REGION:
                await self._region_choice.open(interaction, generation, press.picture)
            case PressKind.UNDO:
                await self._undo(interaction, generation)
            case PressKind.FILM:
                await self._film(interaction, generation, press)
            case kind if kind in EDITS:
                context = await self._contexts.load(requester_of(interaction))
                await self._begin(interaction, generation, [EDITS[kind](self._edits, context, generation)])
            case _:
                context = await self._contexts.load(requester_of(interaction))
                await self._begin(interaction, generation, plans_for(self._derivations, context, generation, press))

    async def _film(self, interaction: discord.Interaction, generation: Generation, press: Press) -> None:
        """Film how a picture came about; of an enlarged one, how the picture did that was enlarged."""
        drawn, index = generation, press.picture
        while drawn.lineage.action.enlarges:
            index, before = drawn.lineage.picture or 0, await self._generations.parent_of(drawn)
            if before is None:
                raise Refusal(GONE)
            drawn = before
        context = await self._contexts.load(requester_of(interaction))
        plans = plans_for(self._derivations, context, drawn, replace(press, picture=index))
        await self._begin(interaction, generation, plans)

    async def submit(self, interaction: discord.Interaction, press: Press, values: dict[str, Any]) -> None:
        """Handle a submitted form, however long ago it was opened. Raises `UserError`."""
        if press.kind is PressKind.EDIT:
            await self._edit(interaction, press, edit_form.read(values))
            return
        filled, context = remix_modal.read(values), await self._contexts.load(requester_of(interaction))
        styled = await self._presets.in_style(interaction.user.id, filled.text, context.rulebook.styles)
        text, typed = random_choices.chosen(styled, context.word_lists)
        if press.kind is PressKind.USE:
            plan = replace(self._planner.imagine(context, text, None, filled.chosen), typed=typed or None)
            await begin(interaction, self._submission, [plan], private=False)
            return
        generation = await self._sight.pressed(interaction, press.generation_id)
        if press.kind is PressKind.REDRAW:
            plan = self._derivations.redraw(context, generation, press.picture, text, filled.chosen)
        else:
            plan = self._derivations.remix(context, generation, text, filled.chosen)
        await self._begin(interaction, generation, [replace(plan, typed=typed or plan.typed)])

    async def _edit(self, interaction: discord.Interaction, press: Press, filled: EditInput) -> None:
        generation = await self._sight.pressed(interaction, press.generation_id)
        context = await self._contexts.load(requester_of(interaction))
        urls = tuple(picture_url(each) for each in filled.references)
        plan = self._edits.edit(context, generation, press.picture, filled.change, filled.strength, urls)
        await self._begin(interaction, generation, [plan])

    async def open_form(self, interaction: discord.Interaction, press: Press, generation: Generation) -> None:
        """Open a form that is filled with the settings of a picture."""
        settings = generation.settings.of_picture(press.picture)
        if press.kind is PressKind.REMIX and len(generation.pictures) > 1 and not press.picture:
            settings = generation.settings
        but: tuple[str, ...] = ()
        if press.kind is PressKind.REDRAW:
            settings, but = replace(settings, denoising_strength=REDRAWN), NOT_REDRAWN
        able = self._planner.abilities_of(settings.model)
        await open_form(interaction, remix_modal.panel(press.custom_id, FORMS[press.kind], settings, able, but))

    async def show_details(self, interaction: discord.Interaction, generation: Generation) -> None:
        """Show all settings to whoever asks; only the owner of a private request sees its button."""
        parent = await self._generations.parent_of(generation)
        with contextlib.suppress(Refusal):
            generation = await self._visibility.of(interaction, generation)
        await answer(interaction, details(generation, parent, interaction.user.id))

    async def _begin(self, interaction: discord.Interaction, generation: Generation, plans: list[Plan]) -> None:
        origin = generation.origin
        await begin(interaction, self._submission, plans, private=origin.private, spoiler=origin.spoiler)

    async def _cancel(self, interaction: discord.Interaction, generation: Generation) -> None:
        """Stop a request and then acknowledge, so that what is acknowledged is cancelled whatever comes between; show
        on the message that was pressed how it has ended."""
        if generation.state.unfinished:
            await self._dispatcher.cancel(generation)
        now = await self._generations.get(generation.id)
        if now is None:
            await defer(interaction)
            return
        with addressing(now.origin.locale):  # the message is its person's, whoever presses
            await self._show_end(interaction, now, was_unfinished=generation.state.unfinished)

    async def _show_end(self, interaction: discord.Interaction, now: Generation, *, was_unfinished: bool) -> None:
        """Acknowledge a press on Cancel, and show on its message how the request has ended, or that it is going to."""
        parent = await self._generations.parent_of(now)
        if now.state is JobState.CANCELLED:
            await change(interaction, views.ended(now, [], parent))
        elif now.state.unfinished:
            await change(interaction, views.cancelling(now, parent))
            latest = await self._generations.get(now.id)  # its end may have been shown before this
            if latest is None or latest.state.unfinished:
                return
            now = latest
        else:
            await defer(interaction)
        is_first = interaction.message is not None and interaction.message.id == now.origin.message_id
        if now.state is not JobState.CANCELLED:
            pictures = await self._finished_files.of(now, self._messages.room(now.origin))
            able = self._planner.abilities_of(now.settings.model)
            await answer(interaction, views.ended(now, pictures, parent, able))
        if is_first and not was_unfinished:
            await self._generations.delivered(now.id)

    async def _delete(self, interaction: discord.Interaction, generation: Generation) -> None:
        """Delete the message that was pressed, the one that first showed the pictures, and then the pictures."""
        await defer(interaction)
        origin, pressed = generation.origin, interaction.message
        is_left = pressed is not None and pressed.id != origin.message_id
        with explained_removal():
            async with self._deletion.of(generation):
                try:
                    await interaction.delete_original_response()
                except discord.NotFound:  # also where Discord never took the acknowledgement
                    is_left = True
                if is_left and not origin.private:
                    await self._messages.remove(origin)

    async def _report(self, interaction: discord.Interaction, generation: Generation) -> None:
        await defer(interaction, thinking=True)
        await self._reports.report(generation, interaction.user.id)
        await tell(interaction, say("Reported to the moderators of this server."))

    async def _toggle_favourite(self, interaction: discord.Interaction, generation: Generation) -> None:
        favourite = await self._people.toggle_favourite(interaction.user.id, generation.id)
        sentence = say("⭐ Added to your /favourites." if favourite else "Removed from your favourites.")
        await tell(interaction, sentence)

    async def _show_one(self, interaction: discord.Interaction, generation: Generation, press: Press) -> None:
        await defer(interaction, thinking=True)
        generation = await self._visibility.of(interaction, generation)
        picture = await self._finished_files.one(generation, press.picture, interaction.filesize_limit)
        if picture is None:
            raise Refusal("That picture is no longer available. Re-roll to draw another.")
        if press.kind is PressKind.PICK:
            able = self._planner.abilities_of(generation.settings.model)
            await answer(interaction, views.of_one(generation, picture, able))
        else:
            await answer(interaction, views.file_of_one(generation, picture))

    async def _show_controls(self, interaction: discord.Interaction, generation: Generation) -> None:
        await defer(interaction, thinking=True)
        if not controls_for(generation, interaction.user.id):
            raise Refusal("Only the person who gave the control pictures can see them.")
        generation = await self._visibility.of(interaction, generation)
        if generation.origin.guard is NsfwPolicy.BLOCK:
            raise Refusal("This picture wasn't checked. You can only see it in age-restricted channels.")
        pictures = await self._finished_files.controls(generation, interaction.user.id, interaction.filesize_limit)
        if not pictures:
            raise Refusal("That picture is no longer available. Re-roll to draw another.")
        context = await self._contexts.load(requester_of(interaction))
        await answer(interaction, of_controls(generation, pictures, covered=context.covers_given))

    async def _undo(self, interaction: discord.Interaction, edited: Generation) -> None:
        """Show the picture before an edit, with its buttons: in place of the edit to its owner, privately to others."""
        is_owner = interaction.user.id == edited.origin.user_id
        await defer(interaction, thinking=not is_owner)
        before = await self._generations.parent_of(edited)
        if before is None:
            raise Refusal(GONE)
        before = await self._visibility.of(interaction, before)
        picture = await self._finished_files.one(before, edited.lineage.picture or 0, interaction.filesize_limit)
        if picture is None:
            raise Refusal(GONE)
        able = self._planner.abilities_of(before.settings.model)
        await answer(interaction, views.undone(edited, before, picture, able))

    async def _show_gif(self, interaction: discord.Interaction, generation: Generation) -> None:
        generation = await self._visibility.of(interaction, generation)
        await defer(interaction, thinking=True)
        animation = await self._finished_files.gif(generation)
        if animation is None:
            raise Refusal("The animation is no longer available.")
        await answer(interaction, of_animation(generation, animation))


def moderates(interaction: discord.Interaction, generation: Generation) -> bool:
    """True for a moderator of the channel where the request was made, who presses there; permissions elsewhere are not
    known."""
    origin = generation.origin
    is_there = (interaction.guild_id, interaction.channel_id) == (origin.guild_id, origin.channel_id)
    return interaction.permissions.manage_messages and interaction.guild_id is not None and is_there


def check_owner(generation: Generation, user_id: int, is_moderator: bool) -> None:
    """Raise `Refusal` for anyone but the owner and moderators."""
    if user_id != generation.origin.user_id and not is_moderator:
        raise Refusal("Only the person who asked for this picture or a moderator can do that.")
