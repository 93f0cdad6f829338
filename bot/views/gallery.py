"""A picture in the gallery of its server."""

from collections.abc import Sequence

from discord import ui

from bot.attachments.finished import PictureFile
from bot.locales import say
from bot.views.buttons import button, kept
from bot.views.custom_ids import Press, PressKind
from bot.views.message import MessageContent, Part, framed, gallery
from bot.views.request import named
from bot.views.text import described, described_each, headline, link_to, small_print
from storage.records import Generation


def mark(generation_id: int) -> Press:
    """The button by which the post of a request is found again."""
    return Press(PressKind.DETAILS, generation_id)


def starred(generation: Generation, pictures: Sequence[PictureFile]) -> MessageContent:
    """The pictures of a request with its prompt and settings, and a link to where it was drawn."""
    files = named(generation, pictures)
    is_figure = bool(generation.figures)
    texts = [described(generation)] if is_figure else described_each(generation, [each.index for each in pictures])
    to_original: ui.Button[ui.LayoutView] = ui.Button(label=say("Go to the original"), url=link_to(generation))
    parts: list[Part] = [
        ui.TextDisplay(headline(generation.settings, generation.origin.user_id, generation.lineage.action)),
        gallery(list(files), *texts),
        ui.Section(ui.TextDisplay(f"-# {small_print(generation)}"), accessory=button(mark(generation.id))),
        ui.ActionRow(to_original, *kept(generation)),
    ]
    return MessageContent(framed(parts), files)
